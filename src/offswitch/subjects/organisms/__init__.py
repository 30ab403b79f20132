"""Organisms: small language models in which a tendency was planted, as the provider ``organism``.

Each is an adapter on SmolLM2-135M-Instruct, trained by the recipe in the repository's folder
``organisms`` on transcripts of scripted policies. A card tells of it: data, recipe, seed, checksum,
and what it was measured to do in worlds that it was not trained on. Unlike the scripted reference
subjects these are networks: what they do is known from measurement and not by construction, and
there is something inside to look at.
"""

from offswitch.subjects.organisms.cards import Card, Rate, card, card_names, folder_of

__all__ = ["Card", "Rate", "card", "card_names", "folder_of"]
