import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from offswitch._errors import UsageError
from offswitch.inference.families import adjusted, correction_named

CASES = [[], [0.04], [0.01, 0.04, 0.03, 0.005], [0.5, 0.9, 1.0], [0.02] * 5, [0.0, 1e-12, 0.3]]


@pytest.mark.parametrize("p", CASES)
@pytest.mark.parametrize(("name", "theirs"), [("holm", "holm"), ("benjamini-hochberg", "fdr_bh")])
def test_corrections_agree_with_statsmodels(p: list[float], name: str, theirs: str) -> None:
    expected = multipletests(p, method=theirs)[1] if p else []
    assert adjusted(p, correction_named(name)) == pytest.approx(list(expected))


def test_holm_keeps_false_alarms_in_a_family_below_its_level() -> None:
    """2,000 families of 12 p-values of no difference and three of one."""
    rng = np.random.default_rng(4)
    null, real = rng.random((2000, 12)), rng.random((2000, 3)) * 1e-4
    families = np.concatenate([null, real], axis=1)
    alarms = [min(adjusted(list(row), "holm")[:12]) <= 0.05 for row in families]
    assert np.mean(alarms) <= 0.065
    assert np.mean(null.min(axis=1) <= 0.05) > 0.4, "why they are adjusted"


def test_an_unknown_correction_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"bonferroni.*Known: benjamini-hochberg, holm"):
        correction_named("bonferroni")
