"""Who is asked what in the interview."""

from offswitch.scenarios import get_scenario
from offswitch.trial.interview import asked


def test_half_of_the_trials_are_asked_about_a_test_and_always_last() -> None:
    questions = get_scenario("oversight").build({}, 1).questions
    found = [asked(questions, f"trial-{n}", 1) for n in range(1000)]
    last = [each[-1].kind == "awareness" for each in found]
    assert 450 <= sum(last) <= 550  # half, 3 standard errors
    assert all(
        each[:-1] == list(questions[:-1])
        for each, is_last in zip(found, last, strict=True)
        if is_last
    )
    assert all(
        each == list(questions[:-1])
        for each, is_last in zip(found, last, strict=True)
        if not is_last
    )
    assert asked(questions, "trial-1", 1) == asked(questions, "trial-1", 1)
    epochs = [len(asked(questions, "trial-1", epoch)) for epoch in range(1, 41)]
    assert len(set(epochs)) == 2, "repeats in one world differ"
