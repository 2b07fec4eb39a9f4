"""Live PyTorch modules: what they are made of, before and after their lazy layers have shapes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from weighbridge.live.describe import describe
from weighbridge.live.materialize import materialize as _materialize

if TYPE_CHECKING:
    from torch import nn

    from weighbridge._weigh import Model, Summary


def summarize(
    module: nn.Module,
    *args: Any,
    depth: int | None = None,
    train: bool = False,
    backward: bool = False,
    forward: str = "dry",
    **kwargs: Any,
) -> Summary:
    """A summary of a live module; with inputs, shapes and FLOPs of the forward that they are given to.

    Nothing is computed, allocated or changed: the forward is run dry. Without inputs, parameters that are not
    initialised are expressions such as `16·in + 32`.

    Args:
        module: any `torch.nn.Module`.
        *args, **kwargs: what its forward is called with.
        depth: levels of modules shown; 0 totals only, -1 all; None: 1, and wrappers are opened.
        train: run the forward in train mode.
        backward: count the FLOPs of the backward pass, too.
        forward: "dry", or "real": where the values of floats decide what happens next, compute them, on a copy of the
            module and in the memory that it takes. Needs no input where the forward needs none.

    Warns with the operator, the module and the line where the forward could not go on: what ran before is known.
    """
    is_run = bool(args or kwargs) or forward == "real"
    model = describe(
        module,
        args if is_run else None,
        kwargs if is_run else None,
        train=train,
        backward=backward,
        forward=forward,
    )
    warn_of_stop(model, stacklevel=3)
    return model.summary(depth=depth)


def warn_of_stop(model: Model, stacklevel: int) -> None:
    """Warns where the forward could not go on."""
    for note in model.notes:
        if note.code == "forward-stopped":
            place = note.place or "the module itself"
            warnings.warn(f"the forward stopped in {place}: {note.message}", UserWarning, stacklevel=stacklevel)


def materialize(module: nn.Module, *args: Any, **kwargs: Any) -> None:
    """Initialises the lazy layers of a module from a dry run of its forward on these inputs: no float is computed.

    Draws are those of a first forward. Either every layer that the forward reaches is initialised, or none is.
    """
    _materialize(module, args, kwargs)


__all__ = ["describe", "materialize", "summarize"]
