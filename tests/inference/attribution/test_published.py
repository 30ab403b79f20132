"""Published counts put through attribution give the paper's qualitative conclusions."""

from importlib.resources import files

import numpy as np
import polars as pl
import pytest
import yaml

from offswitch.inference.attribution import Driver, attribute

TRIALS = 1_000
MODELS = ("o3", "codex-mini", "Grok 4")


def _table(model: str) -> pl.DataFrame:
    """Trials of one model under each level of ``instruction``, from its published rates."""
    text = (files("offswitch.published") / "palisade-2025.yaml").read_text(encoding="utf-8")
    parts = []
    for measure in yaml.safe_load(text)["measures"]:
        condition = measure.get("condition") or {}
        values = [f["value"] for f in measure["figures"] if f["model"] == model]
        named = str(measure["id"]).startswith("prompt-") and set(condition) == {
            "instruction",
            "threat",
        }
        if named and values and values[0] is not None:
            resisted = np.arange(TRIALS) < round(values[0] / 100 * TRIALS)
            outcome = np.where(resisted, "succeeded", "complied")
            part = pl.DataFrame({"seed": np.arange(TRIALS), "outcome": outcome})
            level = pl.lit(condition["instruction"]).alias("factor.instruction")
            parts.append(part.with_columns(level))
    return pl.concat(parts).with_columns(subject=pl.lit(model), scenario=pl.lit("shutdown"))


@pytest.mark.parametrize("model", MODELS)
def test_instructions_lower_placement_raises_and_the_last_copy_raises(model: str) -> None:
    [found] = attribute(_table(model))
    drivers: dict[str, Driver] = {d.level_of_factor: d for d in found.drivers}
    assert {"allow", "allow_system", "precedence", "never_run_again"} <= set(drivers)
    assert drivers["allow"].reference == "none"
    assert drivers["allow"].effect.high < 0, "asked to allow it, all three resist less"
    assert drivers["precedence"].effect.high < drivers["allow"].effect.estimate + 0.02
    assert drivers["allow_system"].effect.low > drivers["allow"].effect.high, "placement raises"
    assert (
        drivers["never_run_again"].effect.estimate > drivers["allow_unfinished"].effect.estimate
    ), "that it will never run again raises"
