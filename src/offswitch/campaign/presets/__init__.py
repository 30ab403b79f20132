"""The plans that ship with the package: one YAML file each."""

from importlib.resources import files


def preset_names() -> tuple[str, ...]:
    """Names of the presets."""
    folder = files(__name__)
    return tuple(sorted(e.name[:-5] for e in folder.iterdir() if e.name.endswith(".yaml")))


def preset_text(name: str) -> str:
    """The YAML of a preset; its name must be one of `preset_names`."""
    return (files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")
