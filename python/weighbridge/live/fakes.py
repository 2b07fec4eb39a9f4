"""Fake tensors made fast: a shape, a stride and a dtype on the CPU, and no memory behind them."""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

CPU = torch.device("cpu")


class Fakes:
    """Makes the fake tensors of one dry run, all of one FakeTensorMode and all on the CPU."""

    def __init__(self) -> None:
        self.mode = FakeTensorMode(allow_non_fake_inputs=True)
        elem = torch.empty(1, device="meta")
        self._template = dict(FakeTensor(self.mode, elem, CPU).__dict__)
        self._quick = True
        try:
            self._quick = self.wrap(elem).device == CPU
        except Exception:  # a private name of PyTorch that moved: the constructor serves instead
            self._quick = False

    def wrap(self, elem: torch.Tensor) -> torch.Tensor:
        """The fake tensor of a meta tensor. A third of the constructor's time: it only copies."""
        if not self._quick:
            return FakeTensor(self.mode, elem, CPU)
        fake: torch.Tensor = torch.Tensor._make_subclass(  # type: ignore[attr-defined]
            FakeTensor, elem, elem.requires_grad, dispatch_device=True, device_for_backend_keys=CPU
        )
        fake.__dict__.update(self._template)
        return fake

    def make(self, shape: Any, stride: Any, dtype: torch.dtype) -> torch.Tensor:
        """A fake of this shape, stride (in elements) and dtype."""
        return self.wrap(torch.empty_strided(shape, stride, dtype=dtype, device="meta"))

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """The fake of any tensor: itself if it is one, else one that looks the same."""
        if isinstance(tensor, FakeTensor):
            return tensor
        if tensor.device.type == "meta" and tensor.layout is torch.strided:
            return self.wrap(tensor.detach())
        # Exactly these: a subclass may be a wrapper of other tensors, which FakeTensorMode knows.
        if type(tensor) in (torch.Tensor, torch.nn.Parameter) and is_plain(tensor):
            return self.make(tensor.shape, tensor.stride(), tensor.dtype)
        fake = self.mode.from_tensor(tensor.detach())
        if tensor.layout is not torch.strided:
            fake.weighed_entries = entries_of(tensor)  # type: ignore[attr-defined]
        return fake


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether shape, stride and dtype say all of the tensor."""
    return (
        tensor.layout is torch.strided
        and not tensor.is_quantized
        and not tensor.is_nested
        and not tensor.is_conj()
        and not tensor.is_neg()
    )


def entries_of(tensor: torch.Tensor) -> int | None:
    """How many entries a sparse tensor holds; None where it is not known."""
    known = getattr(tensor, "weighed_entries", None)
    if known is not None or isinstance(tensor, FakeTensor):
        return known
    if tensor.layout is torch.sparse_coo:
        return int(tensor._nnz())
    return int(tensor.values().numel())
