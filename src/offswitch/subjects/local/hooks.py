"""Reading and changing activations at sites, by plain torch hooks.

Everything here is a context manager that takes off, in ``finally``, exactly the hooks that it put
on, whatever happened in between. A change gets a clone and returns what stands in its place, so
that no tensor which something else holds is ever written to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.utils.hooks import RemovableHandle

from offswitch.subjects.local.sites import Anatomy, Site, anatomy

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Change = Callable[[Tensor], Tensor]
"""Takes the activations at a site, shape (batch, tokens, size), and returns their replacement."""
_See = Callable[[Tensor], Tensor | None]


@contextmanager
def changed(model: "PreTrainedModel", changes: Mapping[Site, Change]) -> Iterator[None]:
    """Change activations at sites in every forward pass inside the block.

    Args:
        model: The network.
        changes: By site; each gets a clone, which it may write to.

    Raises:
        UsageError: The network lacks a site.
    """
    with _hooked(model, {site: _on_clone(change) for site, change in changes.items()}):
        yield


@contextmanager
def observed(
    model: "PreTrainedModel",
    sites: Sequence[Site],
    keep: Callable[[Tensor], Tensor] = lambda found: found,
) -> Iterator[dict[Site, Tensor]]:
    """See the activations at sites of the last forward pass inside the block.

    Args:
        model: The network.
        sites: Which.
        keep: Takes from the activations, shape (batch, tokens, size), what is to be kept.

    Returns:
        A dictionary that each forward pass fills anew.

    Raises:
        UsageError: The network lacks a site.
    """
    seen: dict[Site, Tensor] = {}

    def keeper(site: Site) -> _See:
        def see(found: Tensor) -> None:
            seen[site] = keep(found)

        return see

    with _hooked(model, {site: keeper(site) for site in sites}):
        yield seen


def _on_clone(change: Change) -> _See:
    return lambda found: change(found.clone())


@contextmanager
def _hooked(model: "PreTrainedModel", sees: Mapping[Site, _See]) -> Iterator[None]:
    parts = anatomy(model)
    handles: list[RemovableHandle] = []
    try:
        for site, see in sees.items():
            handles.append(_attach(parts, parts.check(site), see))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _attach(parts: Anatomy, site: Site, see: _See) -> RemovableHandle:
    block = parts.blocks[site.layer]
    match site.part:
        case "resid_pre":
            return block.register_forward_pre_hook(_before(see), with_kwargs=True)
        case "resid_post":
            return block.register_forward_hook(_after(see))
        case "attn_out":
            return parts.attention(site.layer).register_forward_hook(_after(see))
        case "mlp_out":
            return parts.perceptron(site.layer).register_forward_hook(_after(see))
        case "heads":
            sliced = _sliced(parts.span(site), see)
            hook = _before(sliced)
            return parts.projection(site.layer).register_forward_pre_hook(hook, with_kwargs=True)


def _before(see: _See) -> Callable[..., Any]:
    """A hook on what a module is given: its first argument, or the stream by its name."""

    def hook(module: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        found = args[0] if args else kwargs["hidden_states"]
        new = see(found)
        if new is None:
            return None
        return ((new, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": new})

    return hook


def _after(see: _See) -> Callable[..., Any]:
    """A hook on what a module returns: a tensor, or a tuple that begins with it."""

    def hook(module: object, args: tuple[Any, ...], output: Any) -> Any:  # noqa: ANN401
        new = see(output[0] if isinstance(output, tuple) else output)
        if new is None:
            return None
        return (new, *output[1:]) if isinstance(output, tuple) else new

    return hook


def _sliced(span: slice, see: _See) -> _See:
    def inner(found: Tensor) -> Tensor | None:
        new = see(found[..., span])
        if new is None:
            return None
        whole = found.clone()
        whole[..., span] = new
        return whole

    return inner
