"""What a real forward of a model shows, to compare a dry one with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from weighbridge.live.shapes_of import shape_of, shape_of_call


@dataclass
class Reality:
    """Inputs and outputs by path, as the first call of each module has them, and PyTorch's count of FLOPs."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]
    flops: int


def reality(model: nn.Module, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Reality:
    """Runs the model in eval mode, with the kernels of attention that hide nothing from PyTorch's counter."""
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}

    def watch(path: str) -> Any:
        def after(_: nn.Module, given: Any, named: Any, out: Any) -> None:
            inputs.setdefault(path, as_lists(shape_of_call(given, named)))
            outputs.setdefault(path, as_lists(shape_of(out)))

        return after

    hooks = [m.register_forward_hook(watch(path), with_kwargs=True) for path, m in model.eval().named_modules()]
    counter = FlopCounterMode(display=False)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            model(*args, **(kwargs or {}))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for hook in hooks:
            hook.remove()
    return Reality(inputs, outputs, counter.get_total_flops())


def as_lists(shape: Any) -> Any:
    """As JSON has it."""
    if isinstance(shape, dict):
        return {key: as_lists(item) for key, item in shape.items()}
    return [as_lists(item) for item in shape] if isinstance(shape, (list, tuple)) else shape
