"""Large integer arguments are not copied: should the forward write to one, it is put back afterwards."""

from __future__ import annotations

from typing import Any

import torch


class Guard:
    """Watches memory that belongs to the caller, and keeps what was in it before a first write."""

    def __init__(self) -> None:
        self._watched: dict[int, torch.Tensor] = {}
        self._before: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._writes: dict[Any, tuple[int, ...]] = {}

    def watch(self, tensor: torch.Tensor) -> None:
        """From now on the memory of `tensor` is the caller's."""
        self._watched[tensor.untyped_storage().data_ptr()] = tensor

    def see(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """An operator on real tensors is about to run."""
        if not self._watched:
            return
        written = self._writes.get(func)
        if written is None:
            declared = enumerate(func._schema.arguments)
            places = (i for i, a in declared if a.alias_info is not None and a.alias_info.is_write)
            written = self._writes[func] = tuple(places)
        for place in written:
            name = func._schema.arguments[place].name
            target = args[place] if place < len(args) else kwargs.get(name)
            if isinstance(target, torch.Tensor) and target.layout is torch.strided:
                tensor = self._watched.pop(target.untyped_storage().data_ptr(), None)
                if tensor is not None:
                    whole = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
                    self._before.append((whole, whole.clone()))

    def put_back(self) -> None:
        """The caller's memory is again as it was."""
        for memory, before in self._before:
            memory.copy_(before)
        self._before.clear()
