"""What autograd keeps of a forward for the backward pass: memory, each once, without parameters and buffers."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

import torch
from torch import nn

from .calls import Calls


class Saved:
    """Whose memory is kept by whom: of each storage its bytes, and the modules that ran when it was first kept."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._kept: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._alive: list[torch.Tensor] = []  # so that no storage comes at the place of another

    def seen(self) -> AbstractContextManager[None]:
        """While it is entered, what is kept is seen."""
        hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, _unpack)
        return hooks  # type: ignore[return-value]

    def _pack(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.layout is torch.strided:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key not in self._kept:
                self._kept[key] = (storage.nbytes(), tuple(frame.path for frame in self._calls.stack))
                self._alive.append(tensor)
        return tensor

    def tell(self, modules: Iterable[tuple[str, nn.Module]]) -> None:
        """Books what was kept in the runs of the modules."""
        for _, module in modules:
            for held in (module._parameters, module._buffers):
                for tensor in held.values():
                    if tensor is not None and tensor.layout is torch.strided:
                        self._kept.pop(tensor.untyped_storage()._cdata, None)
        for size, paths in self._kept.values():
            for path in dict.fromkeys(paths):
                self._calls.runs[path].kept_bytes += size


def _unpack(tensor: torch.Tensor) -> torch.Tensor:
    return tensor
