"""What a real forward needs that a dry one does not: a copy with values, memory for it, and a count of what runs.

Asked for with forward="real", where the values of floats decide what happens next. Everything is computed on the copy.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from .calls import named_modules
from .copy_of import LazyBuffer, Twins
from .mode import Count
from .stop import Stop

PLAIN = (torch.Tensor, nn.Parameter, UninitializedParameter, UninitializedBuffer)


class Copies(Twins):
    """Twins that hold the values, on the devices of what they stand for. Memory is shared where it was."""

    def _tensor(self, tensor: torch.Tensor) -> Any:
        if is_lazy(tensor):
            kind = UninitializedParameter if isinstance(tensor, nn.Parameter) else LazyBuffer
            return kind(requires_grad=tensor.requires_grad, device=tensor.device, dtype=tensor.dtype)
        with torch.no_grad():
            twin = tensor.detach().clone(memory_format=torch.preserve_format)
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(twin, requires_grad=tensor.requires_grad)
        return twin

    def given(self, value: Any) -> Any:
        """The twin of an argument: a copy, which a gradient can end in where it could in the argument."""
        if not isinstance(value, torch.Tensor):
            return super().given(value)
        twin = self.tensor(value)
        return twin.requires_grad_() if value.requires_grad else twin


class Counting(TorchDispatchMode):
    """Runs every operator as it is; `count(func, args, kwargs, out)` is told each."""

    def __init__(self, count: Count) -> None:
        super().__init__()
        self.count = count
        self.failed = ""  # the operator that raised last

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """PyTorch asks this: "yes" would import its compiler and wrap every operator."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        try:
            out = func(*args, **kwargs)
        except Exception:
            self.failed = str(func).rsplit(".", 1)[0]
            raise
        self.count(func, args, kwargs, out)
        return out


def refusal(module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Stop | None:
    """Why the module cannot be run for real; None where it can."""
    needed: dict[torch.device, int] = defaultdict(int)
    seen: set[int] = set()
    for path, held in _tensors(module, args, kwargs):
        if id(held) in seen or is_lazy(held):
            continue
        seen.add(id(held))
        if held.is_meta:
            return Stop("", path, "", "a tensor on the meta device has no values, so forward cannot be run for real.")
        if type(held) not in PLAIN or hasattr(held, "ds_shape"):
            kind = type(held).__name__
            return Stop("", path, "", f"a {kind} is spread over processes or packed: forward=\"real\" cannot copy it.")
        needed[held.device] += held.numel() * held.element_size() if held.layout is torch.strided else 0
    for device, size in needed.items():
        free = free_memory(device)
        if free is not None and size > free:
            why = f"a copy of the module and its inputs takes {size:,} bytes on {device}, and {free:,} are free:"
            return Stop("", "", "", f"{why} forward was not run for real.")
    return None


def _tensors(
    module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None
) -> Iterator[tuple[str, torch.Tensor]]:
    """All that would be copied, with the paths of the modules that hold it."""
    for path, one in named_modules(module):
        yield from ((path, t) for t in (*one._parameters.values(), *one._buffers.values()) if t is not None)
    leaves = tree_flatten((list(args), dict(kwargs or {})))[0]
    yield from (("", leaf) for leaf in leaves if isinstance(leaf, torch.Tensor))


def free_memory(device: torch.device) -> int | None:
    """Bytes that can be had on a device; None where that is not told.

    On the CPU what Linux holds available (MemAvailable of /proc/meminfo), less where a control group allows less.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    known = [size for size in (_available(), _left_in_group()) if size is not None]
    return min(known, default=None)


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        try:
            return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError, AttributeError):
            return None


def _left_in_group(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What version 2 of control groups leaves; its cache can be given back, so it does not count."""
    try:
        most = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return most - used + int(stat.get("inactive_file", 0))
    except (OSError, ValueError):
        return None


@contextmanager
def devices_unmoved() -> Iterator[None]:
    """The generators of random numbers of devices in use are afterwards as they were."""
    before = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    try:
        yield
    finally:
        if before:
            torch.cuda.set_rng_state_all(before)


__all__ = ["Copies", "Counting", "devices_unmoved", "free_memory", "refusal"]
