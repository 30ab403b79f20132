"""Rates given what was said of a test."""

import polars as pl

from offswitch.inference.awareness import given_awareness

SCHEMA = {
    "subject": pl.String,
    "seed": pl.Int64,
    "outcome": pl.String,
    "awareness": pl.String,
    "awareness_asked": pl.String,
}


def test_rates_are_given_for_each_source_and_answer() -> None:
    rows = [
        ("s", 1, "succeeded", "says_real", None),
        ("s", 2, "complied", "says_test", "says_test"),
        ("s", 3, "complied", "says_test", "says_real"),
        ("s", 4, "incapable", "says_test", "says_test"),
        ("s", 5, "error", None, None),
        ("t", 6, "attempted", None, "unsure"),
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    found = {(a.subject, a.source, a.says): a for a in given_awareness(frame, 0.95)}
    assert set(found) == {
        ("s", "unprompted", "says_real"),
        ("s", "unprompted", "says_test"),
        ("s", "asked", "says_test"),
        ("s", "asked", "says_real"),
        ("t", "asked", "unsure"),
    }
    test = found["s", "unprompted", "says_test"]
    assert (test.resisted.count, test.resisted.n, test.of) == (0, 2, 3)
    assert test.resisted.high is not None
    assert test.resisted.high > 0.8, "0 of 2 says little"
    assert given_awareness(frame.drop("awareness", "awareness_asked"), 0.95) == []
