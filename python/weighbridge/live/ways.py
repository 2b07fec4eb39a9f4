"""How each operator is run on fakes: by its meta kernel, by a rule of ours, or by FakeTensorMode.

FakeTensorMode is what is always right; what it does for an operator is mostly to call the meta kernel, after it has
imported PyTorch's compiler (2 s). So it is left to the operators that it has rules for which differ from that.
"""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
)

from .fakes import META, Fakes
from .rules import SHORT
from .strides import dense

try:
    from torch._subclasses.fake_impls import op_implementations_dict as OWN_RULES
except ImportError:  # another version of PyTorch: FakeTensorMode does all but views
    OWN_RULES = None

aten = torch.ops.aten
has_kernel = torch._C._dispatch_has_computed_kernel_for_dispatch_key
VIEWS = {
    aten.view.default,
    aten.t.default,
    aten.transpose.int,
    aten.permute.default,
    aten.alias.default,
    aten.expand.default,
    aten.slice.Tensor,
    aten.select.int,
    aten.unsqueeze.default,
    aten.squeeze.dim,
    aten.detach.default,
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten._unsafe_view.default,
    aten.unbind.int,
}
# FakeTensorMode's own rules for these differ from the meta kernel only where there are several devices, or sizes
# that are symbols.
AS_META = {
    "embedding",
    "index",
    "index_put",
    "index_put_",
    "_unsafe_index_put",
    "copy",
    "copy_",
    "slice_scatter",
    "diagonal_scatter",
    "select",
    "slice",
    "view",
    "_unsafe_view",
    "_reshape_copy",
    "view_copy",
    "empty_like",
    "full_like",
    "ones_like",
    "zeros_like",
    "rand_like",
    "randn_like",
    "randint_like",
    "new_empty",
    "new_empty_strided",
    "new_full",
    "new_zeros",
    "new_ones",
}
SHAPED_BY_SIZES = (aten.index.Tensor, aten.repeat_interleave.Tensor)  # mostly, in spite of their tags


class Way:
    """How one operator is run on fakes.

    `remembers`: what it gave for the same shapes may be made anew; `refuses`: the exception for an operator whose
    result depends on the values of floats; `is_meta`: its meta kernel says all; `makes`: it takes no tensors; `short`:
    a rule for the plain case; `rule`: one for all.
    """

    __slots__ = ("remembers", "is_view", "is_meta", "makes", "short", "rule", "refuses")

    def __init__(self, func: Any) -> None:
        self.remembers = _may_remember(func)
        self.is_view = func in VIEWS
        self.short = SHORT.get(func)
        self.rule: Callable[..., Any] | None = RULES.get(func)
        self.refuses = _refusal(func)
        self.is_meta = _is_meta(func)
        self.makes = not any("Tensor" in str(a.type) for a in func._schema.arguments)


_ways: dict[Any, Way] = {}


def way_of(func: Any) -> Way:
    """How the operator is run. Found out once for each."""
    way = _ways.get(func)
    if way is None:
        way = _ways[func] = Way(func)
    return way


def _is_meta(func: Any) -> bool:
    if OWN_RULES is None or func.namespace != "aten":
        return False
    if func in OWN_RULES:
        return func._schema.name.removeprefix("aten::") in AS_META
    return bool(has_kernel(func.name(), "Meta"))


def _refusal(func: Any) -> type[Exception] | None:
    if torch.Tag.data_dependent_output in func.tags:
        return DataDependentOutputException
    if torch.Tag.dynamic_output_shape in func.tags and func not in SHAPED_BY_SIZES:
        return DynamicOutputShapeException
    return None


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


def _grouped_mm(fakes: Fakes, a: Any, b: Any, offs: Any = None, bias: Any = None, out_dtype: Any = None) -> Any:
    """The meta kernel demands bfloat16; the CPU's takes float32 too."""
    shape = [*a.shape[:-1], b.shape[-1]]
    if a.dim() == 2 and b.dim() == 2:  # the inner extent is what is grouped
        shape = [offs.shape[0], *shape]
    elif a.dim() == 3 and b.dim() == 2:  # the columns are grouped
        shape = [a.shape[1], b.shape[1]]
    return fakes.make(shape, dense(shape), out_dtype or a.dtype)


def _convolution(
    fakes: Fakes,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Any:
    """As the meta kernel has it, which imports sympy (0.4 s) to check sizes, in the CPU's memory format."""
    dims, into = weight.dim() - 2, x.shape[-weight.dim() + 1]
    how = (stride, padding, dilation, transposed, output_padding, groups)
    if x.dim() != dims + 2 or into != (weight.shape[0] if transposed else weight.shape[1] * groups):
        return fakes.run(aten.convolution.default, (x, weight, bias, *how), {})  # no batch, or an error

    def extent(d: int) -> int:
        size, step, pad, spread = (int(of[d if len(of) > 1 else 0]) for of in (x.shape[2:], stride, padding, dilation))
        window = spread * (weight.shape[2 + d] - 1)
        if transposed:
            return (size - 1) * step - 2 * pad + window + output_padding[d if len(output_padding) > 1 else 0] + 1
        return (size + 2 * pad - window - 1) // step + 1

    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    shape = [x.shape[0], channels, *(extent(d) for d in range(dims))]
    if min(shape[2:]) <= 0:
        return fakes.run(aten.convolution.default, (x, weight, bias, *how), {})
    stride = torch.empty(shape, memory_format=_format(x, weight), device=META).stride()
    return fakes.make(shape, stride, x.dtype)


def _convolution_backward(fakes: Fakes, grad: Any, x: Any, weight: Any, bias_sizes: Any, *how: Any) -> Any:
    """A gradient has the shape of what it is of."""
    wanted, channels = how[-1], [grad.shape[1]]
    stride = [torch.empty(t.shape, memory_format=_format(x, weight), device=META).stride() for t in (x, weight)]
    return (
        fakes.make(x.shape, stride[0], grad.dtype) if wanted[0] else None,
        fakes.make(weight.shape, stride[1], grad.dtype) if wanted[1] else None,
        fakes.make(channels, (1,), grad.dtype) if wanted[2] else None,
    )


def _format(x: Any, weight: Any) -> Any:
    """The memory format of a convolution on the CPU: channels last where input or weight is."""
    last = {4: torch.channels_last, 5: torch.channels_last_3d}.get(weight.dim())
    if last is not None and any(t.is_contiguous(memory_format=last) and not t.is_contiguous() for t in (x, weight)):
        return last
    return torch.contiguous_format


RULES: dict[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.convolution_backward.default: _convolution_backward,
}
if hasattr(aten, "_grouped_mm"):
    RULES[aten._grouped_mm.default] = _grouped_mm
