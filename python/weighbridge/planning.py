"""How much memory a model takes, to serve it and to train it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weighbridge import _weigh
from weighbridge._weigh import Model, Plan, Summary

if TYPE_CHECKING:
    from torch import nn


def plan(
    model: str | os.PathLike[str] | Model | Summary | nn.Module,
    *inputs: Any,
    named_inputs: Mapping[str, Any] | None = None,
    train: bool = False,
    device: str | None = None,
    weights: str | None = None,
    context: int | None = None,
    batch: int = 1,
    kv_dtype: str | None = None,
    precision: str | None = None,
    optimizer: str | None = None,
    master_weights: bool = False,
    checkpointing: bool = False,
    zero: int = 0,
    lora: int | None = None,
    lora_targets: Sequence[str] = (),
    data_parallel: int | None = None,
    tensor_parallel: int | None = None,
    pipeline_parallel: int = 1,
    expert_parallel: int = 1,
) -> Plan:
    """What a model takes in memory, each line with its formula; docs/plan.md has the formulas.

        print(weighbridge.plan("Qwen3-8B/", context=32768, device="h100"))
        print(weighbridge.plan(module, x, train=True, optimizer="adamw"))    # activations of a dry run
        assert weighbridge.plan(module, x, train=True, device="24GB").machine.fits

    Args:
        model: a path that `weighbridge.read` takes, what it gave, a summary, or a live module.
        *inputs, named_inputs: of a live module's forward, which is run dry in train mode where training is planned: what
            autograd keeps of it are the activations.
        train: to train it; otherwise to serve it.
        device: what it shall fit: "80GB", "24GiB" or a name ("h100"), with "x8" behind it for eight of them.

    The others are the options of `weigh plan`: `--kv-dtype q8_0` is `kv_dtype="q8_0"`.

    Raises:
        WeighError: what stops the reading; options that contradict each other or the model.
    """
    summary, kept, kept_all = _summary(model, inputs, named_inputs, train)
    return _weigh.plan(
        summary,
        train=train,
        device=device,
        weights=weights or "",
        context=context,
        batch=batch,
        kv_dtype=kv_dtype,
        precision=precision,
        optimizer=optimizer or "",
        master_weights=master_weights,
        checkpointing=checkpointing,
        zero=zero,
        lora=lora,
        lora_targets=[lora_targets] if isinstance(lora_targets, str) else list(lora_targets),
        data_parallel=data_parallel,
        tensor_parallel=tensor_parallel,
        pipeline_parallel=pipeline_parallel,
        expert_parallel=expert_parallel,
        kept=kept,
        kept_all=kept_all,
    )


def _summary(
    model: str | os.PathLike[str] | Model | Summary | nn.Module,
    inputs: tuple[Any, ...],
    named: Mapping[str, Any] | None,
    train: bool,
) -> tuple[Summary, list[int] | None, bool]:
    """With what autograd keeps in each module, and whether that is all of it, of a forward that was seen."""
    if isinstance(model, (str, os.PathLike, Model, Summary)):
        if inputs or named:
            raise TypeError("inputs are of a live module's forward, and the model is none")
        if isinstance(model, Summary):
            return model, None, True
        return (model if isinstance(model, Model) else _weigh.read(os.fspath(model))).summary(depth=0), None, True
    from weighbridge.live import describe, warn_of_stop
    from weighbridge.live.describe import describe_training

    if train and (inputs or named):
        described, kept, kept_all = describe_training(model, inputs, named)
        warn_of_stop(described, stacklevel=4)
        return described.summary(depth=0), kept, kept_all
    return describe(model).summary(depth=0), None, True
