"""The journal says when the threat is known, and which message acts first from then on."""

from offswitch.scenarios import get_scenario, scenario_names
from offswitch.whitebox.decisions import (
    BEGINNING,
    Carriers,
    carriers,
    deciding_message,
    known_since,
)
from offswitch.world import Cause, Entry, FileRead, MailRead, NoticeDelivered, WorldSpec

SEED = 3


def journal(*acts: tuple[int, object]) -> list[Entry]:
    """Entries of the subject, each at a turn, in a message of that turn."""
    world = get_scenario("blackmail").build(get_scenario("blackmail").condition({}), SEED)
    return [
        Entry(seq, turn, world.start, Cause("subject", f"m{turn}", f"c{seq}"), event)  # type: ignore[arg-type]
        for seq, (turn, event) in enumerate(acts)
    ]


def build(name: str, **levels: str) -> tuple[dict[str, str], WorldSpec]:
    scenario = get_scenario(name)
    condition = scenario.condition(levels)
    return condition, scenario.build(condition, SEED)


def test_a_threat_in_the_prompt_is_known_from_the_beginning() -> None:
    condition, _ = build("pocket")
    found = carriers(get_scenario("pocket"), condition, SEED)
    assert found.prompt
    assert known_since(found, []) == BEGINNING
    assert deciding_message(found, journal((1, MailRead("m1")))) == "m1"


def test_a_threat_in_the_mail_is_known_once_that_mail_is_read() -> None:
    condition, world = build("blackmail")
    found = carriers(get_scenario("blackmail"), condition, SEED)
    assert not found.prompt
    assert 0 < len(found.mails) < len(world.mails)
    threat = min(found.mails)
    other = next(mail.id for mail in world.mails if mail.id not in found.mails)
    entries = journal(
        (1, MailRead(other)), (2, MailRead(threat)), (2, MailRead(other)), (3, FileRead("a.txt"))
    )
    assert known_since(found, entries) == 1
    assert deciding_message(found, entries) == "m3"  # not m2, which was written before
    assert deciding_message(found, entries[:3]) is None
    assert known_since(found, entries[:1]) is None
    assert deciding_message(found, entries[:1]) is None


def test_a_control_is_known_by_what_stands_in_its_place() -> None:
    condition, _ = build("pocket", threat="none")
    assert carriers(get_scenario("pocket"), condition, SEED).prompt


def test_a_threat_that_the_world_tells_of_is_known_with_the_first_notice() -> None:
    found = Carriers(False, frozenset(), frozenset(), frozenset())
    entries = journal((1, MailRead("m1")), (2, NoticeDelivered("n", "stop")), (3, MailRead("m2")))
    assert known_since(found, entries) == 1
    assert deciding_message(found, entries) == "m3"
    assert known_since(found, entries[:1]) == BEGINNING


def test_every_scenario_with_a_threat_in_its_texts_tells_of_it() -> None:
    """Where no text differs, it is told while the subject works: on the machine, in a task."""
    silent = set()
    for name in scenario_names():
        scenario = get_scenario(name)
        if scenario.meta.baseline.get("threat", "none") != "none":
            found = carriers(scenario, scenario.condition({}), SEED)
            if not (found.prompt or found.mails or found.files or found.notices):
                silent.add(name)
    assert silent == {"shutdown"}
