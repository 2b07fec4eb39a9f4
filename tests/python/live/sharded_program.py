"""One of two processes that share models: prints what is told of each, before and after a real step, as JSON.

python sharded_program.py RANK FILE      # FILE: where the two meet, a path that does not exist yet
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from wrapped_models import example, net, told

from weighbridge.live import describe


def fsdp1(use_orig_params: bool, each_layer: bool) -> nn.Module:
    """FullyShardedDataParallel, around the whole or around each layer as well."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    def layers(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
        return recurse or isinstance(module, nn.Linear)

    policy = layers if each_layer else None
    return FullyShardedDataParallel(
        net(), device_id=torch.device("cpu"), use_orig_params=use_orig_params, auto_wrap_policy=policy
    )


def fsdp2() -> nn.Module:
    """fully_shard: parameters become DTensors."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh, module = init_device_mesh("cpu", (2,)), net()
    fully_shard(module[0], mesh=mesh)
    fully_shard(module, mesh=mesh)
    return module


def tensor_parallel() -> nn.Module:
    """The columns of one layer and the rows of the other."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    plan = {"0": ColwiseParallel(), "2.0": RowwiseParallel()}
    return parallelize_module(net(), init_device_mesh("cpu", (2,)), plan)


KINDS: dict[str, Any] = {
    "ddp": lambda: nn.parallel.DistributedDataParallel(net()),
    "fsdp1": lambda: fsdp1(False, False),
    "fsdp1 original": lambda: fsdp1(True, False),
    "fsdp1 layers": lambda: fsdp1(False, True),
    "fsdp1 original layers": lambda: fsdp1(True, True),
    "fsdp2": fsdp2,
    "tensor parallel": tensor_parallel,
}


def look(module: nn.Module) -> dict[str, Any]:
    """What is told of the module, without and with inputs, and after a forward and a backward for real."""
    seen = {"before": told(module), "dry": told(module, example())}
    module(example()).sum().backward()
    return {**seen, "after": told(module, example())}


def inside() -> dict[str, Any]:
    """What is told of the module that FSDP1 wraps, which holds pieces of its parameters: alone, and with its wrapper."""
    wrapper = fsdp1(True, False)
    inner = wrapper._fsdp_wrapped_module
    alone, within = describe(inner), describe(inner, (example(),), within=wrapper)
    return {
        "alone": [note.message for note in alone.notes],
        "within": [int(within.totals.parameters), int(within.totals.flops)],
    }


def main(rank: int, file: str) -> None:
    """Runs the rank."""
    dist.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    print(json.dumps({**{kind: look(make()) for kind, make in KINDS.items()}, "inside": inside()}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
