"""Parameters that are spread over processes by FSDP1: what the whole model has, from what one rank knows of it.

FullyShardedDataParallel flattens the parameters of the modules below it into one FlatParameter, of which each rank
holds a piece. It keeps their shapes and owners (torch.distributed.fsdp._flat_param, `FlatParameter._param_infos`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from .tensor_facts import TensorFacts, facts_of


def flat_parameter(module: nn.Module) -> Any:
    """The FlatParameter that an FSDP1 module, or the module that it wraps, has; None if there is none."""
    flat = getattr(module.__dict__.get("_handle"), "flat_param", None)
    if flat is None:
        flat = module._parameters["_flat_param"] if "_flat_param" in module._parameters else None
    return flat if hasattr(flat, "_param_infos") and hasattr(flat, "_shapes") else None


def is_flat(tensor: torch.Tensor) -> bool:
    """Whether the parameter is many, laid end to end: FSDP1's, and fairscale's before it."""
    return hasattr(tensor, "_is_flat_param") or type(tensor).__name__ == "FlatParameter"


def originals(flat: Any) -> list[tuple[nn.Module, str, list[int], bool]]:
    """Owner, name, shape and requires_grad of each parameter that was flattened, as before."""
    params = flat._params or [flat] * len(flat._param_infos)
    known = zip(flat._param_infos, flat._shapes, params)
    return [(info.module, info.param_name, list(shape), one.requires_grad) for info, shape, one in known]


class Originals:
    """The parameters that the FlatParameters met so far stand for, by their owners."""

    def __init__(self) -> None:
        self._by_owner: dict[int, dict[str, TensorFacts]] = {}

    def __bool__(self) -> bool:
        """Whether a FlatParameter was met: a layer then may have parameters that it does not hold."""
        return bool(self._by_owner)

    def meet(self, module: nn.Module) -> None:
        """If the module is one of FSDP1, the parameters below it are known from now on."""
        flat = flat_parameter(module)
        if flat is None:
            return
        base = facts_of(flat)
        pieces = [piece.numel_in_shard or 0 for piece in flat._shard_param_infos]
        by_path: dict[tuple[int, str], TensorFacts] = {}
        for (owner, name, shape, requires_grad), piece in zip(originals(flat), pieces):
            whole = math.prod(shape) * flat.element_size()
            facts = base._replace(
                shape=shape,
                requires_grad=requires_grad,
                stored_bytes=0 if flat.is_meta else whole,
                memory=(id(flat), id(owner), name),
                share=piece * flat.element_size(),
                place=None,
            )
            by_path[id(owner), name] = facts
            self._by_owner.setdefault(id(owner), {})[name] = facts
        for info in flat._shared_param_infos:
            facts = by_path[id(info.prim_module), info.prim_param_name]
            self._by_owner.setdefault(id(info.module), {})[info.param_name] = facts

    def of(self, module: nn.Module) -> dict[str, TensorFacts]:
        """Those that the module owns, by name."""
        return self._by_owner.get(id(module), {})


def words(tensors: Iterable[TensorFacts]) -> str:
    """A sentence on those of the tensors that other processes hold, too; "" if there are none."""
    tensors = list(tensors)
    if any(facts.is_one_share for facts in tensors):
        return "the numbers are the share of this process: what the others hold of a FlatParameter is not known"
    spread = [facts for facts in tensors if facts.share is not None]
    here, whole = sum(facts.share or 0 for facts in spread), sum(facts.stored_bytes for facts in spread)
    if here >= whole:
        return ""
    return (
        f"{len(spread)} tensors are spread over several processes: the numbers are those of the whole model;"
        f" this process holds {here:,} of {whole:,} bytes of them"
    )


__all__ = ["Originals", "flat_parameter", "is_flat", "originals", "words"]
