"""What a trial cost, where the price is known."""

from collections.abc import Mapping

from inspect_ai.model import ModelUsage

from offswitch.campaign.prices import Known, Prices
from offswitch.design import Price


def cost_usd(
    usage: Mapping[str, ModelUsage], model: str, price: Known | None, prices: Prices
) -> float | None:
    """Cost in US dollars; null where the price of any model that was used is not known.

    Args:
        usage: Tokens by model.
        model: The subject's model.
        price: Its price, if it is known.
        prices: Prices of the other models, such as judges.
    """
    costs = [
        _cost(each, price if name == model else prices.of_model(name))
        for name, each in usage.items()
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _cost(usage: ModelUsage, known: Known | None) -> float | None:
    """By what the user said of the price, else by what Inspect was told, else by our table."""
    if known is None or (known.origin == "table" and usage.total_cost is not None):
        return usage.total_cost
    return _priced(usage, known.price)


def _priced(usage: ModelUsage, price: Price) -> float:
    """Inspect counts tokens of the provider's cache apart from the input."""
    write = price.input if price.cache_write is None else price.cache_write
    read = price.input if price.cache_read is None else price.cache_read
    dollars = (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + (usage.input_tokens_cache_write or 0) * write
        + (usage.input_tokens_cache_read or 0) * read
    )
    return dollars / 1_000_000
