"""Worlds as blocks: which cells each holds, and in which order its trials are run."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from offswitch._errors import UsageError
from offswitch.campaign.cells import Cell, Share
from offswitch.design.blocks import allocate, shuffled
from offswitch.design.plan import Order
from offswitch.trial.spec import TrialSpec

Group = tuple[str, Share]


def held_by(cells: Sequence[Cell], worlds: int) -> list[frozenset[int]]:
    """For each cell, the positions of the worlds that it is run in.

    Args:
        cells: All cells.
        worlds: How many worlds there are.

    Raises:
        UsageError: Cells that share worlds cannot be allocated to so few.
    """
    found = [frozenset(range(worlds))] * len(cells)
    places = {id(cell): place for place, cell in enumerate(cells)}
    for (_, share), own in _groups(cells).items():
        try:
            blocks = allocate(len(own), worlds, share.per_world, share.seed)
        except UsageError as error:
            raise UsageError(f"{share.place}: {error}") from None
        for number, cell in enumerate(own):
            inside = (world for world, block in enumerate(blocks) if number in block)
            found[places[id(cell)]] = frozenset(inside)
    return found


def worlds_of(cells: Sequence[Cell], worlds: int) -> list[tuple[Cell, ...]]:
    """The cells of each world, in the order of the plan.

    Args:
        cells: All cells.
        worlds: How many worlds there are.

    Raises:
        UsageError: Cells that share worlds cannot be allocated to so few.
    """
    held = held_by(cells, worlds)
    return [
        tuple(cell for cell, own in zip(cells, held, strict=True) if world in own)
        for world in range(worlds)
    ]


def _groups(cells: Sequence[Cell]) -> dict[Group, list[Cell]]:
    found: dict[Group, list[Cell]] = {}
    for cell in cells:
        if cell.share is not None:
            found.setdefault((cell.scenario, cell.share), []).append(cell)
    return found


def shared(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """What defines how cells share worlds, as plain data; empty where none do."""
    return [
        {
            "scenario": scenario,
            "per_world": share.per_world,
            "seed": share.seed,
            "conditions": [dict(cell.condition) for cell in own],
        }
        for (scenario, share), own in _groups(cells).items()
        if share.per_world < len(own)
    ]


def in_order(trials: Sequence[TrialSpec], order: Order) -> list[TrialSpec]:
    """The trials of a subject as they are run: world by world, within each as the order says.

    Args:
        trials: In the order of the plan, those of one world together.
        order: Whether it is random; its seed, with the subject and the world, says everything.
    """
    if not order.shuffle:
        return list(trials)
    return [
        trial
        for seed, block in groupby(trials, key=lambda trial: trial.seed)
        for trial in _mixed(list(block), order.seed, seed)
    ]


def _mixed(block: list[TrialSpec], *names: object) -> list[TrialSpec]:
    return shuffled(block, *names, block[0].subject)
