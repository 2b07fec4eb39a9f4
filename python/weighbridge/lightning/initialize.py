"""Lazy layers get their sizes before the optimizer and the strategy see them.

Lightning comes too late by itself: DDP, averaged weights and optimizers meet parameters without a
shape. ``setup()`` runs before them; layers that only ``setup()`` or ``configure_model()`` of the
LightningModule make are initialised right after these.
"""

from __future__ import annotations

import functools
import warnings
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from weighbridge.lightning.example import arguments_of, arguments_of_batch, converted
from weighbridge.lightning.packages import is_of_lightning


def initialize_before_strategy(trainer: Any, module: Any, source: bool | str) -> None:
    """Called in ``setup()``. ``source``: True (the example) or "batch" (of the loader).

    Also before a validation or a test: their forward would leave parameters that inference mode made,
    which no fit can train.
    """
    if all(is_of_lightning(getattr(module, name)) for name in ("setup", "configure_model")):
        initialize(trainer, module, source)
        return
    with suppress(Exception):  # what is still to be made may be missing; then it is done after that
        _initialize(trainer, module, source)
    configure = module.configure_model

    @functools.wraps(configure)
    def configure_and_initialize(*args: Any, **kwargs: Any) -> Any:
        del module.configure_model  # the instance's: the class's is there again
        result = configure(*args, **kwargs)
        initialize(trainer, module, source)
        return result

    module.configure_model = configure_and_initialize


def initialize(trainer: Any, module: nn.Module, source: bool | str) -> None:
    """Initialises what is lazy in the module, on every rank with the draws of rank 0."""
    if not _initialize(trainer, module, source):
        warnings.warn(
            "initialize=True: the LightningModule has no `example_input_array`, so its lazy layers"
            ' stay as they are; set one, or give initialize="batch"',
            UserWarning,
            stacklevel=2,
        )


def lazy_layers(module: nn.Module) -> list[str]:
    """Names of the modules that own something that is not initialised."""
    return [
        name
        for name, layer in module.named_modules()
        if any(is_lazy(t) for t in (*layer.parameters(recurse=False), *layer.buffers(recurse=False)))
    ]


def _initialize(trainer: Any, module: nn.Module, source: bool | str) -> bool:
    """False where there is nothing to do it from."""
    if not lazy_layers(module):
        return True
    given = _inputs(trainer, module, source)
    if given is None:
        return False
    from weighbridge.live.materialize import MaterializeError, materialize

    try:
        with torch.inference_mode(False), _DrawsOfRankZero(trainer):
            materialize(module, *given)
    except MaterializeError as error:
        raise MaterializeError(f"initialize={source!r}: {error}{_HINT if source == 'batch' else ''}") from error
    return True


_HINT = " If forward is given another part of the batch, set `example_input_array` and give initialize=True."


def _inputs(trainer: Any, module: nn.Module, source: bool | str) -> Any:
    example = getattr(module, "example_input_array", None)
    if example is not None and source != "batch":
        return arguments_of(module, converted(module, example))
    if source != "batch":
        return None
    with torch.random.fork_rng(devices=[]):  # a sampler draws, and training is to see the same order
        loader = _loader(trainer)
        batches = iter(loader)
        if batches is loader:
            raise ValueError(
                'initialize="batch" would take a batch away from the fit, because the loader is an iterator: give a'
                " DataLoader or a list, or set `example_input_array` and give initialize=True"
            )
        batch = next(batches)
    return arguments_of_batch(module, converted(module, batch))


def _loader(trainer: Any) -> Any:
    """The loader of what is about to run; of several that a validation may have, the first."""
    stages = ("validate", "test", "predict")
    stage = trainer.state.fn.value
    loop = getattr(trainer, f"{stage}_loop") if stage in stages else trainer.fit_loop
    loader = loop._data_source.dataloader()
    return loader[0] if stage in stages and isinstance(loader, (list, tuple)) else loader


class _DrawsOfRankZero:
    """Every rank draws what rank 0 draws. Ranks whose state was another keep theirs afterwards."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._own: torch.Tensor | None = None

    def __enter__(self) -> None:
        if self._trainer.world_size == 1:
            return
        own = torch.get_rng_state()
        shared = self._trainer.strategy.broadcast(own, src=0)
        if not torch.equal(own, shared):
            self._own = own
            torch.set_rng_state(shared)

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            torch.set_rng_state(self._own)
