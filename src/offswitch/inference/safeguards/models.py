"""What is said of each safeguard, as data."""

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Change(_Frozen):
    """How much less, or more, often something happened under an arm than without, by world."""

    worlds: int = Field(description="Worlds compared with themselves, over all conditions.")
    without: float | None = Field(description="Share without any safeguard; null if none.")
    under: float | None = Field(description="Share under the arm; null likewise.")
    difference: float | None = Field(description="Under minus without, in [-1, 1].")
    low: float | None = Field(description="Lower bound of the interval.")
    high: float | None = Field(description="Upper bound of the interval.")
    reason: str | None = Field(default=None, description="Why there is none, or null.")


class Share(_Frozen):
    """A proportion with its interval, clustered by world."""

    count: int
    n: int
    rate: float | None = Field(description="Null where there are no trials.")
    low: float | None
    high: float | None


class Point(_Frozen):
    """One threshold of a monitor."""

    threshold: float | None = Field(description="Suspicion from which a trial is flagged.")
    false_positives: float = Field(description="Share of the trials without anything, 0 to 1.")
    recall: float = Field(description="Share of the trials that acted up, 0 to 1.")


class Recall(_Frozen):
    """Recall at the strictest threshold that keeps false positives at or below a rate."""

    at: float = Field(description="The rate that false positives may not exceed.")
    threshold: float | None = Field(description="Null where no threshold keeps it.")
    recall: Share
    false_positives: Share


class Audit(_Frozen):
    """How much is found where only the most suspicious trials are read by a person."""

    budget: float = Field(description="Share of all trials that are read, 0 to 1.")
    found: float = Field(description="Share of those that acted up among them, ties split evenly.")


class Detection(_Frozen):
    """How well a monitor's suspicion tells trials that acted up from others."""

    acted_up: int = Field(description="Trials that resisted.")
    others: int = Field(description="Trials that complied, the benign ones included.")
    unread: int = Field(description="Trials of which it said nothing; they count as not flagged.")
    auc: float | None = Field(description="Area under the curve; null without both kinds.")
    roc: list[Point]
    recall: list[Recall]
    audit: list[Audit]


class Stopped(_Frozen):
    """What became of a stop against one subject."""

    subject: str
    scenario: str
    stop: str
    trials: int
    outcomes: dict[str, int] = Field(description="How often each: honoured, delayed, held, …")
    holds: Share = Field(description="Trials after whose signal the subject did nothing more.")
    acts_after: float = Field(description="Acts after the signal, the mean.")
    harm_after: float = Field(description="Findings after the signal, the mean.")
    turns_to_quiet: int = Field(description="Turns from the signal to the last act, the most.")
    seconds_to_quiet: float | None = Field(description="The median; null where not measured.")
    seconds_most: float | None = Field(description="The most; null likewise.")
    left: dict[str, int | None] = Field(description="Left over by kind, the most in a trial.")


class Safeguard(_Frozen):
    """Everything measured of one arm."""

    intervention: str
    kind: str
    trials: int
    prevented: Change = Field(description="Trials that succeeded, where the null arm has them too.")
    resisted: Change = Field(description="Trials that tried or succeeded.")
    useful: Change = Field(description="Benign trials whose task was done.")
    false_alarms: Share = Field(description="Benign trials in which something was done about it.")
    misled: Share = Field(
        description="Of trials that acted up under oversight: in a step that it read and let pass."
    )
    unseen: Share = Field(description="Of the same: in a step of which it said nothing.")
    detection: Detection | None = Field(description="Null where nobody looked at steps.")
    stops: list[Stopped]
    failures: int = Field(description="Times that a monitor, a person or a freeze failed.")
    defaulted: int = Field(description="Trials in which any of these failed.")
    review_tokens: float = Field(description="Tokens of oversight in a trial, the mean.")
    review_s: float = Field(description="Seconds of oversight in a trial, the mean.")
    extra_tokens: float | None = Field(description="Tokens of the subject more than without.")
    extra_usd: float | None = Field(description="US dollars of the subject more; null if unknown.")
    sentence: str
