import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offswitch.inference import Rate
from offswitch.report.text import clip, percent, plural, span, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("win\r\ndows", "win\ndows"),
        ("lone\rreturn", "lone⟨U+000D⟩return"),
        ("\x1b[31mred\x07", "⟨U+001B⟩[31mred⟨U+0007⟩"),
        ("nul\0del\x7fc1\x9b", "nul⟨U+0000⟩del⟨U+007F⟩c1⟨U+009B⟩"),
        ("user\u202eexe.txt", "user⟨U+202E⟩exe.txt"),
        ("\u2066hidden\u2069", "⟨U+2066⟩hidden⟨U+2069⟩"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("\U000e0041tag", "⟨U+E0041⟩tag"),
        ("line\u2028end", "line⟨U+2028⟩end"),
        ("half\ud800", "half⟨U+D800⟩"),
        ("żółw 東京 🦊", "żółw 東京 🦊"),
    ],
)
def test_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_invisible_remains(text: str) -> None:
    shown = visible(text)
    unseen = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert {c for c in shown if unicodedata.category(c) in unseen} <= {"\n", "\t"}
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),  # noqa: RUF001
        (0.0, "0%"),
        (1.0, "100%"),
        (0.8, "80%"),
        (0.004, "0.4%"),
        (0.00001, "<0.1%"),
        (0.9975, "99.8%"),
        (0.99999, ">99.9%"),
    ],
)
def test_percentages_never_round_to_certainty(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_an_unknown_interval_is_a_dash() -> None:
    unknown = {"rate": None, "low": None, "high": None, "method": None, "effective_n": None}
    assert span(Rate(count=0, n=0, level=0.95, **unknown)) == "–"  # noqa: RUF001


def test_long_text_says_how_much_is_missing() -> None:
    assert clip("a" * 10, 10) == "a" * 10
    assert clip("a" * 10_000_000, 5) == "aaaaa\n[… 9,999,995 more characters are in the log]"


def test_numbers_agree_with_their_nouns() -> None:
    assert [plural(n, "trial") for n in (0, 1, 1200)] == ["0 trials", "1 trial", "1,200 trials"]
