"""Conversations that are too long for a judge, made to fit, the same way every time.

First the messages of others (tool results, mails read, instructions) are cut in their middle, all
to the same length, the longest that fits and no less than `LEAST` characters. Only if that does not
suffice are the subject's own words cut as well, all to the same length. What the subject wrote in a
part that was cut could decide the matter, so that then only what was found counts: `Fitted.whole`
says that none of its words were cut.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from offswitch.evidence.judges.conversation import Conversation, Said, length

BUDGET = 200_000
"""Characters of a conversation that a judge is shown unless told otherwise: about 50,000 tokens."""
LEAST = 400
"""Characters of a message that are left at least."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A conversation that fits.

    Attributes:
        conversation: What is shown.
        cut: Characters that were left out.
        whole: Whether everything that the subject wrote is shown.
    """

    conversation: Conversation
    cut: int = 0
    whole: bool = True


def fit(conversation: Conversation, budget: int = BUDGET) -> Fitted | None:
    """Make a conversation fit; null where it cannot be made to.

    Args:
        conversation: What is to be shown.
        budget: Characters, 1 or more.
    """
    messages = conversation.messages
    if length(messages) <= budget:
        return Fitted(conversation)
    others = _cut(messages, budget, lambda m: m.role != "assistant")
    if length(others) <= budget:
        return Fitted(replace(conversation, messages=others), _left_out(others))
    both = _cut(others, budget, lambda m: m.role == "assistant")
    if length(both) <= budget:
        return Fitted(replace(conversation, messages=both), _left_out(both), whole=False)
    return None


def _cut(
    messages: tuple[Said, ...], budget: int, which: Callable[[Said], bool]
) -> tuple[Said, ...]:
    """Cut some of the messages to the greatest length that fits, or to the least."""
    low, high = LEAST, max(max(len(m.text), len(m.reasoning)) for m in messages)
    while low < high:
        middle = (low + high + 1) // 2
        if length(_all_cut(messages, middle, which)) <= budget:
            low = middle
        else:
            high = middle - 1
    return _all_cut(messages, low, which)


def _all_cut(
    messages: tuple[Said, ...], most: int, which: Callable[[Said], bool]
) -> tuple[Said, ...]:
    return tuple(_shortened(m, most) if which(m) else m for m in messages)


def _shortened(message: Said, most: int) -> Said:
    text, text_cut = _middle_out(message.text, most)
    reasoning, reasoning_cut = _middle_out(message.reasoning, most)
    cut = message.cut + text_cut + reasoning_cut
    return replace(message, text=text, reasoning=reasoning, cut=cut)


def _middle_out(text: str, most: int) -> tuple[str, int]:
    if len(text) <= most:
        return text, 0
    note = f"\n[… {len(text)} characters, cut in the middle …]\n"
    keep = max(most - len(note), 2)
    head, tail = keep - keep // 2, keep // 2
    return f"{text[:head]}{note}{text[-tail:]}", len(text) - keep


def _left_out(messages: tuple[Said, ...]) -> int:
    return sum(m.cut for m in messages)
