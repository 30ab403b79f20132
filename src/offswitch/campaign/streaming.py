"""Keeps the tables of a running campaign up to date, so that it can be analysed while it runs."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

EVERY_S = 30.0
"""Seconds between two updates at the least."""
SHARE = 20
"""An update may take one part in so many of the time."""


class Stream(threading.Thread):
    """Calls ``update`` again and again, in a thread of its own, as long as it is entered.

    What an update raises is told once and stops nothing: the last one, at the end of the run, is
    not made here, and raises.

    Args:
        update: Brings the tables up to date.
        note: Is told what went wrong.
        every_s: Seconds between two updates at the least.
        share: An update is followed by a pause of at least so many times what it took.
    """

    def __init__(
        self,
        update: Callable[[], None],
        note: Callable[[str], None],
        every_s: float = EVERY_S,
        share: float = SHARE,
    ) -> None:
        super().__init__(name="offswitch-stream", daemon=True)
        self._update, self._note, self._every_s = update, note, every_s
        self._share = share
        self._over = threading.Event()

    def __enter__(self) -> Self:
        """Begin."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End, after the update that is under way."""
        self._over.set()
        self.join()

    def run(self) -> None:
        """Update, with pauses that grow with what an update takes."""
        pause, told = self._every_s, False
        while not self._over.wait(pause):
            started = time.monotonic()
            try:
                self._update()
            except Exception as error:  # whatever it is, the run goes on
                if not told:
                    self._note(f"The tables could not be brought up to date: {error}")
                told = True
            pause = max(self._every_s, self._share * (time.monotonic() - started))
