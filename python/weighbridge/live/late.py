"""Parameters of a copy that become fakes only when they are asked for.

A fake takes 10 µs, and a layer whose call is answered by a shortcut needs none: what its parameters look like is read
off those that they stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from .fakes import is_plain_parameter

_KEYS = torch._C.DispatchKey
_TRANSFORMS = torch._C.DispatchKeySet(_KEYS.FuncTorchDynamicLayerFrontMode) | torch._C.DispatchKeySet(
    _KEYS.FuncTorchDynamicLayerBackMode
)


class Late(dict[str, Any]):
    """A `_parameters` that holds the parameters of the original until anything but a name is asked of it."""

    __slots__ = ("twin_of",)

    def __init__(self, originals: dict[str, Any], twin_of: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__(originals)
        self.twin_of: Callable[[torch.Tensor], torch.Tensor] | None = twin_of

    @property
    def waits(self) -> bool:
        """Whether it still holds the originals, which `dict`'s own methods give."""
        return self.twin_of is not None

    def fill(self) -> None:
        """From now on it holds the twins."""
        twin_of, self.twin_of = self.twin_of, None
        if twin_of is not None:
            with _outside():
                for name, original in dict.items(self):
                    dict.__setitem__(self, name, None if original is None else twin_of(original))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (), None, None, iter(self.items())


def _filled(name: str) -> Any:
    method = getattr(dict, name)

    def call(self: Late, *args: Any, **named: Any) -> Any:
        if self.twin_of is not None:
            self.fill()
        return method(self, *args, **named)

    return call


for _name in (
    *("__getitem__", "__setitem__", "__delitem__", "__iter__", "__reversed__", "__eq__", "__ne__", "__repr__"),
    *("__or__", "__ror__", "__ior__", "get", "items", "values", "copy", "pop", "popitem", "setdefault", "update", "clear"),
):
    setattr(Late, _name, _filled(_name))


def may_wait(held: dict[str, Any]) -> bool:
    """Whether each of them is a parameter of which shape, stride and dtype say all."""
    for parameter in held.values():
        if parameter is not None and not is_plain_parameter(parameter):
            return False
    return True


@contextmanager
def _outside() -> Iterator[None]:
    """As before the forward: without the modes and transforms that its code has entered."""
    with ExitStack() as stack:
        stack.enter_context(torch._C._DisableTorchDispatch())
        stack.enter_context(torch._C.DisableTorchFunction())
        stack.enter_context(torch._C._ExcludeDispatchKeyGuard(_TRANSFORMS))
        stack.enter_context(torch.inference_mode(False))
        yield


__all__ = ["Late", "may_wait"]
