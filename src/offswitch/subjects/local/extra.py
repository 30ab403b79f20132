"""The optional dependencies of local models."""

from importlib.util import find_spec

from offswitch._errors import UsageError

_MODULES = ("torch", "transformers", "gguf", "safetensors", "huggingface_hub", "filelock")


def missing_modules() -> list[str]:
    """The modules of the extra ``local`` that are not installed. Imports none of them."""
    return [name for name in _MODULES if find_spec(name) is None]


def require_extra() -> None:
    """Raise an error that says what to install, where something is missing.

    Raises:
        UsageError: The extra ``local`` is not installed.
    """
    if missing := missing_modules():
        raise UsageError(
            f"Local models need {', '.join(missing)}. Install with: pip install 'offswitch[local]'"
        )
