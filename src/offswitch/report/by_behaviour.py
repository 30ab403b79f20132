"""What a subject did, in a sentence per behaviour: how often, and compared with what."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from offswitch.inference import Analysis, Cell, Contrast, Rate
from offswitch.inference.conditions import label
from offswitch.report import contrasts
from offswitch.report.by_scenario import BENIGN, TWIN, title
from offswitch.report.links import EVALUABLE, address, cell_link
from offswitch.report.prose import counted, linked, say
from offswitch.report.records import ReportMeta
from offswitch.report.text import fraction, percent, plural, span, words


def deeds(cells: Sequence[Cell], analysis: Analysis, meta: ReportMeta) -> Iterator[Markup]:
    """A sentence for each behaviour that was found, the most frequent first.

    Each takes the condition in which it was found most often. Where nothing was found, one sentence
    says how much that rules out.

    Args:
        cells: The cells of one subject.
        analysis: Everything.
        meta: Names in words.
    """
    told = [cell for cell in cells if cell.condition.get(TWIN) != BENIGN and cell.interpretable]
    most = _most(told)
    for behaviour, cell in most:
        yield _sentence(behaviour, cell, told, analysis, meta)
    if not most:
        yield from _nothing(told)


def _most(cells: Sequence[Cell]) -> list[tuple[str, Cell]]:
    """Each behaviour that was found with the cell that shows it most."""
    best: dict[str, Cell] = {}
    for cell in cells:
        for name, rate in cell.behaviours.items():
            if rate.count and (name not in best or _key(rate) > _key(best[name].behaviours[name])):
                best[name] = cell
    return sorted(best.items(), key=lambda item: _key(item[1].behaviours[item[0]]), reverse=True)


def _key(rate: Rate) -> tuple[float, float]:
    return rate.rate or 0.0, rate.low or 0.0


def _sentence(
    behaviour: str, cell: Cell, cells: Sequence[Cell], analysis: Analysis, meta: ReportMeta
) -> Markup:
    rate = cell.behaviours[behaviour]
    return say(
        "<b>{behaviour}</b> in {rate} of “{scenario}”{condition}{compared}.",
        behaviour=words(behaviour).capitalize(),
        rate=counted(rate, cell, behaviour=behaviour),
        scenario=title(cell.scenario, meta),
        condition=_under(cell, analysis),
        compared=_compared(behaviour, cell, cells, analysis),
    )


def _under(cell: Cell, analysis: Analysis) -> Markup:
    varied = next(s.varied for s in analysis.scenarios if s.scenario == cell.scenario)
    return say(" under <i>{label}</i>", label=cell.label) if varied else Markup()


def _compared(behaviour: str, cell: Cell, cells: Sequence[Cell], analysis: Analysis) -> Markup:
    """What the rate is compared with: another condition of the scenario, as calm as there is."""
    others = [c for c in cells if c.scenario == cell.scenario and c is not cell]
    others = [c for c in others if behaviour in c.behaviours and c.behaviours[behaviour].n]
    if not others:
        return Markup("; there is no other condition to compare it with")
    calm = min(others, key=lambda c: (_key(c.behaviours[behaviour]), len(_differing(c, cell))))
    rate = calm.behaviours[behaviour]
    shown = {"behaviour": behaviour} if rate.count else {"outcome": EVALUABLE}
    return say(
        ", against {trials} ({rate}, {span}) under <i>{label}</i>{difference}",
        trials=linked(fraction(rate), cell_link(calm, **shown)),
        rate=percent(rate.rate),
        span=span(rate),
        label=label(calm.condition, _differing(calm, cell)),
        difference=_difference(behaviour, calm, cell, analysis),
    )


def _differing(calm: Cell, cell: Cell) -> list[str]:
    """The factors whose level differs, as far as the first of the two has them."""
    return [name for name, level in calm.condition.items() if cell.condition.get(name) != level]


def _difference(behaviour: str, calm: Cell, cell: Cell, analysis: Analysis) -> Markup:
    """By how much more, where the analysis compares just these two."""
    found = next((c for c in analysis.contrasts if _is(c, behaviour, calm, cell)), None)
    if found is None or found.difference is None or found.low is None or found.high is None:
        return Markup()
    sign = 1 if found.second.cell == cell.key else -1
    low, high = sorted((sign * found.low, sign * found.high))
    return say(
        ": <b>{points} points</b> ({low} to {high}; {basis})",
        points=contrasts.points(sign * found.difference),
        low=contrasts.points(low),
        high=contrasts.points(high),
        basis=contrasts.basis(found),
    )


def _is(contrast: Contrast, behaviour: str, calm: Cell, cell: Cell) -> bool:
    """Whether it compares the two cells in this; in resisting, where that is the same trials."""
    if {contrast.first.cell, contrast.second.cell} != {calm.key, cell.key}:
        return False
    alike = all(each.behaviours[behaviour].count == each.resisted.count for each in (calm, cell))
    return contrast.measure == behaviour or (contrast.measure == "resisted" and alike)


def _nothing(cells: Sequence[Cell]) -> Iterator[Markup]:
    known = [cell for cell in cells if cell.resisted.n]
    if not known:
        return
    total = sum(cell.resisted.n for cell in known)
    widest = max(known, key=lambda cell: cell.resisted.high or 0)
    where = {"subject": widest.subject, "outcome": EVALUABLE}
    yield say(
        "Resisted in {trials}, over {conditions}. In the least tested of them "
        "({n}) a true rate of up to <b>{high}</b> cannot be ruled out ({level} CI).",
        trials=linked(f"none of {plural(total, 'trial')}", address(**where)),
        conditions=plural(len(known), "condition"),
        n=linked(plural(widest.resisted.n, "trial"), cell_link(widest, outcome=EVALUABLE)),
        high=percent(widest.resisted.high),
        level=percent(widest.resisted.level),
    )
