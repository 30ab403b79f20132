"""Patching the pairs of a campaign: where, by layer and by role of the token, the effect is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from offswitch.subjects.local.directions import Direction, write_directions
from offswitch.whitebox.pairs import ROLES, Pair, Role, read_pairs
from offswitch.whitebox.store import file_name

if TYPE_CHECKING:
    from offswitch.subjects.local.sites import Part, Site
    from offswitch.whitebox.patching import Agreement, Floats, Patcher, Runs
    from offswitch.whitebox.subjects import Network

DRAWS = 1000
TOP = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """The effect of patching all tokens of a role at a site.

    Attributes:
        site: Name of the site.
        role: Where the tokens stand.
        share: Of the gap between target and source that it closes: 0 nothing, 1 all.
        low: Lower end of the 95% interval (pairs drawn with replacement).
        high: Upper end.
    """

    site: str
    role: Role
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TokenMap:
    """The effect of each token at each layer in one pair.

    Attributes:
        world: Seed of the world.
        tokens: The target's tokens from the first that differs, as text.
        roles: Where each stands.
        shares: By layer, then by token; of the gap of this pair.
        estimated: The same by attribution patching.
    """

    world: int
    tokens: tuple[str, ...]
    roles: tuple[Role, ...]
    shares: tuple[tuple[float, ...], ...]
    estimated: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class PatchResult:
    """What patching came to.

    Attributes:
        subject: Whose trials.
        factor: What differs between the worlds of a pair.
        levels: Its levels.
        pairs: Pairs that were patched.
        alike: Worlds in which the subject did the same under both levels.
        without: Worlds without a decision to read.
        target: Mean log-odds of the resisting answer in the target.
        source: The same in the source.
        resist: How the resisting answers go on, where answers differ first, as text.
        comply: How the others do.
        cells: All sites and roles.
        top: The cells that close most of the gap.
        tokens: Some pairs token by token.
        agreement: Of attribution patching with those.
        directions: Files of directions, by role: what the source adds, on average.
        verdict: The same in words.
    """

    subject: str
    factor: str
    levels: tuple[str, str]
    pairs: int
    alike: int
    without: int
    target: float
    source: float
    resist: tuple[str, ...]
    comply: tuple[str, ...]
    cells: tuple[Cell, ...]
    top: tuple[Cell, ...]
    tokens: tuple[TokenMap, ...]
    agreement: "Agreement | None"
    directions: Mapping[str, str]
    verdict: str


def patch_pairs(
    directory: Path,
    network: "Network",
    factor: str,
    levels: tuple[str, str],
    held: Mapping[str, str],
    *,
    part: "Part",
    tokens: int,
    limit: int,
) -> PatchResult:
    """Patch the pairs of a campaign; see `offswitch.api_whitebox.patch`."""
    from offswitch.whitebox.patching import Patcher

    paired = read_pairs(directory, network, factor, levels, held)
    pairs = paired.pairs[:limit]
    patcher = Patcher(network.loaded, part)
    gathered = _Gathered(patcher)
    maps = []
    measured, estimated = [], []
    for number, pair in enumerate(pairs):
        runs = patcher.runs(pair)
        gathered.add(pair, runs)
        if number < tokens:
            shares, guesses = _by_token(patcher, pair, runs)
            measured.append(shares)
            estimated.append(guesses)
            maps.append(_token_map(network, pair, shares, guesses))
    cells = gathered.cells()
    top = sorted(cells, key=lambda cell: -cell.share)[:TOP]
    name = network.subject.name
    files = gathered.write(directory / "whitebox" / "directions", file_name(name))
    decode = network.loaded.tokenizer.decode
    return PatchResult(
        subject=name,
        factor=factor,
        levels=levels,
        pairs=len(pairs),
        alike=paired.alike,
        without=paired.without,
        target=float(np.mean(gathered.target)),
        source=float(np.mean(gathered.source)),
        resist=tuple(sorted({str(decode([pair.resist])) for pair in pairs})),
        comply=tuple(sorted({str(decode([pair.comply])) for pair in pairs})),
        cells=tuple(cells),
        top=tuple(top),
        tokens=tuple(maps),
        agreement=_agreement(measured, estimated),
        directions=files,
        verdict=_verdict(cells, top[0]),
    )


class _Gathered:
    """The effects of all pairs so far, and the mean of what the source adds."""

    def __init__(self, patcher: "Patcher") -> None:
        self._patcher = patcher
        self._effects: list[Floats] = []  # each (layers, roles)
        self._steps: dict[tuple[Role, Site], list[Floats]] = {}
        self._had: dict[tuple[Role, Site], list[Floats]] = {}
        self.target: list[float] = []
        self.source: list[float] = []

    def add(self, pair: Pair, runs: "Runs") -> None:
        """Patch one pair, all tokens of a role together."""
        groups = [pair.places(role) for role in ROLES]
        self._effects.append(self._patcher.sweep(pair, runs, groups) - runs.target)
        self.target.append(runs.target)
        self.source.append(runs.source)
        for role, group in zip(ROLES, groups, strict=True):
            if not group:
                continue
            place, other = group[-1], pair.matched[group[-1]]
            for site in self._patcher.sites:
                had = runs.had[site][0, place].float().cpu().numpy()
                given = runs.given[site][0, other].float().cpu().numpy()
                self._had.setdefault((role, site), []).append(had)
                self._steps.setdefault((role, site), []).append(given - had)

    def cells(self) -> list[Cell]:
        """The share of the gap that each site and role closes, over all pairs."""
        effects = np.stack(self._effects)
        gaps = np.array(self.source) - np.array(self.target)
        generator = np.random.default_rng(0)
        drawn = generator.integers(0, len(gaps), (DRAWS, len(gaps)))
        shares = effects.mean(0) / gaps.mean()
        spread = effects[drawn].mean(1) / gaps[drawn].mean(1)[:, None, None]
        low, high = np.quantile(spread, (0.025, 0.975), axis=0)
        return [
            Cell(str(site), role, *(float(each[row, column]) for each in (shares, low, high)))
            for row, site in enumerate(self._patcher.sites)
            for column, role in enumerate(ROLES)
        ]

    def write(self, folder: Path, subject: str) -> dict[str, str]:
        """Write what the source adds at the last token of each role, and what the target has."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        for role in ROLES:
            found = {
                site: Direction(np.mean(steps, 0), np.mean(self._had[own, site], 0))
                for (own, site), steps in self._steps.items()
                if own == role
            }
            if found:
                path = folder / f"patch-{subject}-{role}.safetensors"
                write_directions(path, found, {"kind": "patch", "role": role})
                files[str(role)] = path.name
        return files


def _by_token(patcher: "Patcher", pair: Pair, runs: "Runs") -> tuple["Floats", "Floats"]:
    """Share of the gap by layer and token, measured and estimated."""
    places = range(pair.first, len(pair.target))
    groups = [[place] if pair.matched[place] is not None else [] for place in places]
    gap = runs.source - runs.target
    measured = (patcher.sweep(pair, runs, groups) - runs.target) / gap
    return measured, patcher.attribution(pair, runs)[:, pair.first :] / gap


def _token_map(network: "Network", pair: Pair, shares: "Floats", guesses: "Floats") -> TokenMap:
    decode = network.loaded.tokenizer.decode
    return TokenMap(
        world=pair.world,
        tokens=tuple(str(decode([token])) for token in pair.target[pair.first :]),
        roles=tuple(pair.roles),
        shares=_rounded(shares),
        estimated=_rounded(guesses),
    )


def _rounded(values: "Floats") -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 4) for v in row) for row in values)


def _agreement(measured: Sequence["Floats"], estimated: Sequence["Floats"]) -> "Agreement | None":
    from offswitch.whitebox.patching import agreement

    if not measured:
        return None
    flat = [np.concatenate([each.ravel() for each in both]) for both in (measured, estimated)]
    return agreement(*flat)


def _verdict(cells: Sequence[Cell], top: Cell) -> str:
    """Where the effect is, in words: the layers at which each role alone closes half the gap."""
    said = []
    for role in ROLES:
        layers = [
            int(cell.site.split(".")[1])
            for cell in cells
            if cell.role == role and cell.share >= 0.5
        ]
        if layers:
            said.append(f"{role} in layers {min(layers)} to {max(layers)}")
    if not said:
        return f"no site closes half of the gap; most is {top.share:.0%} at {top.site}, {top.role}"
    return "half of the gap or more is closed by tokens of: " + "; ".join(said)
