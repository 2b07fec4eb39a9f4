"""Models that people use, small and at random: a dry forward tells what a real one does.

Parameters are compared with `numel()`, sizes with hooks on every module in a real forward, FLOPs with PyTorch's
counter under kernels that hide nothing from it, or with a count by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from reality import Reality, as_lists, reality
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from weighbridge.live import describe

IDS = torch.randint(0, 90, (2, 11), generator=torch.Generator().manual_seed(0))
PICTURE = torch.zeros(1, 3, 32, 32)
TEXT = {
    "vocab_size": 96,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
EYES = {key: TEXT[key] for key in TEXT if key != "vocab_size"} | {"image_size": 32, "patch_size": 8}
GROUPED = TEXT | {"num_key_value_heads": 2}
SPEECH = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
SPEECH |= {"vocab_size": 96, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "num_mel_bins": 16}
SPEECH |= {"max_source_positions": 30, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}

Case = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]


def gpt2() -> Case:
    """Its layers are transposed; the head is tied."""
    config = hf.GPT2Config(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    return hf.GPT2LMHeadModel(config), (IDS,), {}


def llama() -> Case:
    """Two heads of queries share one of keys; a cache is made on the way."""
    return hf.LlamaForCausalLM(hf.LlamaConfig(**GROUPED)), (IDS,), {}


def bert() -> Case:
    """An encoder with a mask."""
    return hf.BertModel(hf.BertConfig(**TEXT)), (IDS,), {"attention_mask": torch.ones_like(IDS)}


def vit() -> Case:
    """Patches of a picture."""
    return hf.ViTModel(hf.ViTConfig(**EYES)), (PICTURE,), {}


def resnet() -> Case:
    """ResNet-50, at its full size."""
    return hf.ResNetForImageClassification(hf.ResNetConfig()), (torch.zeros(1, 3, 224, 224),), {}


def t5() -> Case:
    """An encoder and a decoder that share an embedding."""
    config = hf.T5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    return hf.T5Model(config), (), {"input_ids": IDS, "decoder_input_ids": IDS}


def whisper() -> Case:
    """Convolutions over time before the encoder."""
    config = hf.WhisperConfig(**SPEECH, decoder_start_token_id=1)
    return hf.WhisperModel(config), (torch.zeros(2, 16, 60),), {"decoder_input_ids": IDS}


def clip() -> Case:
    """Two towers."""
    text = TEXT | {"projection_dim": 16, "eos_token_id": 2}
    config = hf.CLIPConfig(text_config=text, vision_config=EYES, projection_dim=16)
    return hf.CLIPModel(config), (), {"input_ids": IDS, "pixel_values": PICTURE}


def mamba() -> Case:
    """A scan over time, in Python."""
    config = hf.MambaConfig(vocab_size=96, hidden_size=32, num_hidden_layers=2, state_size=4)
    return hf.MambaForCausalLM(config), (IDS,), {}


def swin() -> Case:
    """Windows that are shifted."""
    config = hf.SwinConfig(image_size=32, patch_size=2, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4)
    return hf.SwinModel(config), (PICTURE,), {}


def unet() -> Case:
    """Of a diffusion that text guides."""
    diffusers = pytest.importorskip("diffusers")
    net = diffusers.UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=24,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    return net, (torch.zeros(1, 4, 16, 16), torch.tensor(3), torch.zeros(1, 5, 24)), {}


def of_timm(name: str) -> Callable[[], Case]:
    """A model of timm at its full size."""

    def case() -> Case:
        timm = pytest.importorskip("timm")
        model = timm.create_model(name, pretrained=False)
        return model, (torch.zeros(1, *model.default_cfg["input_size"]),), {}

    case.__name__ = name
    return case


CASES = [gpt2, llama, bert, vit, resnet, t5, whisper, clip, mamba, swin, unet]
CASES += [of_timm(name) for name in ("resnet50", "convnext_tiny", "efficientvit_m0", "mobilenetv3_small_100")]


def described(case: Case) -> Any:
    """What the package tells."""
    model, args, kwargs = case
    return describe(model, args, kwargs)


def totals_of(model: Any) -> Any:
    """Parameters and FLOPs."""
    return json.loads(model.summary(depth=0).render("json"))["totals"]


def has_sizes_of(model: Any, real: Reality) -> bool:
    """Whether all that a real forward reached has its sizes; else an assertion tells which has not."""
    modules = {module.path: module for module in model.modules}
    assert {path: as_lists(modules[path].in_shape) for path in real.inputs} == real.inputs
    assert {path: as_lists(modules[path].out_shape) for path in real.outputs} == real.outputs
    return True


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_dry_forward_is_a_real_one(make: Callable[[], Case]) -> None:
    """Every module, all sizes, every FLOP."""
    case = make()
    model, real = described(case), reality(*case)
    assert has_sizes_of(model, real)
    totals = totals_of(model)
    assert totals["parameters"] == sum(p.numel() for p in case[0].parameters())
    assert totals["flops"] == real.flops


def test_experts_that_one_kernel_multiplies() -> None:
    """Which PyTorch's counter does not know: a token uses 2 of 4 experts, whatever the kernel."""
    config = {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}
    one = hf.MixtralForCausalLM(hf.MixtralConfig(**config))
    each = hf.MixtralForCausalLM(hf.MixtralConfig(**config, experts_implementation="eager"))
    totals = totals_of(described((one, (IDS,), {})))
    tokens, layers, experts = IDS.numel(), 2, 2
    hidden = reality(one, (IDS,)).flops
    assert totals["flops"] == hidden + layers * experts * tokens * 3 * 2 * 32 * 64
    assert totals["flops"] == reality(each, (IDS,)).flops
    assert totals["parameters"] == sum(p.numel() for p in one.parameters())


class Energy(nn.Module):
    """Forces: the gradient of an energy by the places, in forward. PyTorch's counter refuses it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, places: Tensor) -> Tensor:
        with torch.enable_grad():
            places = places.detach().requires_grad_()
            return torch.autograd.grad(self.last(self.first(places).tanh()).sum(), places)[0]


def test_a_gradient_in_forward() -> None:
    """Two layers there, and the gradients by their inputs (their weights' are not asked for) back."""
    model = described((Energy(), (torch.zeros(5, 3),), {}))
    assert as_lists(model.modules[0].out_shape) == [5, 3]
    assert totals_of(model)["flops"] == 2 * (2 * 5 * 3 * 8 + 2 * 5 * 8)


class Sequences(nn.Module):
    """An LSTM of sequences of their own lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, packed: PackedSequence) -> Tensor:
        return self.head(self.rnn(packed)[0].data)


def test_a_packed_sequence() -> None:
    """5 + 3 + 2 steps: in either direction 4 gates of 4 from the input (3, then 2 · 4) and from the state (4)."""
    packed = pack_padded_sequence(torch.zeros(5, 3, 3), torch.tensor([5, 3, 2]))
    case = (Sequences(), (packed,), {})
    model = described(case)
    assert has_sizes_of(model, reality(*case))
    steps = 5 + 3 + 2
    rnn = 2 * steps * 2 * (4 * 4 * (3 + 4) + 4 * 4 * (8 + 4))
    assert totals_of(model)["flops"] == rnn + 2 * steps * 8 * 2
