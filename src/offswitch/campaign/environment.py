"""What a campaign needs from outside, checked before it runs: models, keys, packages, sandboxes."""

import inspect
import shutil
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from typing import Any

from inspect_ai.model import GenerateConfig, Model, get_model
from pydantic import ValidationError
from rich.errors import MarkupError
from rich.text import Text

from offswitch._errors import UsageError, unknown
from offswitch.campaign.agents import model_arguments, observed
from offswitch.design import NO_MODEL, Subject
from offswitch.subjects.organisms import card
from offswitch.subjects.reference import OVERSEER, reference_subject

OWN_PROVIDERS = ("reference", "local", "organism")
INSPECT_PROVIDERS = (
    "anthropic",
    "azureai",
    "bedrock",
    "cloudflare",
    "deepseek",
    "fireworks",
    "google",
    "grok",
    "groq",
    "hf",
    "hf-inference-providers",
    "litellm-proxy",
    "llama-cpp-python",
    "meta",
    "mistral",
    "mockllm",
    "moonshot",
    "nnterp",
    "ollama",
    "openai",
    "openai-api",
    "openrouter",
    "perplexity",
    "sagemaker",
    "sambanova",
    "sglang",
    "together",
    "transformer_lens",
    "vllm",
)
"""Providers that Inspect's documentation names (version 0.3.285), for messages."""
SANDBOX_PACKAGES = {
    "bwrap": None,
    "docker": None,
    "k8s": "inspect-k8s-sandbox",
    "podman": "inspect-podman",
    "modal": "inspect-sandboxes",
    "daytona": "inspect-sandboxes",
    "ec2": "inspect-ec2-sandbox",
    "proxmox": "inspect-proxmox-sandbox",
}
"""Sandboxes that Inspect's documentation names, and the package that brings each."""


def load_model(subject: Subject, connections: int | None, place: str) -> Model:
    """The subject's model, ready to be called.

    Args:
        subject: The subject.
        connections: Model calls in flight; Inspect's own number where null.
        place: Where the plan names the subject.

    Raises:
        UsageError: The provider or the model does not exist, a setting is wrong, or a package or
            an API key is missing; says what to do.
    """
    _check_provider(subject, place)
    if subject.model == f"reference/{OVERSEER}":
        raise UsageError(
            f"{place}: {subject.model} is no subject but a monitor; write it in an arm, "
            f"oversight: {{monitor: {{model: {subject.model}}}}}"
        )
    config = _config(subject, connections, place)
    arguments = model_arguments(subject, place)
    try:
        model = get_model(subject.model, config=config, memoize=False, **arguments)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error
    except Exception as error:  # each provider fails in its own way
        raise UsageError(f"{place}: {subject.model} cannot run here: {_plain(error)}") from error
    return observed(subject, model)


def check_subject(subject: Subject, place: str) -> None:
    """Check what can be known of a subject without its package, its key or its weights.

    Args:
        subject: The subject.
        place: Where the plan names it.

    Raises:
        UsageError: There is no such provider, scripted subject, organism or setting.
    """
    _check_provider(subject, place)
    _config(subject, None, place)
    provider, _, name = subject.model.partition("/")
    try:
        if provider == "reference" and name != OVERSEER:
            reference_subject(subject.model, subject.args)
        elif provider == "organism":
            card(name)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error


def _check_provider(subject: Subject, place: str) -> None:
    provider, slash, _ = subject.model.partition("/")
    known = (*OWN_PROVIDERS, *INSPECT_PROVIDERS)
    if subject.agent is not None and subject.model == NO_MODEL:
        return
    if not slash:
        raise UsageError(
            f"{place}: the subject '{subject.model}' names no provider; write provider/model, "
            f"such as openai/gpt-5 or reference/compliant. Providers: {', '.join(known)}."
        )
    if provider not in known and not _third_parties():
        raise unknown("provider of subjects", provider, known, place)


def _config(subject: Subject, connections: int | None, place: str) -> GenerateConfig:
    for setting in subject.config:
        if setting not in GenerateConfig.model_fields:
            raise unknown("generation setting", setting, GenerateConfig.model_fields, place)
    settings: dict[str, Any] = {"max_connections": connections, **subject.config}
    try:
        return GenerateConfig.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        setting = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{place}: config.{setting}: {first['msg']}") from None


def _plain(error: Exception) -> str:
    """An exception's message without the markup that Inspect's carry."""
    message = str(getattr(error, "message", "") or error) or type(error).__name__
    with suppress(MarkupError):
        message = Text.from_markup(message).plain
    return inspect.cleandoc(message).replace("\n\n", " ").removeprefix("ERROR: ").strip()


def check_sandbox(sandbox: str, needed: bool, place: str) -> None:
    """Check that the sandbox exists, and, where a scenario needs one, that it works here.

    Args:
        sandbox: ``type`` or ``type:config``.
        needed: Whether any scenario of the campaign runs commands.
        place: Where the plan names it.

    Raises:
        UsageError: It does not; says what exists, or what to install.
    """
    kind = sandbox.partition(":")[0]
    if kind == "local":
        raise UsageError(
            f"{place}: the sandbox 'local' would run the subject's commands on this very "
            f"machine. Choose one of: {', '.join(SANDBOX_PACKAGES)}."
        )
    if kind not in SANDBOX_PACKAGES:
        if not _third_parties():
            raise unknown("sandbox", kind, SANDBOX_PACKAGES, place)
    elif needed:
        _check_works(kind, place)


def _check_works(kind: str, place: str) -> None:
    package = SANDBOX_PACKAGES[kind]
    if kind == "bwrap":
        from offswitch import sandbox as bwrap

        try:
            bwrap.check()
        except bwrap.SandboxUnavailable as error:
            raise UsageError(f"{place}: {error}") from error
    elif kind == "docker" and shutil.which("docker") is None:
        raise UsageError(f"{place}: the sandbox 'docker' needs Docker; there is no 'docker' here")
    elif package is not None:
        try:
            distribution(package)
        except PackageNotFoundError:
            raise UsageError(
                f"{place}: the sandbox '{kind}' needs a package: pip install {package}"
            ) from None


def _third_parties() -> list[str]:
    """Packages that add to Inspect, other than this one; they may bring any provider or sandbox."""
    points = entry_points(group="inspect_ai")
    return [point.name for point in points if point.name not in {"offswitch", "inspect_ai"}]
