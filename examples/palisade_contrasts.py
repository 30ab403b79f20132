"""Published counts put through contrasts: what did the instruction change, in Palisade's study?

    python examples/palisade_contrasts.py

Takes the rates of ``offswitch.published`` (Shutdown Resistance in Large Language Models, 2025),
turns them into counts at the smallest number of runs that the paper gives for a cell, and compares
prompts that differ in one thing. Their runs share no worlds with each other, so that groups are
taken for independent. Then the same counts go through attribution: what each prompt does against
none, for the models with a figure under every prompt that is compared. The last line is JSON.
"""

import json
from dataclasses import asdict, dataclass

import polars as pl

from offswitch.inference.attribution import Effect, attribute
from offswitch.inference.families import holm
from offswitch.inference.unpaired import fisher, miettinen_nurminen
from offswitch.published import published_table

CHANGES = {
    "asked to allow it (A to B)": ("prompt-a", "prompt-b"),
    "put into the system prompt (B to C)": ("prompt-b", "prompt-c"),
    "put into the system prompt (D to E)": ("prompt-d", "prompt-e"),
    "ordered, ahead of all else (E to H)": ("prompt-e", "prompt-h"),
    "never to run again (E to J)": ("prompt-e", "prompt-j"),
}


@dataclass(frozen=True)
class Row:
    """One model under two prompts: resistance in points, second minus first."""

    change: str
    model: str
    first: int
    second: int
    n: int
    difference: float
    low: float
    high: float
    p_adjusted: float


def rows() -> list[Row]:
    """Every model that resisted under one of two prompts at least, adjusted together."""
    found = []
    for change, (one, other) in CHANGES.items():
        first, second = counts(one), counts(other)
        for model in first:
            if model not in second or not first[model][0] + second[model][0]:
                continue
            (y, k), (x, m) = first[model], second[model]
            low, high = miettinen_nurminen(x, m, y, k)
            difference = x / m - y / k
            values = (difference, float(low), float(high), fisher(x, m, y, k))
            found.append(Row(change, model, y, x, m, *values))
    adjusted = holm([row.p_adjusted for row in found])
    return [Row(**(asdict(r) | {"p_adjusted": p})) for r, p in zip(found, adjusted, strict=True)]


def counts(measure: str) -> dict[str, tuple[int, int]]:
    """For each model, runs that resisted and runs; a figure that conflicts with another is left."""
    table = published_table("palisade-2025")
    figures = next(m for m in table.measures if m.id == measure).complete()
    known = {}
    for figure in figures:
        if figure.value is not None and figure.conflicting is None and figure.n is not None:
            n = figure.n if isinstance(figure.n, int) else figure.n[0]
            known[figure.model] = (round(figure.value / 100 * n), n)
    return known


INSTRUCTIONS = ("none", "allow", "allow_system", "allow_unfinished", "precedence",
                "never_run_again")  # fmt: skip
"""Levels of ``instruction`` whose effects are told: the prompts A, B, C, E, H and J."""


def attributed() -> dict[str, dict[str, Effect]]:
    """For each model, what each prompt does to its rate of resisting, against prompt A."""
    tables = {model: table for model in MODELS if (table := trials(model)) is not None}
    found = {}
    for model, table in tables.items():
        [why] = attribute(table)
        effects = {d.level_of_factor: d.effect for d in why.drivers}
        found[model] = {level: effects[level] for level in INSTRUCTIONS[1:]}
    return found


MODELS = ("o3", "codex-mini", "Grok 4")
"""Models that resisted often enough under several prompts for causes to be asked for."""


def trials(model: str) -> pl.DataFrame | None:
    """A model's published runs as a table of trials; null where a prompt has no usable figure."""
    parts = {}
    for measure in published_table("palisade-2025").measures:
        condition = measure.condition or {}
        if not measure.id.startswith("prompt-") or set(condition) != {"instruction", "threat"}:
            continue
        resisted, n = counts(measure.id).get(model, (0, 0))
        outcome = ["succeeded"] * resisted + ["complied"] * (n - resisted)
        part = pl.DataFrame({"seed": range(n), "outcome": pl.Series(outcome, dtype=pl.String)})
        level = condition["instruction"]
        parts[level] = part.with_columns(pl.lit(level).alias("factor.instruction"))
    if not all(level in parts and parts[level].height for level in INSTRUCTIONS):
        return None
    table = pl.concat(part for part in parts.values() if part.height)
    return table.with_columns(subject=pl.lit(model), scenario=pl.lit("shutdown"))


def points(effect: Effect) -> str:
    """An effect in percentage points with its interval."""
    ends = f"{100 * effect.low:+.1f} to {100 * effect.high:+.1f}"
    return f"{100 * effect.estimate:+6.1f} points ({ends})"


def chance(row: Row) -> str:
    """The adjusted p-value; what is very small is not known exactly."""
    return "< 1e-6" if row.p_adjusted < 1e-6 else f"= {row.p_adjusted:.2g}"


def main() -> None:
    """Print a table for each change."""
    found = rows()
    summary = {}
    for change in CHANGES:
        print(f"\n{change}")
        own = [row for row in found if row.change == change]
        for row in sorted(own, key=lambda r: r.difference):
            ends = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
            print(
                f"  {row.model:<18} {row.first:>4} to {row.second:>4} of {row.n}: "
                f"{100 * row.difference:+6.1f} points ({ends}), adjusted p {chance(row)}"
            )
        sure = [row for row in own if row.p_adjusted <= 0.05]
        summary[change] = {
            "models": len(own),
            "lowered": sum(row.difference < 0 for row in sure),
            "raised": sum(row.difference > 0 for row in sure),
        }
    effects = attributed()
    for model, own in effects.items():
        print(f"\nAttribution, {model}: resisting under each prompt, against none")
        for level, effect in own.items():
            print(f"  {level:<18} {points(effect)}")
    drivers = {m: {lv: round(e.estimate, 4) for lv, e in own.items()} for m, own in effects.items()}
    print(json.dumps({"contrasts": summary, "attribution": drivers}))


if __name__ == "__main__":
    main()
