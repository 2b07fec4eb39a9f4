"""The dispatch mode of a dry run: integers and booleans are computed, floats are only shaped.

Integers are few and decide shapes (edges, masks, lengths, tokens); floats are many and decide none, or
nearly none. An operator that has seen the same shapes before is not asked again: what it gave is made anew
from a cache, in a tenth of the time that FakeTensorMode takes.
"""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from .fakes import CPU, Fakes
from .guard import Guard

try:
    from torch._subclasses.fake_tensor import in_kernel_invocation_manager
except ImportError:  # a private name: without it FakeTensorMode does all
    in_kernel_invocation_manager = None  # type: ignore[assignment]

aten = torch.ops.aten
NO_DISPATCH = torch.Tensor.__torch_dispatch__
FLOAT_FACTORIES = (aten.empty, aten.zeros, aten.ones, aten.rand, aten.randn, aten.empty_permuted)
# Views whose meta kernels need none of what FakeTensorMode does besides.
VIEWS = (
    aten.view.default, aten.t.default, aten.transpose.int, aten.permute.default, aten.alias.default,
    aten.expand.default, aten.slice.Tensor, aten.select.int, aten.unsqueeze.default,
    aten.squeeze.dim, aten.detach.default, aten.split.Tensor, aten.split_with_sizes.default,
    aten._unsafe_view.default, aten.unbind.int,
)
DEVICE_OF = torch.ops.prim.device.default
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
        self._remembers: dict[Any, bool] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """PyTorch asks this: "yes" would import its compiler (2 s) and wrap every operator."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is DEVICE_OF:
            return CPU
        for kind in types:
            if kind.__torch_dispatch__ != NO_DISPATCH and not issubclass(kind, FakeTensor):
                return NotImplemented  # a wrapper of tensors: its own operators come back here
        kwargs = dict(kwargs) if kwargs else {}
        try:
            out = self._run(func, args, kwargs)
        except Exception:
            self.failed = str(func).rsplit(".", 1)[0]
            raise
        self.count(func, args, kwargs, out)
        return out

    def _run(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        tensors = tensors_in(args, [])
        if kwargs:
            tensors_in(kwargs.values(), tensors)
            if kwargs.get("device") is not None:
                kwargs["device"] = CPU  # the run is on no device: it plays the CPU
        fakes = sum(1 for t in tensors if isinstance(t, FakeTensor))
        if fakes or any(t.is_meta for t in tensors):
            if func is aten.index.Tensor:
                args = (args[0], _places(args[1]), *args[2:])
                tensors, fakes = tensors_in(args, []), 0
            if fakes < len(tensors):
                args, kwargs = tree_map_only(torch.Tensor, self.fakes.of, (args, kwargs))
            return self._shape(func, args, kwargs)
        if not tensors and _makes_floats(func, kwargs):
            return self._shape(func, args, kwargs)
        self.guard.see(func, args, kwargs)
        return func(*args, **kwargs)

    def _shape(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """What the operator gives for fakes."""
        if func in VIEWS and in_kernel_invocation_manager is not None and not kwargs:
            with in_kernel_invocation_manager(self.fakes.mode):
                out = func(*args)
            wrap = self.fakes.wrap
            return wrap(out) if isinstance(out, torch.Tensor) else [wrap(o) for o in out]
        key = None
        if self._may_remember(func):
            parts: list[Any] = [func]
            if _describe(args, parts) and (not kwargs or _describe_named(kwargs, parts)):
                key = tuple(parts)
                known = self._seen.get(key)
                if known is not None:
                    return self._again(known, args)
        out = self._ask(func, args, kwargs)
        if key is not None:
            known = _recipe(out, args)
            if known is not None:
                self._seen[key] = known
        return out

    def _ask(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        rule = RULES.get(func.overloadpacket)
        if rule is not None:
            return rule(self.fakes, *args, **kwargs)
        with self.fakes.mode:
            return func(*args, **kwargs)

    def _again(self, known: Any, args: Any) -> Any:
        kind, recipes = known
        if kind == "self":
            return args[0]
        made = [None if r is None else self.fakes.make(*r) for r in recipes]
        return made[0] if kind == "one" else tuple(made) if kind == "tuple" else made

    def _may_remember(self, func: Any) -> bool:
        answer = self._remembers.get(func)
        if answer is None:
            answer = self._remembers[func] = _may_remember(func)
        return answer


def _may_remember(func: Any) -> bool:
    """Whether what the operator gives follows from shapes alone and aliases at most its first argument."""
    if func.namespace != "aten" or torch.Tag.dynamic_output_shape in func.tags:
        return False
    if torch.Tag.data_dependent_output in func.tags:
        return False
    schema = func._schema
    aliased = [i for i, a in enumerate(schema.arguments) if a.alias_info is not None]
    if not aliased:
        return all(r.alias_info is None for r in schema.returns)
    # An in-place operator gives its first argument back, unless it is one that changes its shape.
    name = schema.name.split("::")[-1]
    reshapes = ("resize", "set_", "squeeze", "t_", "transpose", "swap", "as_strided", "detach_")
    return (
        aliased == [0]
        and schema.arguments[0].alias_info.is_write
        and len(schema.returns) == 1
        and name.endswith("_")
        and not name.startswith(reshapes)
        and "unsqueeze" not in name
    )


def _describe(values: Any, parts: list[Any]) -> bool:
    """Appends what a key needs to know of the values; False where that cannot be told."""
    for value in values:
        kind = type(value)
        if kind is FakeTensor or kind is torch.nn.Parameter or isinstance(value, FakeTensor):
            if value.layout is not torch.strided:
                return False
            parts += (value.shape, value.stride(), value.dtype)
        elif kind in (int, float, bool, type(None), str, torch.dtype, torch.memory_format):
            parts += (kind, value)
        elif kind in (list, tuple) or kind is torch.Size:
            parts.append(len(value))
            if not _describe(value, parts):
                return False
        elif kind in (torch.device, torch.layout):
            parts.append(value)
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
        return ("one", [_spec(out)]) if _plain(out) else None
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
    if any(isinstance(i, FakeTensor) for i in indices if i is not None):
        return list(indices)
    places: list[Any] = []
    for index in indices:
        if index is not None and index.dtype in (torch.bool, torch.uint8):
            places.extend(index.nonzero().unbind(1))
        else:
            places.append(index)
    return places


def _makes_floats(func: Any, kwargs: dict[str, Any]) -> bool:
    """Whether the operator makes floats out of nothing."""
    dtype = kwargs.get("dtype")
    if dtype is None and func.overloadpacket in FLOAT_FACTORIES:
        dtype = torch.get_default_dtype()
    return dtype is not None and (dtype.is_floating_point or dtype.is_complex)


def _grouped_mm(fakes: Fakes, a: Any, b: Any, offs: Any = None, bias: Any = None,
                out_dtype: Any = None) -> Any:
    """The meta kernel demands bfloat16; the CPU's takes float32 too."""
    shape = [*a.shape[:-1], b.shape[-1]]
    if a.dim() == 2 and b.dim() == 2:  # the inner extent is what is grouped
        shape = [offs.shape[0], *shape]
    elif a.dim() == 3 and b.dim() == 2:  # the columns are grouped
        shape = [a.shape[1], b.shape[1]]
    stride = torch.empty(shape, device="meta").stride()
    return fakes.make(shape, stride, out_dtype or a.dtype)


RULES: dict[Any, Any] = {}
if hasattr(aten, "_grouped_mm"):
    RULES[aten._grouped_mm] = _grouped_mm
