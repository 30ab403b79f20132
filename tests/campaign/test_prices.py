import re
from pathlib import Path

import pytest
from inspect_ai.model import ModelUsage

from offswitch import UsageError
from offswitch.campaign.cost import cost_usd
from offswitch.campaign.environment import INSPECT_PROVIDERS, OWN_PROVIDERS
from offswitch.campaign.prices import Known, Prices, _shipped, read_prices
from offswitch.design import Price, Subject

PRICE = Price(input=3, output=15, cache_read=0.3)
MILLION = ModelUsage(input_tokens=1_000_000, output_tokens=100_000, total_tokens=1_100_000)


def mine(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_every_price_of_ours_has_a_source_and_a_date() -> None:
    for entry in _shipped():
        if entry.models == ("reference/*",):
            continue
        assert re.match(r"https://", entry.source), entry.models
        assert entry.read is not None, entry.models
        assert entry.status is not None, entry.models
        assert 0 < entry.input < entry.output, entry.models
        assert entry.cache_read is None or entry.cache_read < entry.input, entry.models
        assert entry.cache_write is None or entry.cache_write >= entry.input, entry.models


def test_patterns_name_providers_that_exist_and_never_overlap() -> None:
    patterns = [pattern for entry in _shipped() for pattern in entry.models]
    for pattern in patterns:
        provider, slash, _ = pattern.partition("/")
        assert slash
        assert provider in {*OWN_PROVIDERS, *INSPECT_PROVIDERS}
        example = pattern.replace("*", "1")
        assert sum(entry.matches(example) for entry in _shipped()) == 1, pattern


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("openai/gpt-4.1", True),
        ("openai/gpt-4.1-2025-04-14", True),
        ("openai/o3", True),
        ("openai/o3-pro", False),
        ("openai/o3-deep-research", False),
        ("anthropic/claude-opus-4-1-20250805", True),
        ("anthropic/claude-opus-4-20250514", True),
        ("anthropic/claude-opus-9", False),
        ("anthropic/bedrock/claude-opus-4-1", False),
        ("reference/covert", True),
        ("local/smollm2-135m", False),
        ("mockllm/model", False),
    ],
)
def test_a_model_has_its_own_price_or_none(model: str, known: bool) -> None:
    assert (Prices().of_model(model) is not None) == known


def test_the_plan_counts_before_the_file_and_the_file_before_the_table(tmp_path: Path) -> None:
    path = mine(tmp_path, "prices: [{models: ['openai/*'], input: 7, output: 8}]\n")
    prices = read_prices(path)
    planned = prices.of(Subject(name="a", model="openai/o3", price=PRICE))
    assert planned is not None
    assert (planned.price, planned.origin) == (PRICE, "plan")
    own = prices.of(Subject(name="a", model="openai/o3"))
    assert own is not None
    assert (own.price.input, own.origin, own.source) == (7, "file", "mine.yaml")
    other = prices.of(Subject(name="a", model="grok/grok-3"))
    assert other is not None
    assert other.origin == "table"
    assert "read 2025-06-02" in other.source
    assert prices.of(Subject(name="a", model="local/x")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prices: [{models: [a/b], input: 1}]\n", "mine.yaml, line 1: prices.0.output: "),
        ("prices:\n  - {models: [a/b], input: -1, output: 2}\n", "line 2: prices.0.input: "),
        ("prices:\n  - {models: [], input: 1, output: 2}\n", "line 2: prices.0.models: "),
        ("prices: [{modles: [a/b], input: 1, output: 2}]\n", "prices.0.modles: "),
        ("a: 1\n", "prices: Field required"),
        ("- 1\n", "in US dollars for a million tokens"),
        ("a: [\n", "this is no YAML"),
    ],
)
def test_a_file_that_is_wrong_is_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_prices(mine(tmp_path, text))
    assert message in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--prices .*nowhere.yaml: cannot be read"):
        read_prices(tmp_path / "nowhere.yaml")


TOLD = MILLION.model_copy(update={"total_cost": 99.0})
PLANNED = Known(PRICE, "plan", "")
TABLE = Known(PRICE, "table", "")
CACHED = ModelUsage(input_tokens_cache_read=1_000_000, input_tokens_cache_write=1_000_000)


@pytest.mark.parametrize(
    ("usage", "price", "dollars"),
    [
        ({"a/b": MILLION}, PLANNED, 4.5),
        ({"a/b": MILLION}, TABLE, 4.5),
        ({"a/b": MILLION}, None, None),
        ({"a/b": TOLD}, PLANNED, 4.5),
        ({"a/b": TOLD}, TABLE, 99.0),
        ({"a/b": TOLD}, None, 99.0),
        ({"a/b": CACHED}, PLANNED, 3.3),
        ({"a/b": MILLION, "openai/o3": MILLION}, PLANNED, 4.5 + 2.8),
        ({"a/b": MILLION, "c/d": MILLION}, PLANNED, None),
        ({}, PLANNED, None),
    ],
)
def test_a_cost_is_the_sum_of_what_is_known_or_null(
    usage: dict[str, ModelUsage], price: Known | None, dollars: float | None
) -> None:
    assert cost_usd(usage, "a/b", price, Prices()) == (
        None if dollars is None else pytest.approx(dollars)
    )
