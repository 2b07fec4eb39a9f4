"""The dispatch mode of a dry run: integers and booleans are computed, floats are only shaped.

Integers are few and decide shapes (edges, masks, lengths, tokens); floats are many and decide none, or
nearly none. An operator that has seen the same shapes before is not asked again: what it gave is made anew
from a cache, in a tenth of the time that FakeTensorMode takes.
"""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from .dtypes import check
from .fakes import CPU, META, Fakes
from .guard import Guard
from .ways import Way, way_of

aten = torch.ops.aten
NO_DISPATCH = torch.Tensor.__torch_dispatch__
FLOAT_FACTORIES = (aten.empty, aten.zeros, aten.ones, aten.rand, aten.randn, aten.empty_permuted)
DEVICE_OF = torch.ops.prim.device.default
STRIDED = torch.strided
PLAIN = frozenset((int, float, bool, type(None), str, torch.dtype, torch.memory_format, torch.device, torch.layout))
Count = Callable[[Any, Any, Any, Any], None]


def tensors_in(values: Any, found: list[torch.Tensor]) -> list[torch.Tensor]:
    """All tensors of the arguments of an operator: they lie in lists at the deepest."""
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            tensors_in(value, found)
    return found


class Dry(TorchDispatchMode):
    """Runs every operator of a forward; `count(func, args, kwargs, out)` is told each."""

    def __init__(self, fakes: Fakes, count: Count, guard: Guard) -> None:
        super().__init__()
        self.fakes = fakes
        self.count = count
        self.guard = guard
        self.failed = ""  # the operator that raised last
        self._seen: dict[Any, Any] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """PyTorch asks this: "yes" would import its compiler (2 s) and wrap every operator."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is DEVICE_OF:
            return CPU
        for kind in types:
            if kind is not FakeTensor and kind.__torch_dispatch__ != NO_DISPATCH:
                return NotImplemented  # a wrapper of tensors: its own operators come back here
        kwargs = dict(kwargs) if kwargs else {}
        try:
            out = self._run(func, way_of(func), args, kwargs)
        except Exception:
            self.failed = str(func).rsplit(".", 1)[0]
            raise
        self.count(func, args, kwargs, out)
        return out

    def _run(self, func: Any, way: Way, args: Any, kwargs: dict[str, Any]) -> Any:
        if way.is_view and not kwargs and type(args[0]) is FakeTensor:
            return self.fakes.run(func, args, kwargs)
        tensors = tensors_in(args, [])
        if kwargs:
            tensors_in(kwargs.values(), tensors)
            if kwargs.get("device") is not None:
                kwargs["device"] = CPU  # the run is on no device: it plays the CPU
        fakes = 0
        metas = False
        for tensor in tensors:
            if isinstance(tensor, FakeTensor):
                fakes += 1
            elif tensor.is_meta:
                metas = True
        if fakes or metas:
            if func is aten.index.Tensor:
                args = (args[0], _places(args[1]), *args[2:])
                tensors, fakes = tensors_in(args, []), 0
            if fakes < len(tensors):
                args, kwargs = tree_map_only(torch.Tensor, self.fakes.of, (args, kwargs))
            if way.refuses is not None:
                raise way.refuses(func)
            return self._shape(func, way, args, kwargs)
        if not tensors and _makes_floats(func, kwargs):
            return self._shape(func, way, args, kwargs)
        self.guard.see(func, args, kwargs)
        return func(*args, **kwargs)

    def _shape(self, func: Any, way: Way, args: Any, kwargs: dict[str, Any]) -> Any:
        """What the operator gives for fakes."""
        if not way.remembers:
            return self._ask(func, way, args, kwargs)
        parts: list[Any] = [func]
        if not _describe(args, parts) or (kwargs and not _describe_named(kwargs, parts)):
            return self._ask(func, way, args, kwargs)
        key = tuple(parts)
        known = self._seen.get(key)
        if known is not None:
            return self._again(known, args)
        out = self._ask(func, way, args, kwargs)
        known = _recipe(out, args)
        if known is not None:
            self._seen[key] = known
        return out

    def _ask(self, func: Any, way: Way, args: Any, kwargs: dict[str, Any]) -> Any:
        if way.rule is not None:
            return way.rule(self.fakes, *args, **kwargs)
        if way.short is not None:
            out = way.short(self.fakes, *args, **kwargs)
            if out is not None:
                return out
        check(func, args)
        if way.is_meta:
            named = {**kwargs, "device": META} if way.makes or kwargs.get("device") is not None else kwargs
            try:
                return self.fakes.run(func, args, named)
            except NotImplementedError:
                way.is_meta = False
        with self.fakes.mode:
            return func(*args, **kwargs)

    def _again(self, known: Any, args: Any) -> Any:
        kind, recipes = known
        if kind == "one":
            return self.fakes.make(*recipes)
        if kind == "self":
            return args[0]
        made = [None if r is None else self.fakes.make(*r) for r in recipes]
        return tuple(made) if kind == "tuple" else made


def _describe(values: Any, parts: list[Any]) -> bool:
    """Appends what a key needs to know of the values; False where that cannot be told."""
    for value in values:
        kind = type(value)
        if kind is FakeTensor or isinstance(value, FakeTensor):
            if value.layout is not STRIDED:
                return False
            parts += (value.shape, value.stride(), value.dtype)
        elif kind in PLAIN:
            parts += (kind, value)
        elif kind in (list, tuple) or kind is torch.Size:
            parts.append(len(value))
            if not _describe(value, parts):
                return False
        else:
            return False
    return True


def _describe_named(kwargs: dict[str, Any], parts: list[Any]) -> bool:
    parts.extend(kwargs)
    return _describe(kwargs.values(), parts)


def _recipe(out: Any, args: Any) -> Any:
    """How to make `out` again; None where it cannot be."""
    if isinstance(out, torch.Tensor):
        if args and out is args[0]:
            return ("self", [])
        return ("one", _spec(out)) if _plain(out) else None
    if isinstance(out, (list, tuple)) and all(o is None or _plain(o) for o in out):
        kind = "tuple" if isinstance(out, tuple) else "list"
        return kind, [None if o is None else _spec(o) for o in out]
    return None


def _plain(out: Any) -> bool:
    return isinstance(out, FakeTensor) and out.layout is torch.strided


def _spec(out: torch.Tensor) -> tuple[Any, Any, torch.dtype]:
    return tuple(out.shape), out.stride(), out.dtype


def _places(indices: Any) -> list[Any]:
    """A mask of real booleans is turned into places, whose number is then known."""
    places: list[Any] = []
    for index in indices:
        if index is None or index.dtype not in (torch.bool, torch.uint8):
            places.append(index)
        elif isinstance(index, FakeTensor):
            raise DynamicOutputShapeException(aten.nonzero.default)
        else:
            places.extend(index.nonzero().unbind(1))
    return places


def _makes_floats(func: Any, kwargs: dict[str, Any]) -> bool:
    """Whether the operator makes floats out of nothing."""
    dtype = kwargs.get("dtype")
    if dtype is None and func.overloadpacket in FLOAT_FACTORIES:
        dtype = torch.get_default_dtype()
    return dtype is not None and (dtype.is_floating_point or dtype.is_complex)
