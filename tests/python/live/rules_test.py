"""Each rule of live/rules.py and live/ways.py gives what a real run on the CPU gives: shape, strides and dtype."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from weighbridge.live.fakes import Fakes
from weighbridge.live.pointwise_rules import BINARY, COMPARED, GRADIENTS, UNARY
from weighbridge.live.rules import SHORT
from weighbridge.live.ways import RULES

aten = torch.ops.aten
FLAT = torch.randn(6, 4)
CUBE = torch.randn(2, 6, 4)
TURNED = torch.randn(2, 4, 6).transpose(1, 2)  # (2, 6, 4), not contiguous
SPREAD = torch.randn(2, 1, 4).expand(2, 6, 4)
IMAGE = torch.randn(2, 4, 8, 6)
LAST = IMAGE.contiguous(memory_format=torch.channels_last)
FLOATS = (FLAT, CUBE, TURNED, SPREAD, IMAGE, LAST, CUBE.half(), torch.tensor(2.0), torch.empty(0, 4))
PAIRS = (
    (CUBE, CUBE),
    (CUBE, FLAT),
    (TURNED, FLAT),
    (FLAT, TURNED),
    (TURNED, CUBE),
    (SPREAD, TURNED),
    (LAST, IMAGE),
    (LAST, torch.randn(4, 1, 1)),
    (CUBE, CUBE.half()),
    (CUBE.half(), torch.tensor(2.0)),
    (CUBE, torch.ones(4).int()),
    (torch.tensor(2.0), CUBE.bfloat16()),
    (torch.randn(4, 1), torch.randn(1, 3)),
)
NUMBERS = {
    "leaky_relu": (0.1,),
    "pow.Tensor_Scalar": (2,),
    "clamp": (0.0, 1.0),
    "clamp_min": (0.0,),
    "clamp_max": (1.0,),
}
HEADS = torch.randn(2, 3, 5, 8)
HEADS_TURNED = torch.randn(2, 5, 3, 8).transpose(1, 2)
HEADS_CUT = torch.randn(2, 5, 72).split(24, 2)[1].view(2, 5, 3, 8).transpose(1, 2)
WEIGHT, VECTOR = torch.randn(8, 4, 3, 3), torch.randn(4)


def norm(x: torch.Tensor, training: bool) -> tuple[Any, ...]:
    return x, VECTOR, VECTOR, VECTOR, VECTOR, training, 0.1, 1e-5


OTHERS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((aten.where.self, (CUBE > 0, a, b), {}) for a, b in ((CUBE, TURNED), (FLAT, CUBE), (FLAT, torch.tensor(0.0)))),
    *((aten.masked_fill.Scalar, (x, FLAT > 0, 1.0), {}) for x in (CUBE, TURNED)),
    *((aten.clone.default, (x,), {}) for x in FLOATS),
    *((aten.clone.default, (x,), {"memory_format": torch.contiguous_format}) for x in FLOATS),
    *((aten._to_copy.default, (x,), {"dtype": torch.bfloat16}) for x in FLOATS),
    (aten.mm.default, (FLAT, FLAT.t()), {}),
    (aten.addmm.default, (torch.randn(6), FLAT, FLAT.t()), {}),
    (aten.addmm.default, (torch.randn(6, 1), FLAT, FLAT.t()), {}),
    (aten.bmm.default, (CUBE, CUBE.transpose(1, 2)), {}),
    *((op.default, (x, -1, False), {}) for op in (aten._softmax, aten._log_softmax) for x in (CUBE, TURNED)),
    *((aten.native_layer_norm.default, (x, [4], w, w, 1e-5), {}) for x in (CUBE, TURNED) for w in (None, VECTOR)),
    (aten.native_layer_norm.default, (CUBE.half(), [4], None, None, 1e-5), {}),
    *((aten.native_batch_norm.default, norm(x, t), {}) for x in (FLAT, IMAGE, LAST) for t in (True, False)),
    *(
        (aten.max_pool2d_with_indices.default, (x, [3, 3], *more), {})
        for x in (IMAGE, LAST)
        for more in ((), ([2, 2], [1, 1]), ([1], [1], [2]), ([2, 2], [0, 0], [1, 1], True))
    ),
    *((op.dim, (x, [-1, 0], keep), {}) for x in (CUBE, TURNED) for keep in (True, False) for op in (aten.mean,)),
    *((aten.sum.dim_IntList, (x, [-1, 0], keep), {}) for x in (CUBE, TURNED) for keep in (True, False)),
    *((op.default, (CUBE,), {}) for op in (aten.sum, aten.mean)),
    (aten.cat.default, ([CUBE, CUBE], 1), {}),
    (aten.cat.default, ([CUBE, TURNED], -1), {}),
    (aten.stack.default, ([CUBE, CUBE], -1), {}),
    (aten.embedding.default, (FLAT, torch.zeros(2, 3, dtype=torch.int64)), {}),
    *(
        (aten._scaled_dot_product_flash_attention_for_cpu.default, (x, x, x), {})
        for x in (HEADS, HEADS_TURNED, HEADS_CUT)
    ),
    *((aten._softmax_backward_data.default, (CUBE, x, -1, torch.float32), {}) for x in (CUBE, TURNED)),
    (aten._log_softmax_backward_data.default, (CUBE, CUBE, -1, torch.float32), {}),
    (
        aten.native_batch_norm_backward.default,
        (IMAGE, IMAGE, VECTOR, VECTOR, VECTOR, VECTOR, VECTOR, True, 1e-5, [True, True, False]),
        {},
    ),
    (
        aten.native_layer_norm_backward.default,
        (CUBE, CUBE, [4], CUBE[..., :1], CUBE[..., :1], VECTOR, VECTOR, [True, True, True]),
        {},
    ),
    *(
        (aten.convolution.default, (x, WEIGHT, b, s, p, d, False, [0, 0], 1), {})
        for x in (IMAGE, LAST)
        for b in (None, torch.randn(8))
        for s, p, d in (([1, 1], [0, 0], [1, 1]), ([2, 1], [1, 2], [1, 2]), ([2], [1], [1]))
    ),
    (aten.convolution.default, (IMAGE, WEIGHT[:, :2], None, [1, 1], [1, 1], [1, 1], False, [0, 0], 2), {}),
    (aten.convolution.default, (IMAGE, WEIGHT[:4], None, [2, 2], [1, 1], [1, 1], True, [1, 0], 1), {}),
    (aten.convolution.default, (CUBE, torch.randn(8, 6, 3), None, [1], [1], [1], False, [0], 1), {}),
    (
        aten.convolution.default,
        (torch.randn(1, 2, 4, 5, 6), torch.randn(3, 2, 1, 2, 3), None, [1] * 3, [0] * 3, [1] * 3, False, [0] * 3, 1),
        {},
    ),
    (
        aten.convolution_backward.default,
        (torch.randn(2, 8, 6, 4), IMAGE, WEIGHT, [8], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [True, True, True]),
        {},
    ),
]


def seen(values: Any) -> list[Any]:
    """Strides of extents of 1 say nothing."""
    return [
        None if t is None else (tuple(t.shape), t.dtype, [s for n, s in zip(t.shape, t.stride()) if n > 1])
        for t in tree_leaves(values, is_leaf=lambda t: t is None)
    ]


def check(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """1 where the rule answers, 0 where it leaves it to the kernel."""
    fakes = Fakes()
    ours, named = tree_map_only(torch.Tensor, fakes.of, (args, kwargs))
    rule = RULES.get(func) or SHORT[func]
    given = rule(fakes, *ours, **named)
    if given is None:
        return 0
    assert seen(given) == seen(func(*args, **kwargs)), (
        func,
        [a.shape if isinstance(a, torch.Tensor) else a for a in args],
    )
    return 1


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str) -> None:
    packet, _, overload = name.partition(".")
    func = getattr(getattr(aten, packet), overload or "default")
    assert sum(check(func, (x, *NUMBERS.get(name, ())), {}) for x in FLOATS) == len(FLOATS)


@pytest.mark.parametrize("name", [*BINARY, *(f"{c}.Tensor" for c in COMPARED), *(f"{g}.default" for g in GRADIENTS)])
def test_binary(name: str) -> None:
    packet, _, overload = name.partition(".")
    func = getattr(getattr(aten, packet), overload or "default")
    more = (0,) if packet == "threshold_backward" else ()
    pairs = PAIRS if overload != "Scalar" else tuple((x, 2.0) for x in FLOATS)
    if packet in GRADIENTS:
        pairs = tuple((a, b) for a, b in PAIRS if a.shape == b.shape and a.dtype == b.dtype)
    assert sum(check(func, (*pair, *more), {}) for pair in pairs) >= 1


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_others(number: int) -> None:
    check(*OTHERS[number])


def test_every_rule_answers_a_case() -> None:
    assert {func for func, args, kwargs in OTHERS if check(func, args, kwargs)} == {func for func, _, _ in OTHERS}
