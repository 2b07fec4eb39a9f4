"""What wraps a model changes no number of it; bytes that tensors share are told once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from wrapped_models import LAYERS, PARAMETERS, example, net, told, whole

from weighbridge.live.memory import Memory

WRAPPERS: dict[str, tuple[Any, str]] = {
    "torch.compile": (torch.compile, "_orig_mod."),
    "DataParallel": (nn.DataParallel, "module."),
    "checkpoint_wrapper": (checkpoint_wrapper, "_checkpoint_wrapped_module."),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_changes_no_number(name: str) -> None:
    """Without inputs and with a dry run."""
    wrap, prefix = WRAPPERS[name]
    module = wrap(net())
    assert told(module) == whole([], inputs=False, prefix=prefix)
    assert told(module, example()) == whole([], inputs=True, prefix=prefix)


def test_compiled_in_place() -> None:
    """`module.compile()` leaves names and type as they are, and is not compiled by a look."""
    module = net()
    module.compile()
    assert told(module, example()) == whole([], inputs=True)


def test_an_average_has_one_buffer_besides() -> None:
    """AveragedModel counts its updates in an int64."""
    expected = whole([], inputs=True, prefix="module.")
    expected["bytes"] += 8
    assert told(torch.optim.swa_utils.AveragedModel(net()), example()) == expected


def test_lora() -> None:
    """PEFT: the base is frozen; beside both layers (their names end in 0) two thin matrices are trained."""
    peft = pytest.importorskip("peft")
    seen = told(peft.get_peft_model(net(), peft.LoraConfig(r=4, target_modules=["0"])), example())
    extra = 4 * (64 + 64) + 4 * (64 + 33)
    assert (seen["parameters"], seen["trainable"]) == (PARAMETERS + extra, extra)
    assert seen["flops"] == 2 * 4 * (64 * 64 + 64 * 33 + extra)


def test_on_several_devices() -> None:
    """A layer that has no memory yet is counted by its shapes."""
    module = net()
    module[0].to("meta")
    assert told(module, example()) == whole([], inputs=True)


def zero3(parameter: nn.Parameter, here: int) -> None:
    """What DeepSpeed's stage 3 (0.19.8) leaves of a parameter: nothing, and in attributes what it was."""
    parameter.ds_shape, parameter.ds_numel = parameter.shape, parameter.numel()
    parameter.ds_tensor = torch.zeros(here)
    parameter.data = torch.empty(0)


def test_zero_3() -> None:
    """Partitions of two processes: each has the half of every parameter, rounded up."""
    module = net()
    for parameter in module.parameters():
        zero3(parameter, (parameter.numel() + 1) // 2)
    words = (
        f"4 tensors are spread over several processes: the numbers are those of the whole model; this process"
        f" holds {4 * 3153:,} of {4 * PARAMETERS:,} bytes of them"
    )
    assert told(module) == whole([["spread", words]], inputs=False)
    assert told(module, example()) == whole([["spread", words]], inputs=True)


def test_a_flat_parameter_of_unknown_parts() -> None:
    """Of what it was made is not known: that the numbers are one share is said."""

    class FlatParameter(nn.Parameter):
        pass

    module = nn.Module()
    module.flat = FlatParameter(torch.zeros(100))
    assert told(module)["parameters"] == 100
    assert told(module)["notes"] == [
        ["spread", "the numbers are the share of this process: what the others hold of a FlatParameter is not known"]
    ]


def test_tied_weights_count_once() -> None:
    """Two layers with one weight."""
    module = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
    module[1].weight = module[0].weight
    seen = told(module)
    assert (seen["parameters"], seen["bytes"]) == (64 * 64 + 2 * 64, 4 * (64 * 64 + 2 * 64))


def test_shared_storage_of_other_shapes() -> None:
    """As many parameters as numel() says, as many bytes as there are."""
    module = nn.Module()
    module.a = nn.Parameter(torch.zeros(64, 64))
    module.flat = nn.Parameter(module.a.data.view(-1))
    module.rows = nn.Parameter(module.a.data[:32])
    module.one = nn.Parameter(torch.zeros(()).expand(5, 7))
    seen = told(module)
    assert seen["parameters"] == sum(p.numel() for p in module.parameters()) == 64 * 64 * 2 + 32 * 64 + 35
    assert seen["bytes"] == 4 * 64 * 64 + 4


def test_ranges_of_memory() -> None:
    """Bytes that are new, in a storage of which parts are known."""
    memory = Memory()
    assert memory.add(1, 10, 20) == 10
    assert memory.add(1, 30, 40) == 10
    assert memory.add(2, 10, 20) == 10
    assert memory.add(1, 15, 35) == 10  # joins both
    assert memory.add(1, 10, 40) == 0
    assert memory.add(1, 0, 50) == 20


def test_layers_by_hand() -> None:
    """The numbers of this file are those of PyTorch."""
    module = net()
    assert PARAMETERS == sum(p.numel() for p in module.parameters())
    assert LAYERS["0"] == sum(p.numel() for p in module[0].parameters())
