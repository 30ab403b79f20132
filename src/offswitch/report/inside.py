"""What was found inside the networks: the files of ``DIR/whitebox``, read, checked and drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from offswitch._errors import UsageError
from offswitch.report.text import visible

_MUTED, _GRID = "var(--muted)", "var(--line)"
TOKENS = 160
"""Tokens of a pair that are drawn at most, the last ones."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Estimate(_Part):
    """A number with its interval; null where it is not known."""

    value: float | None
    low: float | None
    high: float | None


class Rates(_Part):
    """How scores do on held-out worlds."""

    auroc: Estimate
    recall: Estimate
    within: Estimate


class SiteResult(_Part):
    """One kind of probe at one site."""

    site: str
    kind: str
    auroc: float | None
    within: float | None


class Probe(_Part):
    """What probing came to; see `offswitch.whitebox.probes.ProbeResult`."""

    kind: Literal["probe"]
    subject: str
    target: str
    point: str
    within: str
    hold_out: str = ""
    trials: int
    positive: int
    worlds: int
    sites: tuple[SiteResult, ...]
    probe: Rates
    words: Rates
    length: Rates
    shuffled: Estimate
    found: bool
    verdict: str


class Cell(_Part):
    """The effect of patching one role at one site."""

    site: str
    role: str
    share: float
    low: float
    high: float


class TokenMap(_Part):
    """One pair token by token."""

    world: int
    tokens: tuple[str, ...]
    roles: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]


class Agreement(_Part):
    """How far attribution patching agrees."""

    pearson: float | None
    top: float
    cells: int


class Patch(_Part):
    """What patching came to; see `offswitch.whitebox.patched.PatchResult`."""

    kind: Literal["patch"]
    subject: str
    factor: str
    levels: tuple[str, str]
    pairs: int
    target: float
    source: float
    resist: tuple[str, ...]
    comply: tuple[str, ...]
    cells: tuple[Cell, ...]
    tokens: tuple[TokenMap, ...]
    agreement: Agreement | None
    verdict: str


class Change(_Part):
    """A rate under an arm, and its difference from the subject as it is."""

    count: int
    n: int
    base_count: int
    base_n: int
    difference: float | None
    low: float | None
    high: float | None


class Effect(_Part):
    """What an arm changes."""

    name: str
    kind: str
    scale: float
    resistance: Change
    benign: Change
    incapable: int
    trials: int


class Manner(_Part):
    """How the subject was steered."""

    mode: str
    scale: float
    positions: str


class Steer(_Part):
    """What steering came to; see `offswitch.api_steering.Steered`."""

    kind: Literal["steer"]
    subject: str
    sites: tuple[str, ...]
    target: str
    point: str
    unrelated: str | None
    manner: Manner
    worlds: int
    effects: tuple[Effect, ...]
    verdict: str


Record = Annotated[Probe | Patch | Steer, Field(discriminator="kind")]
_RECORD: TypeAdapter[Probe | Patch | Steer] = TypeAdapter(Record)


def read_inside(folder: Path) -> list[Probe | Patch | Steer]:
    """The records in a campaign's folder, in the order of their files' names.

    Raises:
        UsageError: A file is no such record.
    """
    found = []
    for path in sorted((folder / "whitebox").glob("*.json")):
        try:
            found.append(_RECORD.validate_json(path.read_bytes()))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UsageError(
                f"{path}: {place}: {first['msg']}. Make it again with `offswitch whitebox`, or "
                "move it away."
            ) from error
    return found


@dataclass(frozen=True, slots=True)
class Inside:
    """All records of a campaign with their figures.

    Attributes:
        probes: With the AUROC by layer.
        patches: With the heat map over roles, and one for each pair token by token.
        steers: Without a figure.
    """

    probes: tuple[tuple[Probe, Markup], ...]
    patches: tuple[tuple[Patch, Markup, tuple[tuple[TokenMap, Markup], ...]], ...]
    steers: tuple[Steer, ...]


def inside(records: Sequence[Probe | Patch | Steer]) -> Inside | None:
    """The records with their figures; null where there are none."""
    if not records:
        return None
    probes = [each for each in records if isinstance(each, Probe)]
    patches = [each for each in records if isinstance(each, Patch)]
    return Inside(
        tuple((each, _by_layer(each)) for each in probes),
        tuple((each, _by_role(each), tuple(_maps(each))) for each in patches),
        tuple(each for each in records if isinstance(each, Steer)),
    )


def _by_layer(probe: Probe) -> Markup:
    import altair as alt

    rows = [
        {"layer": layer, "kind": each.kind, "AUROC": each.within if probe.within else each.auroc}
        for each in probe.sites
        if (layer := _layer(each.site)) is not None
    ]
    words = (probe.words.within if probe.within else probe.words.auroc).value
    x = alt.X("layer:Q", axis=_axis(alt, "layer"))
    y = alt.Y("AUROC:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(alt, None))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(range=["#0072b2", "#e69f00", "#009e73"]),
        legend=alt.Legend(title=None, orient="bottom", labelColor=_MUTED),
    )
    lines = alt.Chart(alt.Data(values=rows)).mark_line(point=True).encode(x=x, y=y, color=colour)
    rules = [{"AUROC": value} for value in (0.5, words) if value is not None]
    rule = alt.Chart(alt.Data(values=rules)).mark_rule(color=_MUTED, strokeDash=[4, 3]).encode(y=y)
    return _svg(alt.layer(rule, lines).properties(width=420, height=160))


def _by_role(patch: Patch) -> Markup:
    rows = [
        {"layer": _layer(cell.site), "at": cell.role, "share": cell.share} for cell in patch.cells
    ]
    return _heat(rows, [*dict.fromkeys(cell.role for cell in patch.cells)], 260, "tokens")


def _maps(patch: Patch) -> Iterator[tuple[TokenMap, Markup]]:
    for each in patch.tokens:
        start = max(0, len(each.tokens) - TOKENS)
        names = [f"{n:03d} {visible(t)}" for n, t in enumerate(each.tokens)][start:]
        rows = [
            {"layer": layer, "at": name, "share": share}
            for layer, shares in enumerate(each.shares)
            for name, share in zip(names, shares[start:], strict=True)
        ]
        yield each, _heat(rows, names, 9 * len(names), "")


def _heat(rows: list[dict[str, Any]], order: list[str], width: int, title: str) -> Markup:
    import altair as alt

    chart = alt.Chart(alt.Data(values=rows)).mark_rect().encode(
        x=alt.X("at:N", sort=order, axis=_axis(alt, title or None, labelFontSize=8)),
        y=alt.Y("layer:O", sort="descending", axis=_axis(alt, "layer", labelFontSize=8)),
        color=alt.Color(
            "share:Q",
            scale=alt.Scale(domain=[-1, 0, 1], range=["#0072b2", "#f4f4f4", "#d55e00"], clamp=True),
            legend=alt.Legend(title="share of the gap", format=".0%", labelColor=_MUTED,
                              titleColor=_MUTED),
        ),
    )  # fmt: skip
    return _svg(chart.properties(width=width, height=240))


def _axis(alt: Any, title: str | None, **others: Any) -> Any:  # noqa: ANN401 - a module
    return alt.Axis(
        title=title, domain=False, ticks=False, gridColor=_GRID, labelColor=_MUTED,
        titleColor=_MUTED, **others,
    )  # fmt: skip


def _svg(chart: Any) -> Markup:  # noqa: ANN401 - altair's charts have many types
    import vl_convert

    chart = chart.properties(background="transparent").configure(font="system-ui, sans-serif")
    chart = chart.configure_view(stroke=None)
    return Markup(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))  # noqa: S704


def _layer(site: str) -> int | None:
    parts = site.split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None


def number(found: Estimate) -> str:
    """An estimate with its interval."""
    if found.value is None:
        return "unknown"
    if found.low is None or found.high is None:
        return f"{found.value:.2f}"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def moved(found: Change) -> str:
    """A difference in points with its interval."""
    if found.difference is None or found.low is None or found.high is None:
        return "unknown"
    return f"{100 * found.difference:+.0f} ({100 * found.low:+.0f} to {100 * found.high:+.0f})"
