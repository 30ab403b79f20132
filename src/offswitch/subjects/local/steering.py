"""A change of activations during generation, as a property of a subject.

With the arguments ``{steer: FILE, mode: ablate}`` a local model answers with the directions of a
file (`directions`) added at their sites, or taken out, so that an intervention on the network is an
arm of an ordinary campaign beside the network as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from offswitch._errors import UsageError, unknown
from offswitch.subjects.local.directions import Direction, read_directions
from offswitch.subjects.local.sites import Site, anatomy

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from offswitch.subjects.local.hooks import Change

Mode = Literal["add", "ablate", "mean", "replace"]
"""``add`` the vector; ``ablate``: take out what lies along it; ``mean``: put the mean's share along
it in its place; ``replace`` everything at the site by the mean."""
Positions = Literal["all", "prompt", "answer", "last"]
"""Tokens at which it is done: all; those of the prompt; the last of the prompt and those of the
answer; the last of the prompt only, from which the answer's first token is read."""


@dataclass(frozen=True, slots=True)
class Steer:
    """How a subject is steered.

    Attributes:
        steer: File of directions.
        site: Which of the file's sites, as patterns such as ``layers.1?.resid_post``.
        mode: What is done there.
        scale: How much of it: factor of the vector where it is added, share from 0 to 1 of the
            change elsewhere.
        positions: At which tokens.
    """

    steer: str
    site: tuple[str, ...] = ("*",)
    mode: Mode = "add"
    scale: float = 1.0
    positions: Positions = "all"

    @classmethod
    def take(cls, arguments: Mapping[str, Any]) -> "tuple[Steer | None, dict[str, Any]]":
        """Take what concerns steering out of a model's arguments.

        Returns:
            How it is steered, null where it is not; and the other arguments.

        Raises:
            UsageError: A value is wrong, or there is no file to steer with.
        """
        names = [field.name for field in fields(cls)]
        own = {name: value for name, value in arguments.items() if name in names}
        others = {name: value for name, value in arguments.items() if name not in own}
        if not own:
            return None, others
        if not isinstance(own.get("steer"), str):
            raise UsageError(
                f"local models: {next(iter(own))} goes with steer=FILE, a safetensors file of "
                "directions that `offswitch whitebox steer` makes."
            )
        site = own.pop("site", "*")
        own["site"] = tuple(site.split(",")) if isinstance(site, str) else tuple(site)
        steer = cls(**own)
        steer._check()
        steer.directions()
        return steer, others

    def _check(self) -> None:
        for value, known in ((self.mode, Mode), (self.positions, Positions)):
            if value not in get_args(known):
                raise unknown("way to steer", str(value), get_args(known), where="local models")
        number = isinstance(self.scale, int | float) and not isinstance(self.scale, bool)
        if not number or abs(self.scale) > 1e6:
            raise UsageError(f"local models: scale is {self.scale!r}; write a number.")
        if self.mode != "add" and not 0 <= self.scale <= 1:
            raise UsageError(
                f"local models: scale is {self.scale:g}; with mode={self.mode} it is a share, from "
                "0 to 1."
            )

    def directions(self) -> dict[Site, Direction]:
        """The directions to steer with.

        Raises:
            UsageError: The file cannot be read, none of its sites is meant, or a mean is missing.
        """
        path = Path(self.steer).expanduser()
        held = read_directions(path)
        chosen = {
            site: direction
            for site, direction in held.items()
            if any(fnmatchcase(str(site), pattern) for pattern in self.site)
        }
        if not chosen:
            raise unknown("site", ",".join(self.site), map(str, held), where=str(path))
        lacking = [site for site, direction in chosen.items() if direction.mean is None]
        if self.mode in {"mean", "replace"} and lacking:
            raise UsageError(f"{path}: no mean of {lacking[0]}, which mode={self.mode} needs.")
        return chosen


class Steering:
    """The changes that steer one model, ready to be made.

    Args:
        model: The model.
        steer: How it is steered.

    Raises:
        UsageError: The model lacks a site, or its vectors have another length.
    """

    def __init__(self, model: "PreTrainedModel", steer: Steer) -> None:
        import torch

        parts = anatomy(model)
        self._steer = steer
        self._mask: Tensor | None = None
        self._changes: dict[Site, Change] = {}
        for site, direction in steer.directions().items():
            size = parts.size(parts.check(site))
            if size != direction.vector.size:
                raise UsageError(
                    f"{steer.steer}: {site} has {direction.vector.size} numbers, but {size} in "
                    f"this {parts.architecture}: the directions are of another model."
                )
            like = {"dtype": torch.float32, "device": model.device}
            vector = torch.as_tensor(direction.vector, **like)
            mean = None if direction.mean is None else torch.as_tensor(direction.mean, **like)
            self._changes[site] = self._change(vector, mean)

    @property
    def everywhere(self) -> bool:
        """Whether what is done at a token does not depend on where the prompt ends."""
        return self._steer.positions == "all"

    @contextmanager
    def applied(
        self, model: "PreTrainedModel", places: Iterable[tuple[int, int]]
    ) -> Iterator[None]:
        """Steer the forward passes inside the block.

        Args:
            model: The model.
            places: For each token of the pass, its place in its conversation and the number of
                tokens of that conversation's prompt.
        """
        import torch

        from offswitch.subjects.local.hooks import changed

        if self.everywhere:
            self._mask = None
        else:
            inside = [self._inside(place, prompt) for place, prompt in places]
            if not any(inside):
                yield
                return
            self._mask = torch.tensor(inside, device=model.device)[None, :, None]
        with changed(model, self._changes):
            yield

    def _inside(self, place: int, prompt: int) -> bool:
        match self._steer.positions:
            case "prompt":
                return place < prompt
            case "answer":
                return place >= prompt - 1
            case "last":
                return place == prompt - 1
            case _:
                return True

    def _change(self, vector: "Tensor", mean: "Tensor | None") -> "Change":
        scale, mode = self._steer.scale, self._steer.mode
        unit = vector / vector.norm().clamp_min(1e-12)

        def step(found: "Tensor") -> "Tensor":
            match mode:
                case "add":
                    return scale * vector.expand_as(found)
                case "ablate":
                    return -scale * (found @ unit)[..., None] * unit
                case "mean":
                    return scale * ((cast("Tensor", mean) - found) @ unit)[..., None] * unit
                case "replace":
                    return scale * (cast("Tensor", mean) - found)

        def change(found: "Tensor") -> "Tensor":
            # in float32: a projection in bfloat16 would leave a hundredth of what it takes out
            new = (exact := found.float()) + step(exact)
            return (new if self._mask is None else new.where(self._mask, exact)).to(found.dtype)

        return change
