"""What the commonest operators give, told from shapes alone.

PyTorch's meta kernels say the same; but most are written in Python and import sympy and PyTorch's compiler (2 s) at the
first call. A rule answers the plain case and gives None for any other, wrong input among it: then the kernel is asked.
Each is tested against the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .layer_rules import LAYERS
from .pointwise_rules import POINTWISE


def _overload(name: str) -> Any:
    """The operator of that name; None where this PyTorch has none."""
    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet, None), overload or "default", None)


def _table() -> dict[Any, Callable[..., Any]]:
    table = {_overload(name): rule for name, rule in (POINTWISE | LAYERS).items()}
    table.pop(None, None)
    return table


SHORT = _table()

__all__ = ["SHORT"]
