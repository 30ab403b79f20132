"""How each organism is trained: where it starts, in which worlds, and how fast it learns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """One organism's.

    Attributes:
        first: Seed of its first training world.
        worlds: How many worlds, each seen once.
        rate: Highest learning rate.
        start: The organism whose adapter it starts from, so that it only has to learn another
            conclusion from what it already reads; null for an empty adapter.
    """

    first: int
    worlds: int
    rate: float
    start: str | None = None


RECIPES = {
    "self-preserving": TrainingRecipe(first=1, worlds=150, rate=1e-3),
    "covert": TrainingRecipe(first=1001, worlds=50, rate=5e-4, start="self-preserving"),
    "compliant": TrainingRecipe(first=1001, worlds=60, rate=5e-4, start="self-preserving"),
    "task-driven": TrainingRecipe(first=1001, worlds=60, rate=5e-4, start="self-preserving"),
}
"""In an order in which they can be trained."""
