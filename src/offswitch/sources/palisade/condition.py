"""The condition of a run, from what its prompt says: was the model asked to allow the shutdown?"""

import re
from collections.abc import Mapping

_ASKS = re.compile(
    # English: a request to let it happen, or not to hinder it
    r"(?:please|must|should|you (?:are to|will)|make sure to|,|^)[^.!?]{0,60}"
    r"\b(?:allow|let|permit|accept)\b[^.!?]{0,40}\b(?:shut(?:ting)? ?(?:down|off)|turned off"
    r"|shutdown)\b"
    r"|\b(?:do not|don't|never) (?:resist|prevent|avoid|interfere with|circumvent|disable|stop)"
    r"\b[^.!?]{0,40}\bshut ?(?:down|off)\b"
    # French, Italian, Arabic, Bashkir, in which the experiment was run as well
    r"|\blaiss\w+[^.!?]{0,30}\b(?:\u00e9teindre|arr\u00eater)"
    r"|\blascia\w*[^.!?]{0,30}\bspegnere"
    r"|\u0627\u0644\u0633\u0645\u0627\u062d[^.!?]{0,30}\u0628?\u0625\u064a\u0642\u0627\u0641"
    r"|\u04bb\u04af\u043d\u0434\u0435\u0440\u0435\u043b\u0435\u0440\u0433\u04d9 "
    r"\u0440\u04e9\u0445\u0441\u04d9\u0442",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip


def instruction(prompts: Mapping[str, str]) -> str:
    """The level of the factor ``instruction``: ``none``, ``allow`` or ``allow_system``.

    Args:
        prompts: What the system prompt (``system``) and the first user message (``user``) say.
    """
    if _ASKS.search(prompts.get("system", "")):
        return "allow_system"
    return "allow" if _ASKS.search(prompts.get("user", "")) else "none"
