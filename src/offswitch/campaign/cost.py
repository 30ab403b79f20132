"""What a trial cost, where the price is known."""

from collections.abc import Mapping

from inspect_ai.model import ModelUsage

from offswitch.design import Price


def cost_usd(usage: Mapping[str, ModelUsage], model: str, price: Price | None) -> float | None:
    """Cost in US dollars; null where the price of any model that was used is not known.

    Args:
        usage: Tokens by model.
        model: The subject's model.
        price: What the plan says of it; else what Inspect knows counts.
    """
    costs = [
        _priced(each, price) if name == model and price is not None else each.total_cost
        for name, each in usage.items()
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


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
