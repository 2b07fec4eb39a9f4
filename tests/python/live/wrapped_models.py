"""One network, for what libraries wrap around it, and what is told of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from weighbridge.live import describe

# By hand, of `net` and `example`.
LAYERS = {"0": 64 * 64 + 64, "2.0": 64 * 33 + 33}
PARAMETERS = sum(LAYERS.values())
FLOPS = 2 * 4 * (64 * 64 + 64 * 33)


def net() -> nn.Sequential:
    """Two layers, one of them a level below, of sizes that two processes cannot halve evenly."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Sequential(nn.Linear(64, 33), nn.Tanh()))


def example() -> torch.Tensor:
    """What `net` takes."""
    return torch.zeros(4, 64)


def told(module: nn.Module, *inputs: Any) -> dict[str, Any]:
    """Totals and notes, parameters by layer where there are some, and what comes out where there are inputs."""
    model = describe(module, inputs or None)
    totals = model.totals
    rows = model.summary(depth=-1).rows
    return {
        "parameters": int(totals.parameters),
        "trainable": int(totals.trainable),
        "bytes": int(totals.bytes),
        "flops": int(totals.flops) if inputs else None,
        "layers": {row.path: int(row.parameters) for row in rows if row.type in ("Linear", "FSDPLinear")},
        "notes": [[note.code, note.message] for note in model.notes],
    }


def whole(notes: list[list[str]], inputs: bool, prefix: str = "") -> dict[str, Any]:
    """What must be told of `net`, whose layers are below `prefix`."""
    return {
        "parameters": PARAMETERS,
        "trainable": PARAMETERS,
        "bytes": 4 * PARAMETERS,
        "flops": FLOPS if inputs else None,
        "layers": {prefix + path: count for path, count in LAYERS.items()},
        "notes": notes,
    }
