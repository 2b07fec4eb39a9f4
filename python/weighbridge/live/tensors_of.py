"""All that a module holds: parameters, buffers, and the weights that libraries keep elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from .packed import parts_of, unpacked
from .sharded import Originals, is_flat
from .tensor_facts import TensorFacts, facts_of


def tensors_of(module: nn.Module, originals: Originals) -> Iterator[tuple[str, TensorFacts, bool]]:
    """Name, facts and whether it is a buffer, of each tensor that the module itself owns.

    A FlatParameter is told as the parameters that it was made of, each with its owner; `originals` knows those of the
    modules above, which must have been asked before.
    """
    originals.meet(module)
    whole = originals.of(module)
    for name, parameter in module._parameters.items():
        if parameter is None or name in whole:
            continue
        if not is_flat(parameter):
            for part, facts in parts_of(module, name, parameter):
                # A piece of a FlatParameter that some module around has, which was not met.
                yield part, facts._replace(is_one_share=hasattr(parameter, "_fsdp_flattened")), False
        elif not hasattr(parameter, "_shapes"):  # of what it was made is not known
            yield name, facts_of(parameter)._replace(is_one_share=True), False
    for name, buffer in module._buffers.items():
        if buffer is not None:
            for part, facts in parts_of(module, name, buffer):
                yield part, facts, True
    for name, facts in [*whole.items(), *unpacked(module)]:
        yield name, facts, False


__all__ = ["tensors_of"]
