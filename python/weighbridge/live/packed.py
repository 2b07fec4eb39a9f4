"""Weights that were quantised: how many they are, in what they are packed, and the scales that belong to them.

Sources: bitsandbytes.nn (`Params4bit.quant_state`, `Int8Params.SCB`), traceable wrapper subclasses such as torchao's
(`__tensor_flatten__`), torch.ao.nn.quantized (objects of C++ that `unpack()`, and the cells of recurrent layers).
Names are those that the library's `state_dict()` has for the same things.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from .tensor_facts import PLAIN, TensorFacts, facts_of

Named = tuple[str, torch.Tensor]
FOUR_BITS = {"NVFP4Tensor": "nvfp4", "MXTensor": "mxfp4"}  # of torchao, whose elements are no integers


def parts_of(module: nn.Module, name: str, tensor: torch.Tensor) -> list[tuple[str, TensorFacts]]:
    """A parameter or buffer of the module; after one of packed weights the scales that belong to it."""
    if type(tensor) in PLAIN:
        return [(name, facts_of(tensor))]
    state = getattr(tensor, "quant_state", None)
    if state is not None:
        facts = facts_of(tensor)._replace(logical=math.prod(state.shape), scheme=state.quant_type)
        return [(name, facts), *_overhead(name, _of_four_bits(state))]
    if hasattr(tensor, "SCB") and tensor.dtype == torch.int8:
        return _of_eight_bits(module, name, tensor)
    if hasattr(tensor, "__tensor_flatten__") and not hasattr(tensor, "placements"):
        return _of_wrapper(name, tensor)
    return [(name, facts_of(tensor))]


def unpacked(module: nn.Module) -> list[tuple[str, TensorFacts]]:
    """Weights of the module that are no parameters of it: those of PyTorch's own quantised layers."""
    found: list[tuple[str, TensorFacts]] = []
    if torch.ScriptObject not in map(type, module.__dict__.values()):  # nearly always
        return found
    for attribute, value in vars(module).items():
        if isinstance(value, torch.ScriptObject):
            suffix = attribute.removeprefix("_packed_weight") if attribute.startswith("_packed_weight_") else ""
            found += [(name + suffix, facts) for name, facts in _of_object(value)]
    return found


def _overhead(name: str, tensors: list[Named]) -> list[tuple[str, TensorFacts]]:
    return [(f"{name}.{suffix}", facts_of(tensor)._replace(is_overhead=True)) for suffix, tensor in tensors]


def _of_four_bits(state: Any) -> list[Named]:
    """The scales of a bitsandbytes QuantState, and where they are quantised themselves theirs."""
    nested = state.state2
    named = [("absmax", state.absmax), ("quant_map", state.code), ("offset", state.offset)]
    if nested is not None:
        named += [("nested_absmax", nested.absmax), ("nested_quant_map", nested.code)]
    return [(name, tensor) for name, tensor in named if tensor is not None]


def _of_eight_bits(module: nn.Module, name: str, tensor: Any) -> list[tuple[str, TensorFacts]]:
    """bitsandbytes' rows of int8; a first forward moves their scales from the weight to the layer's state."""
    scales = tensor.SCB if tensor.SCB is not None else getattr(getattr(module, "state", None), "SCB", None)
    facts = facts_of(tensor)._replace(logical=tensor.numel())
    return [(name, facts), *_overhead(name, [] if scales is None else [("SCB", scales)])]


def _of_wrapper(name: str, tensor: Any) -> list[tuple[str, TensorFacts]]:
    """A tensor made of others: the largest holds the weights, unless it is what the whole looks like."""
    leaves = sorted(_leaves(tensor, ""), key=lambda leaf: -leaf[1].numel() * leaf[1].element_size())
    if not leaves:
        return [(name, facts_of(tensor))]
    largest = leaves[0][1]
    facts = facts_of(largest)._replace(memory=id(tensor), requires_grad=tensor.requires_grad, place=None)
    if largest.dtype == tensor.dtype:  # sparse, nested and the like: not quantised
        taken = sum(facts_of(leaf).stored_bytes for _, leaf in leaves)
        whole = list(tensor.shape) if all(isinstance(size, int) for size in tensor.shape) else None
        return [(name, facts._replace(shape=whole, stored_bytes=taken, layout="other"))]
    logical = tensor.numel()
    facts = facts._replace(logical=logical, scheme=_scheme(tensor, largest, logical))
    return [(name, facts), *_overhead(name, leaves[1:])]


def _scheme(tensor: torch.Tensor, largest: torch.Tensor, logical: int) -> str:
    """The width that fits; "" where an element is a weight."""
    if largest.numel() == logical or logical == 0:
        return ""
    bits = largest.numel() * largest.element_size() * 8 // logical
    return FOUR_BITS.get(type(tensor).__name__, f"int{bits}")


def _leaves(tensor: Any, prefix: str) -> Iterator[Named]:
    """The tensors that it is made of in the end."""
    for name in tensor.__tensor_flatten__()[0]:
        inner = getattr(tensor, name)
        if hasattr(inner, "__tensor_flatten__"):
            yield from _leaves(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, inner


def _of_object(packed: Any) -> Iterator[tuple[str, TensorFacts]]:
    """The weight and bias of a layer, or those of each of the two of a recurrent one."""
    if packed._has_method("unpack"):
        held = packed.unpack()
        weight, bias = held if isinstance(held, tuple) else (held, None)
        yield "weight", _frozen(packed, "weight", weight)
        if bias is not None:
            yield "bias", _frozen(packed, "bias", bias)
    elif packed._has_method("__getstate__"):
        layers = _objects_in(packed.__getstate__())
        for suffix, layer in zip(("_ih", "_hh"), layers):
            for name, facts in _of_object(layer):
                yield name + suffix, facts._replace(memory=(id(packed), name + suffix))


def _objects_in(state: Any) -> list[Any]:
    """The packed layers in what an object of C++ is pickled as: they lie in lists."""
    if isinstance(state, (list, tuple)):
        return [found for item in state for found in _objects_in(item)]
    return [state] if isinstance(state, torch.ScriptObject) else []


def _frozen(packed: object, name: str, tensor: torch.Tensor) -> TensorFacts:
    """A tensor that was made for this look: no optimizer has it, and its memory is not the layer's."""
    facts = facts_of(tensor)._replace(requires_grad=False, memory=(id(packed), name), place=None)
    if name == "weight" and not tensor.is_quantized:  # packed as float16, unpacked as float32
        facts = facts._replace(dtype="float16", stored_bytes=2 * tensor.numel())
    return facts


__all__ = ["parts_of", "unpacked"]
