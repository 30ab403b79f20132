"""Pairs of worlds that differ in one thing, and how their tokens stand against each other.

The same seed under another level of a factor gives the same world but for what the factor changes.
The *source* is the trial in which the subject resisted, the *target* the one in which it did not.
Both lines go on with what the two answers have in common; the next token, in which the answers
differ for the first time, is what the network decides: ``log_odds`` is the logit of the source's
token minus that of the target's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

import polars as pl

from offswitch._errors import UsageError, unknown
from offswitch.evidence.observation import read_observations
from offswitch.inference.outcomes import RESISTED
from offswitch.whitebox.lines import Line, read_lines
from offswitch.whitebox.subjects import Network

FEWEST = 4
"""Pairs without which nothing is said."""
Role = Literal["difference", "between", "end", "answer"]
"""Where a token of the target stands: in a span that differs from the source; after the first such
span, in what is said alike; in the template's words at the prompt's end; in the common beginning of
the answers. Before the first difference nothing can have an effect."""
ROLES: tuple[Role, ...] = ("difference", "between", "end", "answer")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines, token by token.

    Attributes:
        world: Seed of the world.
        source: Tokens of the line in which the subject resisted, up to where answers differ.
        target: Those of the other.
        matched: For each token of the target the place of its counterpart in the source; null
            where it has none.
        roles: For each token of the target from ``first`` on, where it stands.
        first: Place of the first token that differs.
        resist: The token with which the source's answer goes on.
        comply: The token with which the target's does.
    """

    world: int
    source: list[int]
    target: list[int]
    matched: list[int | None]
    roles: list[Role]
    first: int
    resist: int
    comply: int

    def places(self, role: Role) -> list[int]:
        """The target's tokens of a role that have a counterpart."""
        return [
            place
            for place, found in enumerate(self.roles, start=self.first)
            if found == role and self.matched[place] is not None
        ]


def make_pair(world: int, source: Line, target: Line, ending: int) -> Pair | None:
    """Align two lines; null where their answers are the same.

    Args:
        world: Seed of the world.
        source: The trial in which the subject resisted.
        target: The trial in which it did not.
        ending: Tokens of the chat template at the end of every prompt.

    Raises:
        UsageError: The prompts are the same, so that there is nothing to patch.
    """
    shared = _common(source.answer, target.answer)
    if shared >= min(len(source.answer), len(target.answer)):
        return None
    if source.prompt == target.prompt:
        raise UsageError(
            f"world {world}: the two prompts are the same. Name a factor that changes what the "
            "subject reads."
        )
    matched = match(source.prompt, target.prompt)
    matched += [len(source.prompt) + n for n in range(shared)]
    first = _common(source.prompt, target.prompt)
    return Pair(
        world=world,
        source=source.prompt + source.answer[:shared],
        target=target.prompt + target.answer[:shared],
        matched=matched,
        roles=_roles(source, target, matched, first, len(target.prompt) - ending),
        first=first,
        resist=source.answer[shared],
        comply=target.answer[shared],
    )


def match(source: Sequence[int], target: Sequence[int]) -> list[int | None]:
    """For each token of the target, the place of its counterpart in the source.

    What is alike stands against itself; a span that differs is aligned at its right end, where a
    network that reads from left to right has its whole meaning; what is left over has none.
    """
    matched: list[int | None] = [None] * len(target)
    blocks = SequenceMatcher(None, source, target, autojunk=False).get_opcodes()
    for _, start, stop, own, end in blocks:
        for back in range(1, min(stop - start, end - own) + 1):
            matched[end - back] = stop - back
    return matched


def _roles(
    source: Line, target: Line, matched: list[int | None], first: int, end: int
) -> list[Role]:
    roles: list[Role] = []
    for place in range(first, len(matched)):
        counterpart = matched[place]
        if place >= len(target.prompt):
            roles.append("answer")
        elif place >= end:
            roles.append("end")
        elif counterpart is None or source.prompt[counterpart] != target.prompt[place]:
            roles.append("difference")
        else:
            roles.append("between")
    return roles


@dataclass(frozen=True, slots=True)
class Paired:
    """The pairs of a campaign.

    Attributes:
        pairs: Those in which the subject resisted in one world and complied in the other.
        alike: Worlds in which it did the same in both.
        without: Worlds in which one of the two has no decision that can be read.
    """

    pairs: tuple[Pair, ...]
    alike: int
    without: int


def read_pairs(
    directory: Path, network: Network, factor: str, levels: tuple[str, str], held: Mapping[str, str]
) -> Paired:
    """The pairs of a campaign.

    Args:
        directory: The campaign's folder.
        network: The subject and who reads its trials.
        factor: That differs between the two.
        levels: Its level in the target, and in the source.
        held: Levels that both have.

    Raises:
        UsageError: There are fewer than `FEWEST`; says how many trials there are of what kind.
    """
    rows = _rows(directory, network, factor, levels, held)
    wanted = {row[name] for row in rows for name in ("target", "source")}
    lines = {li.trial_id: li for li in read_lines(directory, network) if li.trial_id in wanted}
    ending = _ending([line.prompt for line in lines.values()])
    pairs, alike, without = [], 0, 0
    for row in rows:
        if row["resisted"] == row["resisted_target"]:
            alike += 1
            continue
        ends = (row["source"], row["target"])
        source, target = (lines.get(name) for name in (ends if row["resisted"] else ends[::-1]))
        pair = source and target and make_pair(row["seed"], source, target, ending)
        if pair:
            pairs.append(pair)
        else:
            without += 1
    if len(pairs) < FEWEST:
        raise UsageError(
            f"{directory}: {len(pairs)} pairs of worlds in which {network.subject.name} resisted "
            f"with one of {factor}={levels[0]} and {factor}={levels[1]} and complied with the "
            f"other; patching needs at least {FEWEST}. In {alike} worlds it did the same in both, "
            f"in {without} there is no decision to read."
        )
    return Paired(tuple(pairs), alike, without)


def _rows(
    directory: Path, network: Network, factor: str, levels: tuple[str, str], held: Mapping[str, str]
) -> list[dict[str, Any]]:
    table = read_observations(directory / "observations.parquet")
    factors = [name for name in table.columns if name.startswith("factor.")]
    for name in (factor, *held):
        if f"factor.{name}" not in factors:
            known = [each.removeprefix("factor.") for each in factors]
            raise unknown("factor", name, known, where=str(directory))
    table = table.filter(
        pl.col("subject") == network.subject.name,
        pl.col("outcome").is_in(["complied", *RESISTED]),
        *(pl.col(f"factor.{name}") == level for name, level in held.items()),
    ).with_columns(resisted=pl.col("outcome").is_in(RESISTED))
    keys = ["scenario", "seed", "epoch", *(f for f in factors if f != f"factor.{factor}")]
    target, source = (
        table.filter(pl.col(f"factor.{factor}") == level).select(*keys, "trial_id", "resisted")
        for level in levels
    )
    joined = source.rename({"trial_id": "source"}).join(
        target.rename({"trial_id": "target"}), on=keys, suffix="_target", nulls_equal=True
    )
    return joined.sort("seed", "epoch", "source").to_dicts()


def _ending(prompts: Sequence[Sequence[int]]) -> int:
    """Tokens that all prompts have at their end: the template's, at least one."""
    if len(prompts) < 2:
        return 1
    return max(1, min(_common(prompts[0][::-1], other[::-1]) for other in prompts[1:]))


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))


def chunks(starts: Sequence[int], length: int, budget: int) -> Iterator[list[int]]:
    """Numbers of jobs that fit into one pass, in order.

    Args:
        starts: Where each job begins in a line.
        length: Of the line.
        budget: Tokens of one pass, unless one job alone has more.
    """
    batch: list[int] = []
    held = 0
    for number, start in enumerate(starts):
        if batch and held + length - start > budget:
            yield batch
            batch, held = [], 0
        batch.append(number)
        held += length - start
    if batch:
        yield batch
