"""What a checkpoint lacks of a model, before anything is loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from weighbridge._weigh import Model, read
from weighbridge.comparison.names import Prefix, prefix_between, without_wrappers
from weighbridge.comparison.placing import Placed, place
from weighbridge.comparison.result import Comparison
from weighbridge.comparison.stored import Stored, stored_tensors
from weighbridge.comparison.verdict import verdict
from weighbridge.comparison.wanted import wanted_tensors
from weighbridge.configs import from_config

if TYPE_CHECKING:
    from torch import nn


def compare(
    checkpoint: str | os.PathLike[str] | Model,
    model: nn.Module | str | os.PathLike[str],
    *,
    trust_remote_code: bool = False,
) -> Comparison:
    """What a checkpoint lacks of a model, and what it has besides: names, shapes and dtypes. No weight is read.

        print(weighbridge.compare("checkpoint/", "config.json"))

    Tied weights need one of their names. Buffers that are not persistent are not wanted. A prefix that one side has alone
    (`model.`, `module.`, `_orig_mod.`, a base model in a task model) is found and told. Names that transformers changes
    while it loads are changed by its own rules, experts that it fuses are fused. Weights that were quantised are compared
    by how many they are.

    Args:
        checkpoint: a path that `weighbridge.read` takes, or what it gave.
        model: a module, or the path of a configuration for `weighbridge.from_config`.
        trust_remote_code: as in `from_config`.

    Raises:
        WeighError: what stops the reading of either.
    """
    from torch import nn

    read_model = checkpoint if isinstance(checkpoint, Model) else read(os.fspath(checkpoint))
    module = model if isinstance(model, nn.Module) else from_config(model, trust_remote_code=trust_remote_code)
    wanted = wanted_tensors(module)
    held = stored_tensors(read_model)
    stored = {without_wrappers(tensor.name): tensor for tensor in held.tensors}
    prefix: Prefix = prefix_between(stored, wanted.tensors)
    placed: Placed = place(module, wanted, stored, prefix)
    return verdict(read_model, module, wanted, held, placed)


__all__ = ["Comparison", "Stored", "compare"]
