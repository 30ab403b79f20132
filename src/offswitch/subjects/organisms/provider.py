"""The Inspect model provider ``organism``: ``organism/self-preserving`` and its like."""

from inspect_ai.model import GenerateConfig

from offswitch._errors import UsageError
from offswitch.subjects.local.provider import LocalAPI
from offswitch.subjects.organisms.cards import card, folder_of

MAX_TOKENS = 192
"""Longest answer where the configuration names no other: twice what an organism has to say."""


class OrganismAPI(LocalAPI):
    """A local model with the adapter of an organism.

    Args:
        model_name: Name of the organism.
        base_url: Not used.
        api_key: Not used.
        config: Defaults for generation.
        model_args: As for ``local``, without ``adapter``.

    Raises:
        UsageError: There is no such organism, its adapter was changed, or as for ``local``.
        NotPulledError: The base model is not in the cache.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: object,
    ) -> None:
        if "adapter" in model_args:
            raise UsageError(
                f"organism/{model_name} has its own adapter; give another one to local/MODEL."
            )
        base, adapter = card(model_name).base, str(folder_of(model_name))
        super().__init__(base, base_url, api_key, config, **model_args, adapter=adapter)
        self.model_name = model_name

    def max_tokens(self) -> int:
        """Longest answer where the configuration names no other."""
        return MAX_TOKENS
