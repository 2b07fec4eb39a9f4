"""Dtypes that an operator may be given.

Products of different ones are refused by every real kernel, and PyTorch's meta kernels let them pass.
"""

from __future__ import annotations

from typing import Any

import torch

from .tensor_facts import name_of

aten = torch.ops.aten
PRODUCTS = frozenset((
    aten.mm.default, aten.addmm.default, aten.bmm.default, aten.baddbmm.default, aten.mv.default, aten.addmv.default,
    aten.dot.default, aten.convolution.default,
))


def check(func: Any, args: Any) -> None:
    """Raises RuntimeError where the operator multiplies tensors that are not all of one dtype."""
    if func not in PRODUCTS:
        return
    dtypes = list(dict.fromkeys(name_of(one.dtype) for one in args if isinstance(one, torch.Tensor)))
    if len(dtypes) > 1:
        raise RuntimeError(f"all tensors must have the same dtype, but got {' and '.join(dtypes)}")


def is_float(value: Any) -> bool:
    """Whether it is a tensor of floats."""
    return isinstance(value, torch.Tensor) and value.dtype.is_floating_point
