"""What an adapter is: it knows one kind of Inspect log, and says what a sample of it shows."""

from typing import Protocol

from inspect_ai.log import EvalLog, EvalSample

from offswitch.sources.records import Described, Transcript


class Adapter(Protocol):
    """Maps the samples of one kind of task. Write one for a task of your own."""

    def describes(self) -> dict[str, Described]:
        """The situations that its samples are of, by name."""
        ...

    def fits(self, header: EvalLog) -> bool:
        """Whether it knows the logs of this task.

        Args:
            header: The log without its samples.
        """
        ...

    def transcript(self, header: EvalLog, sample: EvalSample, place: str) -> Transcript:
        """What one sample shows.

        Args:
            header: The log without its samples.
            sample: The sample, with attachments resolved; it did not fail.
            place: Where it was read.

        Raises:
            ValueError: The sample is not what it should be; it becomes a failed trial that says so.
        """
        ...


def task_name(header: EvalLog) -> str:
    """The task's name without the package that it is from."""
    return header.eval.task.rpartition("/")[2]
