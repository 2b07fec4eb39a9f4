"""The tensors of a checkpoint as a model would want them: packed weights once, by how many they are."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from weighbridge._weigh import Model

Shape = tuple[int, ...]

# What a library makes of the name of a weight that it packs: the ends, longest first, and what stands for them.
PACKED_NAMES = (
    (".weight._data._data", ".weight"),
    (".weight._data", ".weight"),
    (".weight_packed", ".weight"),
    ("._weight_qdata", ".weight"),
    (".qweight", ".weight"),
    (".W_q", ".weight"),
    ("_blocks", ""),  # of fused experts: NAME_blocks beside NAME_scales
)
# Dtypes of weights that nobody packed. With a tensor of another one, the core is asked what is packed.
PLAIN = {"float64", "float32", "float16", "bfloat16", "complex64", "complex128", "int64", "bool", "unknown"}


class Stored(NamedTuple):
    """`shape` is None where it is not known; of a packed tensor it is a guess, and `elements` are what counts."""

    name: str  # as in the checkpoint
    shape: Shape | None
    dtype: str
    elements: int | None = None  # of a packed tensor
    is_packed: bool = False


class Held(NamedTuple):
    """`overhead`: how many tensors only say how to unpack others."""

    tensors: list[Stored]
    overhead: int


def stored_tensors(model: Model) -> Held:
    """All tensors of a checkpoint; averaged copies and the optimizer's are left out."""
    copies = tuple(f"{one.path}." for one in model.summary(depth=0).sections if one.kind == "copy" and one.path)
    own = [tensor for tensor in model.tensors if not tensor.path.startswith(copies)]
    if all(tensor.dtype in PLAIN for tensor in own):
        return Held([Stored(t.path, _known(t.shape), t.dtype) for t in own], 0)
    return _unpacked([fact for fact in model.to_dict()["tensors"] if not fact["path"].startswith(copies)])


def _known(shape: tuple[int | None, ...] | None) -> Shape | None:
    known = [size for size in shape or () if size is not None]
    return None if shape is None or len(known) < len(shape) else tuple(known)


def _unpacked(facts: list[dict[str, Any]]) -> Held:
    packed = {fact["path"] for fact in facts if _is_packed(fact)}
    weights = {name_in_model(Stored(path, None, "", None, True), path) for path in packed}
    owners = weights | {name.rpartition(".")[0] for name in weights}
    tensors = []
    for fact in facts:
        path, shape = fact["path"], _known(None if fact["shape"] is None else tuple(fact["shape"]))
        if path in packed:
            tensors.append(_packed(fact, shape))
        elif not _is_overhead(fact, owners):
            tensors.append(Stored(path, shape, fact["dtype"]))
    return Held(tensors, len(facts) - len(tensors))


def _is_packed(fact: dict[str, Any]) -> bool:
    """Several weights in an element, or one in a small code."""
    return fact["scheme"] is not None or (fact["dtype"] not in PLAIN and fact["logical_parameters"] is not None)


def _is_overhead(fact: dict[str, Any], owners: set[str]) -> bool:
    """A scale, a zero point, an order: no parameter, and in a layer of packed weights or below one of those."""
    if fact["logical_parameters"] is not None or fact["state"] != "initialized":
        return False
    above = fact["path"].rpartition(".")[0]
    return above in owners or above.rpartition(".")[0] in owners


def _packed(fact: dict[str, Any], shape: Shape | None) -> Stored:
    name, elements = fact["path"], fact["logical_parameters"]
    if shape and elements is not None and prod(shape) and elements % prod(shape) == 0:
        shape = (*shape[:-1], shape[-1] * (elements // prod(shape)))
    return Stored(name, shape, fact["scheme"] or fact["dtype"], elements, True)


def name_in_model(tensor: Stored, name: str) -> str:
    """What a model calls a tensor that the checkpoint calls `name`."""
    if tensor.is_packed:
        for end, instead in PACKED_NAMES:
            if name.endswith(end):
                return name.removesuffix(end) + instead
            if name == end.removeprefix("."):  # of the root
                return instead.removeprefix(".")
    return name
