"""Quantised layers: the weights that they hold, the bytes that they take, and the forward of what they mean."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from bits import bits_of
from torch import nn

from weighbridge.live import describe, summarize

BIASES = 64 + 32
WEIGHTS = 64 * 64 + 64 * 32
FLOPS = 2 * 4 * WEIGHTS


def net() -> nn.Sequential:
    """Two layers."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))


def dynamic(module: nn.Module, dtype: torch.dtype = torch.qint8) -> nn.Module:
    """PyTorch's own: weights in objects of C++, no parameters."""
    kinds = {type(child) for child in module}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(module, kinds & QUANTISABLE, dtype=dtype)


QUANTISABLE = {nn.Linear, nn.LSTM, nn.GRU, nn.LSTMCell}


def bitsandbytes(kind: str, is_quantised: bool = True, **options: Any) -> nn.Module:
    """`Linear4bit` or `Linear8bitLt`, which quantise when they are moved to a device."""
    layers = pytest.importorskip("bitsandbytes").nn
    layer = getattr(layers, kind)
    module = nn.Sequential(layer(64, 64, **options), nn.ReLU(), layer(64, 32, **options))
    return module.to("cpu") if is_quantised else module


def torchao(config: str) -> nn.Module:
    """Weights that are tensors of tensors."""
    quantization = pytest.importorskip("torchao.quantization")
    module = net()
    quantization.quantize_(module, getattr(quantization, config)())
    return module


def values(module: nn.Module) -> list[Any]:
    """Every bit of it; of tensors made of others, theirs."""
    parameters = list(module.parameters())
    if all(not hasattr(parameter, "__tensor_flatten__") for parameter in parameters):
        return bits_of(module)
    inner = [getattr(p, name) for p in parameters if hasattr(p, "qdata") for name in p.__tensor_flatten__()[0]]
    return [(id(tensor), tensor.contiguous().view(torch.uint8).tolist()) for tensor in inner]


def look(module: nn.Module, *inputs: Any) -> dict[str, Any]:
    """Totals, and of the first layer's tensors the shape, bytes, scheme and number of weights."""
    before = values(module)
    model = describe(module, inputs or None)
    assert values(module) == before
    totals, tensors = model.totals, model.to_dict()["tensors"]
    return {
        "parameters": int(totals.parameters),
        "trainable": int(totals.trainable),
        "bytes": int(totals.bytes),
        "overhead": totals.overhead_bytes,
        "flops": str(totals.flops) if inputs else None,
        "notes": [note.message for note in model.notes],
        "weight": [
            (t["shape"], t["dtype"], t["stored_bytes"], t["scheme"], t["logical_parameters"])
            for t in tensors
            if t["path"].startswith("0.") and t["path"].endswith("weight")
        ],
    }


def expected(stored: int, overhead: int, weight: Any, inputs: bool, trainable: int = BIASES) -> dict[str, Any]:
    """Of `net` with weights of so many bytes and scales of so many."""
    return {
        "parameters": WEIGHTS + BIASES,
        "trainable": trainable,
        "bytes": stored + overhead + 4 * BIASES,
        "overhead": overhead,
        "flops": f"{FLOPS:,}" if inputs else None,
        "notes": [],
        "weight": [weight],
    }


# A scale of 4 bytes for each 64 weights, and a table of 16 floats for each layer.
FOUR_BIT = (WEIGHTS // 2, 4 * WEIGHTS // 64 + 2 * 16 * 4)
# The scales are bytes themselves, in one block a layer: its scale and offset, and a table of 256 floats.
NESTED = (WEIGHTS // 2, WEIGHTS // 64 + 2 * (16 * 4 + 4 + 4 + 256 * 4))
ROW_SCALES = 4 * BIASES  # one float for each row of a weight
HALF = ([2048, 1], "uint8", 2048)
CASES: dict[str, tuple[Any, Any]] = {
    "nf4": (
        lambda: bitsandbytes("Linear4bit", compress_statistics=False, quant_type="nf4"),
        (*FOUR_BIT, (*HALF, "nf4", 4096)),
    ),
    "fp4": (
        lambda: bitsandbytes("Linear4bit", compress_statistics=False, quant_type="fp4"),
        (*FOUR_BIT, (*HALF, "fp4", 4096)),
    ),
    "nf4 nested": (lambda: bitsandbytes("Linear4bit", quant_type="nf4"), (*NESTED, (*HALF, "nf4", 4096))),
    "nf4 before": (
        lambda: bitsandbytes("Linear4bit", is_quantised=False),
        (4 * WEIGHTS, 0, ([64, 64], "float32", 16384, None, 4096)),
    ),
    "int8": (
        lambda: bitsandbytes("Linear8bitLt", has_fp16_weights=False),
        (WEIGHTS, ROW_SCALES, ([64, 64], "int8", 4096, None, 4096)),
    ),
    "int8 before": (
        lambda: bitsandbytes("Linear8bitLt", is_quantised=False, has_fp16_weights=False),
        (4 * WEIGHTS, 0, ([64, 64], "float32", 16384, None, 4096)),
    ),
    "torchao int8": (
        lambda: torchao("Int8WeightOnlyConfig"),
        (WEIGHTS, ROW_SCALES + BIASES, ([64, 64], "int8", 4096, None, 4096)),
    ),
    "torchao float8": (
        lambda: torchao("Float8WeightOnlyConfig"),
        (WEIGHTS, ROW_SCALES, ([64, 64], "float8_e4m3fn", 4096, None, 4096)),
    ),
    "dynamic": (lambda: dynamic(net()), (WEIGHTS, 0, ([64, 64], "qint8", 4096, None, 4096))),
    "dynamic float16": (
        lambda: dynamic(net(), torch.float16),
        (2 * WEIGHTS, 0, ([64, 64], "float16", 8192, None, 4096)),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("inputs", [False, True])
def test_weights_bytes_and_flops(name: str, inputs: bool) -> None:
    """The parameters of the module before it was quantised, the bytes that it takes now."""
    make, (stored, overhead, weight) = CASES[name]
    trainable = 0 if name.startswith("dynamic") else BIASES
    seen = look(make(), *([torch.zeros(4, 64)] if inputs else []))
    if name == "nf4 before" or name == "int8 before":
        assert seen.pop("trainable") == sum(p.numel() for p in make().parameters() if p.requires_grad)
        weight_before = expected(stored, overhead, weight, inputs)
        weight_before.pop("trainable")
        assert seen == weight_before
        return
    assert seen == expected(stored, overhead, weight, inputs, trainable)


def test_scales_that_moved_to_the_layer() -> None:
    """A real forward takes the scales of 8 bits from the weight: they are told all the same."""
    module = bitsandbytes("Linear8bitLt", has_fp16_weights=False)
    before = look(module)
    module(torch.zeros(4, 64))
    assert look(module) == before


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.LSTMCell])
def test_recurrent_layers_of_dynamic_quantisation(kind: Any) -> None:
    """They have no parameters at all; the object that holds them is opened."""
    parameters = sum(p.numel() for p in kind(64, 32).parameters())
    biases = sum(p.numel() for name, p in kind(64, 32).named_parameters() if name.startswith("bias"))
    seen = look(dynamic(nn.Sequential(kind(64, 32))))
    assert (seen["parameters"], seen["trainable"]) == (parameters, 0)
    assert seen["bytes"] == parameters - biases + 4 * biases


def test_a_static_layer_stops_in_words() -> None:
    """Its scale is the value of a float: the dry run says so, and the weights are known."""
    module: Any = torch.ao.nn.quantized.Linear(8, 4)
    seen = look(nn.Sequential(torch.ao.nn.quantized.Quantize(0.1, 0, torch.quint8), module), torch.zeros(2, 8))
    assert (seen["parameters"], seen["bytes"]) == (8 * 4 + 4, 8 * 4 + 4 * 4 + 12)
    assert seen["flops"] == "?"
    assert len(seen["notes"]) == 1
    assert seen["notes"][0].startswith("aten._local_scalar_dense: the value of a float decides what happens next")


@pytest.mark.parametrize("kind, gates", [(nn.LSTM, 4), (nn.GRU, 3)])
def test_recurrent_layers_of_dynamic_quantisation_multiply_as_before(kind: Any, gates: int) -> None:
    """Two directions of two layers over 7 steps of 3 sequences: 6 inputs, then the 10 of both directions; 5 states."""
    layers = dynamic(nn.Sequential(kind(6, 5, num_layers=2, bidirectional=True)))
    summary = summarize(layers, torch.zeros(7, 3, 6))
    assert summary.totals.flops == 2 * 7 * 3 * 2 * gates * 5 * ((6 + 5) + (10 + 5))
