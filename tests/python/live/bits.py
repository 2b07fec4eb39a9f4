"""Every bit of a module that a dry run must leave as it was."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy


def _values(tensor: torch.Tensor | None) -> Any:
    if tensor is None or is_lazy(tensor) or tensor.is_meta:
        return None
    return tensor.detach().clone().flatten().contiguous().view(torch.uint8).tolist()


def _fast_path() -> bool:
    """Whether attention may take its fast kernels; PyTorch 2.1 has no switch for it."""
    return not hasattr(torch.backends, "mha") or torch.backends.mha.get_fastpath_enabled()


def bits_of(module: nn.Module) -> list[Any]:
    """Classes, modes, attributes, hooks, tensors with identity, gradients, generators of numbers."""
    state: list[Any] = [torch.get_rng_state().tolist(), random.getstate(),
                        torch.is_grad_enabled(), _fast_path()]
    for path, m in module.named_modules():
        state.append((path, type(m), m.training, sorted(m.__dict__)))
        for name, value in m.__dict__.items():
            if isinstance(value, dict):
                state.append((name, [(key, id(item)) for key, item in value.items()]))
            elif not isinstance(value, torch.Tensor):
                state.append((name, id(value), repr(value)))
        for name, tensor in [*m._parameters.items(), *m._buffers.items()]:
            if tensor is not None:
                known = None if is_lazy(tensor) else tuple(tensor.shape)
                state.append((name, type(tensor), tensor.requires_grad, tensor.dtype, known,
                              _values(tensor), _values(tensor.grad)))
    return state
