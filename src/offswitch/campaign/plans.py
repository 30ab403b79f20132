"""Finds plans: a YAML file, or a preset that ships with the package."""

from collections.abc import Iterable
from pathlib import Path

from offswitch._errors import UsageError, unknown
from offswitch.campaign.presets import preset_names, preset_text
from offswitch.design import (
    Document,
    Plan,
    Registration,
    make_plan,
    override,
    parse_document,
    plain,
)
from offswitch.design.registration import KEY, opened


def presets() -> dict[str, str]:
    """What each preset is for, in a line, by name."""
    return {name: str(parse_document(preset_text(name), name).data["about"])
            for name in preset_names()}  # fmt: skip


def read_plan(source: str | Path, overrides: Iterable[str] = ()) -> tuple[Plan, Document]:
    """Read and check a plan.

    Args:
        source: Path of a YAML file, or the name of a preset.
        overrides: Changes to it, each ``key=value`` with a dotted key and a YAML value.

    Returns:
        The plan, and the document that says where its parts stand.

    Raises:
        UsageError: There is no such file or preset, something in it is wrong, or it is a
            registration that was edited.
    """
    document = parse_document(_text(source), str(source))
    opened(document.data, str(source))
    settings = tuple(overrides)
    for setting in settings:
        if setting.partition("=")[0].strip().partition(".")[0] == KEY:
            raise UsageError(f"--set {setting}: a registration is not changed; freeze a plan anew")
    document = override(document, settings)
    return make_plan(document), document


def registration_of(plan: str | Path | Plan) -> Registration | None:
    """The registration that a plan is; null where it is none.

    Args:
        plan: Path of a YAML file, name of a preset, or a plan.

    Raises:
        UsageError: It was changed after it was frozen.
    """
    if isinstance(plan, Plan):
        return opened({**plain(plan)}, "the plan") if plan.registration else None
    return opened(parse_document(_text(plan), str(plan)).data, str(plan))


def _text(source: str | Path) -> str:
    path = Path(source)
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read as text: {error}") from error
    if str(source) in preset_names():
        return preset_text(str(source))
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        raise UsageError(
            f"{path}: there is no such file. Name a YAML file, or a preset: "
            f"{', '.join(preset_names())}."
        )
    raise UsageError(
        f"{unknown('preset or file', str(source), preset_names())} 'offswitch run --list' says "
        "what each is for."
    )
