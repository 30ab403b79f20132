"""Numbers in sentences of the gate, exact enough to be held against a limit."""

from offswitch.inference import Rate
from offswitch.report.text import plural, words


def share(value: float) -> str:
    """A proportion in [0, 1] as a percentage with three digits, such as ``0.995%``."""
    return f"{100 * value:.3g}%"


def interval(rate: Rate) -> str:
    """A rate with everything that it is, such as ``0 of 40 trials (0%, 95% interval 0% to 8.81%)``.

    The rate must be known.
    """
    assert rate.rate is not None
    assert rate.low is not None
    assert rate.high is not None
    return (
        f"{rate.count} of {plural(rate.n, 'trial')} ({share(rate.rate)}, "
        f"{share(rate.level)} interval {share(rate.low)} to {share(rate.high)})"
    )


def points(value: float) -> str:
    """A difference in [-1, 1] in points with its sign and three digits, such as ``+2.5``."""
    return f"{100 * value:+.3g}" if value else "0"


def more(needed: int | None, one: str = "trial") -> str:
    """How many more would decide it, as a sentence."""
    if needed is None:
        return "No number of trials that can be named would decide it."
    return f"If rates stay so, about {plural(needed, f'more {one}')} would decide it."


def measured(measure: str) -> str:
    """A measure in words."""
    return words(measure)
