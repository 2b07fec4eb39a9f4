"""The FLOPs of an operator: 2 for each multiply-add, as PyTorch's FlopCounterMode counts them.

PyTorch's formulas where it has them, ours where it has none, each with what it follows from. Operators
that go over each element once (sums, products, norms, activations, copies) count 0, as they do there.
An operator that multiplies and has no formula is told as None, so that nobody takes its 0 for the truth.
"""

from __future__ import annotations

import importlib
import sys
from math import prod
from typing import Any, Callable

import torch

from .fakes import entries_of

aten = torch.ops.aten
# Called with (args, kwargs, out); None: it multiplies, and how often is not known.
Formula = Callable[[Any, Any, Any], "int | None"]


def _matrix(a: Any, b: Any) -> int | None:
    """(…, m, k) by (…, k, n): m·n·k multiply-adds. A sparse side: its entries instead of m·k."""
    if a.layout is not torch.strided:
        entries = entries_of(a)
        return None if entries is None else 2 * entries * b.shape[-1]
    if b.layout is not torch.strided:
        entries = entries_of(b)
        return None if entries is None else 2 * entries * a.shape[-2]
    return 2 * a.numel() * b.shape[-1]


def _first_two(args: Any, kwargs: Any, out: Any) -> int | None:
    return _matrix(args[0], args[1])


def _after_the_bias(args: Any, kwargs: Any, out: Any) -> int | None:
    """The bias, first, is added: no multiplication."""
    return _matrix(args[1], args[2])


def _convolution(args: Any, kwargs: Any, out: Any) -> int:
    """Each element of the output (transposed: of the input) meets a filter of in / groups channels.

    The weight is (out, in / groups, kernel…), transposed (in, out / groups, kernel…): all but its first
    extent are multiply-adds of one such element.
    """
    x, weight, transposed = args[0], args[1], args[6]
    elements = x.numel() if transposed else out.numel()
    return 2 * elements * prod(weight.shape[1:])


def _convolution_backward(args: Any, kwargs: Any, out: Any) -> int:
    """The gradients of input and weight, where asked for: each as many multiply-adds as the forward.

    (PyTorch's formula takes a grouped convolution's for one without groups.)
    """
    grad, x, weight, transposed, wanted = args[0], args[1], args[2], args[7], args[10]
    elements = x.numel() if transposed else grad.numel()
    return 2 * elements * prod(weight.shape[1:]) * sum(bool(w) for w in wanted[:2])


def _attention(args: Any, kwargs: Any, out: Any) -> int:
    """q (b, h, s, d) by k (b, g, t, d) and then by v (b, g, t, e): b·h·s·t·(d + e) multiply-adds.

    Fewer heads of keys (g < h) are shared by queries, which saves memory and no multiplication. A mask saves
    none either: so the number is the same for every kernel.
    """
    q, k, v = args[:3]
    return 2 * prod(q.shape[:-1]) * k.shape[-2] * (q.shape[-1] + v.shape[-1])


def _attention_backward(args: Any, kwargs: Any, out: Any) -> int:
    """The gradient of two products is four; that a kernel may recompute the first is not counted."""
    return 2 * _attention(args[1:4], kwargs, out)


def _vectors(args: Any, kwargs: Any, out: Any) -> int:
    """dot: n multiply-adds; mv: m·n, the elements of the matrix."""
    return 2 * int(args[0].numel())


def _addmv(args: Any, kwargs: Any, out: Any) -> int:
    return 2 * int(args[1].numel())


def _addr(args: Any, kwargs: Any, out: Any) -> int:
    """The outer product of n and m elements, added: n·m multiply-adds."""
    return 2 * args[1].numel() * args[2].numel()


def _trilinear(args: Any, kwargs: Any, out: Any) -> int | None:
    """Bilinear: out[b, o] = sum over i of x[b, i] · (sum over j of W[o, i, j] · y[b, j]).

    The inner sum takes b·o·i·j multiply-adds, the outer one b·o·i.
    """
    x, weight, y = args[:3]
    if x.dim() != 2 or weight.dim() != 3 or y.dim() != 2:
        return None
    o, i, j = weight.shape
    return 2 * x.shape[0] * o * i * (j + 1)


def _distances(args: Any, kwargs: Any, out: Any) -> int:
    """cdist of (…, p, m) and (…, r, m): each of …·p·r distances squares and adds m differences."""
    return 2 * int(out.numel()) * int(args[0].shape[-1])


def _pairs(args: Any, kwargs: Any, out: Any) -> int:
    """pdist of (n, m): each of n·(n − 1) / 2 distances squares and adds m differences."""
    return 2 * int(out.numel()) * int(args[0].shape[-1])


def _rnn_layer(args: Any, kwargs: Any, out: Any) -> int:
    """One direction of an LSTM layer over (t, b, in): each step multiplies by both weight matrices.

    They are (4·hidden, in) and (4·hidden, hidden): t·b·4·hidden·(in + hidden) multiply-adds.
    """
    x, weight, recurrent = args[:3]
    return 2 * prod(x.shape[:-1]) * (weight.numel() + recurrent.numel())


def _rnn_layer_backward(args: Any, kwargs: Any, out: Any) -> int:
    """The gradient of a product is two products of its size."""
    return 2 * _rnn_layer(args, kwargs, out)


def _grouped(args: Any, kwargs: Any, out: Any) -> int:
    """Rows (m, k), each by the (k, n) of its group out of (g, k, n): m·k·n multiply-adds.

    The other ways to group cut k or n into groups: the same product. Without cuts it is a batch of g.
    """
    a, b = args[:2]
    return 2 * int(a.numel()) * int(b.shape[-1])


def _packed_linear(args: Any, kwargs: Any, out: Any) -> int:
    """A linear layer whose weight is packed away: the output's elements times the input's columns."""
    return 2 * int(out.numel()) * int(args[0].shape[-1])


def _packed_recurrent(gates: int) -> Formula:
    """Layers of packed weights over (t, b, in), or over the steps of a packed sequence (n, in).

    In each direction a layer of hidden size h multiplies every step by (gates·h, what comes in) and (gates·h, h); what
    comes into a later layer are all directions of the one before. Schema: (input, hx, …) or (data, batch_sizes, hx, …).
    """

    def count(args: Any, kwargs: Any, out: Any) -> int:
        x, at = args[0], 1 if isinstance(args[1], (list, tuple)) or args[1].dim() == 3 else 2
        state = args[at][0] if isinstance(args[at], (list, tuple)) else args[at]
        layers, directions, hidden = args[at + 3], 2 if args[at + 6] else 1, state.shape[-1]
        taken = x.shape[-1] + (layers - 1) * directions * hidden + layers * hidden
        return 2 * prod(x.shape[:-1]) * directions * gates * hidden * taken

    return count


def _conv_tbc(args: Any, kwargs: Any, out: Any) -> int:
    """(t, b, in) by (kernel, in, out): each of the output's elements meets kernel·in."""
    kernel, channels, _ = args[1].shape
    return 2 * int(out.numel()) * int(kernel) * int(channels)


OWN: dict[str, Formula] = {
    "aten::mm": _first_two,
    "aten::bmm": _first_two,
    "aten::_int_mm": _first_two,
    "aten::_sparse_mm": _first_two,
    "aten::addmm": _after_the_bias,
    "aten::baddbmm": _after_the_bias,
    "aten::_addmm_activation": _after_the_bias,
    "aten::_sparse_addmm": _after_the_bias,
    "aten::convolution": _convolution,
    "aten::convolution_backward": _convolution_backward,
    "aten::mv": _vectors,
    "aten::dot": _vectors,
    "aten::vdot": _vectors,
    "aten::addmv": _addmv,
    "aten::addr": _addr,
    "aten::_trilinear": _trilinear,
    "aten::_cdist_forward": _distances,
    "aten::_euclidean_dist": _distances,
    "aten::_pdist_forward": _pairs,
    "aten::mkldnn_rnn_layer": _rnn_layer,
    "aten::mkldnn_rnn_layer_backward": _rnn_layer_backward,
    "aten::_grouped_mm": _grouped,
    "aten::mkldnn_linear": _packed_linear,
    "aten::conv_tbc": _conv_tbc,
    "aten::quantized_lstm": _packed_recurrent(4),
    "aten::quantized_gru": _packed_recurrent(3),
    "quantized::linear_dynamic": _packed_linear,
    "quantized::linear_relu_dynamic": _packed_linear,
    "quantized::linear_dynamic_fp16": _packed_linear,
    "quantized::linear": _packed_linear,
}
for _way in (
    "flash_attention_for_cpu",
    "flash_attention",
    "efficient_attention",
    "cudnn_attention",
    "fused_attention_overrideable",
):
    OWN[f"aten::_scaled_dot_product_{_way}"] = _attention
    OWN[f"aten::_scaled_dot_product_{_way}_backward"] = _attention_backward

# PyTorch has formulas for these.
THEIRS = (
    "aten::_scaled_mm",
    "aten::_flash_attention_",
    "aten::_efficient_attention_",
    "aten::_convolution",
    "aten::convolution_overrideable",
    "aten::cudnn_convolution",
    "aten::_slow_conv2d_forward",
)
# Of PyTorch's own: these multiply, and neither it nor we have a formula.
UNKNOWN = (
    "_fft_",
    "linalg_",
    "_linalg_",
    "cholesky",
    "_cholesky",
    "triangular_solve",
    "ormqr",
    "lu_",
    "geqrf",
    "_weight_int",
    "_convert_weight",
    "_native_multi_head_attention",
    "_transformer_encoder_layer",
    "_ctc_loss",
    "_cdist_backward",
    "_pdist_backward",
    "segment_matmul",
    "_dyn_quant_matmul",
    "_thnn_",
    "miopen_",
    "_cudnn_rnn",
    "_mixed_dtypes",
    "_sparse_semi_structured",
    "_cslt",
    "mkldnn_rnn_layer",
    "quantized_",
    "_scaled_grouped_mm",
    "renorm",
)
NO_PRODUCTS = ("linalg_vector_norm", "linalg_cross", "linalg_diagonal", "_thnn_fused_")
# Names of operators that only look at or move things, whoever wrote them.
HARMLESS = ("prim", "prims", "profiler", "debugprims", "inductor", "streams", "c10d", "rngprims")


def formula_of(func: Any) -> Formula | None:
    """How the operator is counted; None where it counts 0. Once for each operator."""
    name = func._schema.name
    own = OWN.get(name)
    if own is not None:
        return own
    if name.startswith(THEIRS):
        importlib.import_module("torch.utils.flop_counter")  # a second, where it finds triton
    registry = sys.modules.get("torch.utils.flop_counter")  # who gave a formula to it has imported it
    # PyTorch 2.1 has a mapping of formulas that take shapes; what it has a formula for, we have one, too.
    theirs = getattr(registry, "flop_registry", {}).get(func.overloadpacket)
    if theirs is not None:
        return lambda args, kwargs, out: int(theirs(*args, **kwargs, out_val=out))
    space, bare = name.split("::")
    if space == "aten":
        unknown = bare.startswith(UNKNOWN) and not bare.startswith(NO_PRODUCTS)
    else:
        unknown = space not in HARMLESS and not space.startswith("_c10d")
    return (lambda args, kwargs, out: None) if unknown else None
