"""Attributes that `copy.deepcopy` refuses: locks, open files, generators, handles of devices.

None of them has a part in what a forward gives, nearly always. So a lock becomes a fresh one, a file that is written to
becomes memory, and anything else a stand-in: only a forward that uses it is stopped, at the line where it does.
"""

from __future__ import annotations

import copy
import io
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn

FRESH: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
    threading.Condition: threading.Condition,
}
COPYING = ("__new__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__slots__")


class CannotCopy(RuntimeError):
    """A forward uses what stands for something that could not be copied."""


class StandIn:
    """Raises CannotCopy for whatever is asked of it."""

    def __init__(self, told: str) -> None:
        self.__dict__["_told"] = told

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise CannotCopy(self.__dict__["_told"])

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    __setattr__ = __call__ = __iter__ = __next__ = __len__ = __bool__ = __getitem__ = __enter__ = __exit__ = _refuse
    __setitem__ = __contains__ = __int__ = __float__ = __index__ = __await__ = _refuse


def copied(value: Any, memo: dict[int, Any], twin: Callable[[Any], Any], mode: AbstractContextManager[Any]) -> Any:
    """The deep copy of an attribute, made within `mode`; `twin` copies what it holds where `deepcopy` cannot."""
    fresh = FRESH.get(type(value))
    if fresh is not None:
        return memo.setdefault(id(value), fresh())
    known = len(memo)
    try:
        with mode:
            return copy.deepcopy(value, memo)
    except RecursionError:
        raise
    except Exception as error:
        for half_done in list(memo)[known:]:
            del memo[half_done]
        memo[id(value)] = done = _instead(value, memo, twin, error)
        return done


def _instead(value: Any, memo: dict[int, Any], twin: Callable[[Any], Any], error: Exception) -> Any:
    if isinstance(value, io.IOBase) and not value.closed and value.writable():
        return io.StringIO() if isinstance(value, io.TextIOBase) else io.BytesIO()
    if _is_plain(type(value)):
        whole = object.__new__(type(value))
        memo[id(value)] = whole
        whole.__dict__.update((name, twin(item)) for name, item in vars(value).items())
        return whole
    kind = type(value).__name__
    why = " ".join(f"{type(error).__name__}: {error}".split())
    return StandIn(f"forward uses a {kind} of its module, which cannot be copied ({why})")


def _is_plain(kind: type) -> bool:
    """Whether an object is what its dictionary holds, and does not say otherwise how it is copied."""
    of_object = all(getattr(kind, name, None) is getattr(object, name, None) for name in COPYING)
    return of_object and kind.__dictoffset__ != 0


__all__ = ["CannotCopy", "StandIn", "copied"]
