"""What a checkpoint lacks of a model: as transformers tells it after loading, and what it does not tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
import torch
from torch import nn

import weighbridge
from weighbridge import errors

QUANTIZED = Path(__file__).parents[3] / "tests" / "data" / "quantized"


class Net(nn.Module):
    """A tied head, a shared layer, buffers of both kinds."""

    def __init__(self, width: int = 8, classes: int = 3) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.head = nn.Linear(width, classes)
        self.again = nn.Linear(width, 5, bias=False)
        self.again.weight = self.embed.weight
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("mask", torch.zeros(2), persistent=False)


def save(tensors: dict[str, Any]) -> str:
    """A state dict as a file."""
    torch.save(tensors, "model.pt")
    return "model.pt"


@pytest.fixture(autouse=True)
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in texts are relative."""
    monkeypatch.chdir(tmp_path)


def test_what_a_state_dict_has_is_all_that_is_wanted() -> None:
    """The text whole; nothing of the module is changed or run."""
    net = Net()
    compared = weighbridge.compare(save(net.state_dict()), net)
    assert compared.ok
    assert (
        str(compared)
        == repr(compared)
        == (
            "model.pt · 11 tensors → Net · 11 tensors\n\n  The checkpoint has all that the model wants, and nothing else.\n"
        )
    )


def test_all_that_can_differ() -> None:
    """Missing, unexpected, of another shape, of integers for floats; floats of another width do not matter."""
    state = dict(Net().state_dict())
    del state["mean"], state["layers.1.bias"], state["again.weight"]
    state["head.weight"] = torch.zeros(4, 8)
    state["head.bias"] = torch.zeros(3, dtype=torch.int64)
    state["layers.0.bias"] = state["layers.0.bias"].half()
    state["mask"] = torch.zeros(2)
    state["tail.0.weight"] = state["tail.1.weight"] = torch.zeros(2, 2)
    compared = weighbridge.compare(save(state), Net())
    assert not compared.ok
    assert compared.missing == {"mean": (8,), "layers.1.bias": (8,)}
    assert compared.unexpected == {"tail.0.weight": (2, 2), "tail.1.weight": (2, 2)}
    assert compared.mismatched == {"head.weight": ((4, 8), (3, 8))}
    assert compared.dtypes == {"head.bias": ("int64", "float32")}
    assert compared.tied == {"again.weight": "embed.weight"}
    assert (
        str(compared)
        == """\
model.pt · 11 tensors → Net · 11 tensors

  2 missing in the checkpoint
    mean            [8]
    layers.1.bias   [8]
  2 not in the model
    tail.{0..1}.weight   [2, 2]   2×
  1 of another shape
    head.weight   [4, 8] in the checkpoint, [3, 8] in the model
  1 of another kind of dtype
    head.bias   int64 in the checkpoint, float32 in the model
  1 tied
    again.weight   is embed.weight

  1 tensor is float16 in the checkpoint and float32 in the model.
"""
    )
    as_json = json.loads(json.dumps(compared.to_dict()))
    assert as_json["ok"] is False
    assert as_json["mismatched"] == {"head.weight": [[4, 8], [3, 8]]}
    assert as_json["missing"] == {"mean": [8], "layers.1.bias": [8]}


PREFIXES: dict[str, tuple[Callable[[nn.Module], Any], str]] = {
    "DDP": (
        lambda net: {f"module.{k}": v for k, v in net.state_dict().items()},
        '11 names of the checkpoint have "module.", which the model\'s have not.',
    ),
    "compile": (lambda net: torch.compile(net).state_dict(), ""),
    "both": (
        lambda net: {f"module._orig_mod.{k}": v for k, v in net.state_dict().items()},
        '11 names of the checkpoint have "module.", which the model\'s have not.',
    ),
    "wrapped": (
        lambda net: nn.ModuleDict({"a": nn.ModuleDict({"b": net})}).state_dict(),
        '11 names of the checkpoint have "a.b.", which the model\'s have not.',
    ),
}


@pytest.mark.parametrize("name", PREFIXES)
def test_prefixes_are_found_and_told(name: str) -> None:
    """What wrappers put before names, or into them."""
    make, told = PREFIXES[name]
    compared = weighbridge.compare(save(dict(make(Net()))), Net())
    assert (compared.ok, compared.notes) == (True, (told,) if told else ())


def test_the_model_may_be_the_wrapped_one() -> None:
    """A checkpoint of the inner module, for the outer one: its head is missing."""
    outer = nn.ModuleDict({"net": Net(), "extra": nn.Linear(2, 2)})
    compared = weighbridge.compare(save(Net().state_dict()), outer)
    assert compared.missing == {"extra.weight": (2, 2), "extra.bias": (2,)}
    assert compared.notes == ('11 names of the checkpoint have none of the "net." that the model\'s have.',)


def test_lazy_layers_take_any_shape() -> None:
    """A layer without a size is filled from a checkpoint, so nothing is wrong."""
    compared = weighbridge.compare(save(nn.Linear(7, 4).state_dict()), nn.LazyLinear(4))
    assert compared.ok


def test_another_model_is_said_to_be_one() -> None:
    """Nothing in common: one sentence, and few lines however much there is."""
    state = {f"blocks.{i}.{j}.weight": torch.zeros(1) for i in range(40) for j in range(3)}
    state |= {f"{chr(97 + i)}.gain": torch.zeros(1) for i in range(20)}
    compared = weighbridge.compare(save(state), nn.Linear(2, 2))
    assert (
        str(compared)
        == """\
model.pt · 140 tensors → Linear · 2 tensors

  2 missing in the checkpoint
    weight   [2, 2]
    bias     [2]
  140 not in the model
    blocks.{0..39}.{0..2}.weight   [1]   120×
"""
        + "".join(f"    {chr(97 + i)}.gain                         [1]\n" for i in range(11))
        + """\
    … and 9 more

  No name of the checkpoint is one of the model's: it is of another model, or of another library.
"""
    )


def test_ten_thousand_nested_modules() -> None:
    """Deeper than Python can call."""
    module: nn.Module = nn.Linear(2, 2)
    for _ in range(10_000):
        module = nn.Sequential(module)
    compared = weighbridge.compare(save(nn.Linear(2, 2).state_dict()), module)
    assert [name.count(".") for name in compared.missing] == [10_000, 10_000]


def test_what_is_no_model() -> None:
    """The errors of reading and of configurations."""
    Path("notes.txt").write_text("to do\n")
    with pytest.raises(errors.Unsupported, match="^notes.txt: is text, not a model$"):
        weighbridge.compare("notes.txt", nn.Linear(2, 2))
    with pytest.raises(errors.NotFound, match="^nowhere: cannot be opened: No such file or directory; models are not"):
        weighbridge.compare(save({"weight": torch.zeros(1)}), "nowhere")


class Mlp(nn.Module):
    """The layers of the quantised fixtures of 64 inputs and 96 hidden ones."""

    def __init__(self, hidden: int = 96) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(64, hidden, bias=False), nn.Linear(64, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, 64, bias=False)


MLPS = [
    "bitsandbytes_nf4",
    "bitsandbytes_nf4_double",
    "bitsandbytes_int8",
    "compressed_int4",
    "compressed_int3",
    "compressed_fp8",
    "compressed_nvfp4",
    "compressed_mxfp6",
    "hqq_int4",
    "modelopt_int8",
    "transformers_bitnet",
    "transformers_fp8",
]


@pytest.mark.parametrize("name", MLPS)
def test_packed_weights_are_compared_by_how_many_they_are(name: str) -> None:
    """Scales and zero points are no names of their own; a layer that has another number of weights is told."""
    model = nn.ModuleDict({"model": nn.ModuleDict({"layers": nn.ModuleList([nn.ModuleDict({"mlp": Mlp()})])})})
    compared = weighbridge.compare(QUANTIZED / name, model)
    assert not compared.missing
    assert not compared.mismatched
    assert not compared.dtypes
    assert not [one for one in compared.unexpected if ".layers.0.mlp." in one]
    assert any(" of quantised weights, compared by how many those are; " in note for note in compared.notes)
    wide = nn.ModuleDict({"model": nn.ModuleDict({"layers": nn.ModuleList([nn.ModuleDict({"mlp": Mlp(97)})])})})
    assert len(weighbridge.compare(QUANTIZED / name, wide).mismatched) == 3


@pytest.mark.parametrize("name", ["awq_gemm", "awq_gemv_fast", "gptq_int4", "gptq_int3"])
def test_packed_layers_of_gptq_and_awq(name: str) -> None:
    """Their weights lie transposed; a bias is as it is."""
    model = nn.Sequential(nn.Linear(64, 128), nn.Linear(128, 64, bias=False))
    compared = weighbridge.compare(QUANTIZED / name, model)
    assert compared.ok


transformers = pytest.importorskip("transformers")
SMALL = {"vocab_size": 50, "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 32, "intermediate_size": 64}
LLAMA = transformers.LlamaConfig(**SMALL, num_key_value_heads=1, tie_word_embeddings=True)
BERT = transformers.BertConfig(**SMALL)
GPT2 = transformers.GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=50)
T5 = transformers.T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=2, vocab_size=50)
MIXTRAL = transformers.MixtralConfig(**SMALL, num_key_value_heads=1, num_local_experts=4)
VIT = transformers.ViTConfig(**SMALL, image_size=32, patch_size=8)
PAIRS = [
    (GPT2, "GPT2LMHeadModel", "GPT2LMHeadModel"),
    (GPT2, "GPT2Model", "GPT2LMHeadModel"),
    (GPT2, "GPT2LMHeadModel", "GPT2Model"),
    (LLAMA, "LlamaForCausalLM", "LlamaForCausalLM"),
    (LLAMA, "LlamaModel", "LlamaForSequenceClassification"),
    (BERT, "BertModel", "BertForSequenceClassification"),
    (BERT, "BertForMaskedLM", "BertForSequenceClassification"),
    (BERT, "BertForMaskedLM", "BertModel"),
    (T5, "T5ForConditionalGeneration", "T5ForConditionalGeneration"),
    (T5, "T5ForConditionalGeneration", "T5EncoderModel"),
    (MIXTRAL, "MixtralForCausalLM", "MixtralForCausalLM"),
    (VIT, "ViTForImageClassification", "ViTForImageClassification"),
    (VIT, "ViTForImageClassification", "ViTModel"),
]


@pytest.mark.parametrize(("config", "saved", "wanted"), PAIRS, ids=[f"{a} as {b}" for _, a, b in PAIRS])
def test_transformers_says_the_same(config: Any, saved: str, wanted: str) -> None:
    """Its loading report after real loading: the same missing, the same unexpected names."""
    getattr(transformers, saved)(config).save_pretrained("saved")
    kind = getattr(transformers, wanted)
    with torch.device("meta"):
        module = kind._from_config(config)
    compared = weighbridge.compare("saved", module)
    _, told = kind.from_pretrained("saved", output_loading_info=True)
    assert set(compared.missing) == set(told["missing_keys"])
    assert set(compared.unexpected) == set(told["unexpected_keys"])
    assert compared.mismatched == {}
    assert compared.ok == (not told["missing_keys"] and not told["unexpected_keys"])


def test_another_shape_as_transformers_tells_it() -> None:
    """A larger vocabulary: name and both shapes. The model is a configuration on disk."""
    transformers.BertModel(BERT).save_pretrained("saved")
    other = transformers.BertConfig(**{**SMALL, "vocab_size": 60})
    other.architectures = ["BertModel"]
    other.save_pretrained("other")
    compared = weighbridge.compare("saved", "other")
    loaded = transformers.BertModel.from_pretrained(
        "saved", config=other, ignore_mismatched_sizes=True, output_loading_info=True
    )
    mismatched = {(name, (tuple(there), tuple(here))) for name, there, here in loaded[1]["mismatched_keys"]}
    assert set(compared.mismatched.items()) == mismatched
    assert compared.mismatched == {"embeddings.word_embeddings.weight": ((50, 32), (60, 32))}


def test_experts_are_fused_as_transformers_does() -> None:
    """Each expert has three matrices in the file, all experts two tensors in the module; one expert less is told."""
    transformers.MixtralForCausalLM(MIXTRAL).save_pretrained("saved")
    with torch.device("meta"):
        module = transformers.MixtralForCausalLM._from_config(MIXTRAL)
    compared = weighbridge.compare("saved", module)
    assert (compared.stored, compared.wanted, compared.ok) == (41, 21, True)
    assert compared.notes == (
        "2 tensors of the checkpoint are renamed as transformers does.",
        "24 tensors of the checkpoint are fused or split as transformers does.",
    )
    from safetensors.torch import load_file, save_file

    tensors = load_file("saved/model.safetensors")
    left = {name: tensor for name, tensor in tensors.items() if "layers.1.block_sparse_moe.experts.3." not in name}
    assert len(left) == 38
    save_file(left, "saved/model.safetensors")
    compared = weighbridge.compare("saved", module)
    assert compared.mismatched == {
        "model.layers.1.mlp.experts.gate_up_proj": ((3, 128, 32), (4, 128, 32)),
        "model.layers.1.mlp.experts.down_proj": ((3, 32, 64), (4, 32, 64)),
    }
    del left["model.layers.1.block_sparse_moe.experts.0.w1.weight"]
    save_file(left, "saved/model.safetensors")
    compared = weighbridge.compare("saved", module)
    assert list(compared.missing) == ["model.layers.1.mlp.experts.gate_up_proj"]
    assert compared.notes[2].startswith("model.layers.1.mlp.experts.gate_up_proj cannot be made of its 5 tensors: ")
