"""Whole models from configurations: numbers that are published, no weight, no network, no code that was not trusted."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch

import weighbridge
from weighbridge import errors

transformers = pytest.importorskip("transformers")
DIFFUSERS = version("diffusers") if importlib.util.find_spec("diffusers") else ""

SD_UNET = {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "cross_attention_dim": 768}
SD_VAE = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.6.0",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
}
SD_TEXT = {
    "model_type": "clip_text_model",
    "architectures": ["CLIPTextModel"],
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "vocab_size": 49408,
}
SD_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.6.0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "image_encoder": [None, None],
    "requires_safety_checker": True,
    "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
CONFIGURATION_OF_MINE = """
from transformers import PreTrainedConfig
class MineConfig(PreTrainedConfig):
    model_type = "mine"
    def __init__(self, width=3, **rest):
        self.width = width
        super().__init__(**rest)
"""
MODELING_OF_MINE = """
from torch import nn
from transformers import PreTrainedModel
from .configuration_mine import MineConfig
open("RAN", "w").close()
class MineModel(PreTrainedModel):
    config_class = MineConfig
    def __init__(self, config):
        super().__init__(config)
        self.fc = nn.Linear(config.width, 5)
        self.post_init()
    def forward(self, x):
        return self.fc(x)
"""
MINE = {
    "model_type": "mine",
    "architectures": ["MineModel"],
    "auto_map": {"AutoConfig": "configuration_mine.MineConfig", "AutoModel": "modeling_mine.MineModel"},
    "width": 7,
}


def write(folder: Path, values: Any, name: str = "config.json") -> Path:
    """A directory with a configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(values if isinstance(values, str) else json.dumps(values))
    return folder


def need_diffusers(values: Any) -> None:
    """Skips where a configuration is diffusers' and that is not installed."""
    if "_class_name" in values and not DIFFUSERS:
        pytest.skip("diffusers is not installed")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A connection fails the test; paths in messages are relative."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)


# What the models' own pages tell: tied weights once, buffers left out.
PUBLISHED: dict[str, tuple[dict[str, Any], str, int, int]] = {
    "gpt2": ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, "GPT2LMHeadModel", 124_439_808, 4),
    "half": (
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "torch_dtype": "bfloat16"},
        "GPT2LMHeadModel",
        124_439_808,
        2,
    ),
    "bert": ({"model_type": "bert"}, "BertModel", 109_482_240, 4),
    "unet": (SD_UNET, "UNet2DConditionModel", 859_520_964, 4),
    "vae": (SD_VAE, "AutoencoderKL", 83_653_863, 4),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_numbers_are_the_published_ones(name: str, tmp_path: Path) -> None:
    """A module on the meta device, which a summary is one call away from; nothing is drawn."""
    values, kind, parameters, size = PUBLISHED[name]
    need_diffusers(values)
    write(tmp_path / name, values)
    drawn = torch.get_rng_state()
    module = weighbridge.from_config(name)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert type(module).__name__ == kind
    assert {tensor.device.type for tensor in module.parameters()} == {"meta"}
    assert not module.training
    own = sum(parameter.numel() for parameter in module.parameters())
    totals = weighbridge.summarize(module).totals
    assert (own, totals.parameters, totals.parameters.exact) == (parameters, parameters, True)
    assert sum(p.numel() * p.element_size() for p in module.parameters()) == parameters * size
    assert weighbridge.summarize(weighbridge.from_config(f"{name}/config.json")).totals.parameters == parameters


def test_inputs_can_be_given(tmp_path: Path) -> None:
    """The library's own forward: the logits of GPT-2 for 5 tokens."""
    write(tmp_path / "gpt2", PUBLISHED["gpt2"][0])
    module = weighbridge.from_config("gpt2")
    summary = weighbridge.summarize(module, torch.zeros(1, 5, dtype=torch.long), depth=1)
    assert {row.path: row.module.out_shape for row in summary.rows}["lm_head"] == (1, 5, 50257)


def test_a_pipeline_holds_its_models(tmp_path: Path) -> None:
    """Stable Diffusion 1.5 without its checker: tokenizer, scheduler and image processor are no models."""
    need_diffusers(SD_INDEX)
    write(tmp_path / "sd", SD_INDEX, "model_index.json")
    for part, values in {"unet": SD_UNET, "vae": SD_VAE, "text_encoder": SD_TEXT}.items():
        write(tmp_path / "sd" / part, values)
    module = weighbridge.from_config("sd")
    assert type(module).__name__ == "StableDiffusionPipeline"
    parts = {name: sum(p.numel() for p in part.parameters()) for name, part in module.named_children()}
    assert parts == {"text_encoder": 123_060_480, "unet": 859_520_964, "vae": 83_653_863}
    assert weighbridge.summarize(module).totals.parameters == 123_060_480 + 859_520_964 + 83_653_863
    with pytest.raises(NotImplementedError, match="^StableDiffusionPipeline has no forward; give the inputs to one of"):
        module(torch.zeros(1))


def test_code_of_its_own_runs_only_when_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names file and class, and nothing ran; trusted, it is built by that code."""
    write(tmp_path / "mine", MINE)
    (tmp_path / "mine" / "configuration_mine.py").write_text(CONFIGURATION_OF_MINE)
    (tmp_path / "mine" / "modeling_mine.py").write_text(MODELING_OF_MINE)
    with pytest.raises(errors.RemoteCode) as caught:
        weighbridge.from_config("mine")
    assert str(caught.value) == (
        "mine/config.json: is made by code of its own, which is not run: MineModel in modeling_mine.py and MineConfig in"
        " configuration_mine.py; read it, then give trust_remote_code=True"
    )
    assert (caught.value.kind, caught.value.source) == ("remote_code", "mine/config.json")
    assert isinstance(caught.value, PermissionError)
    assert not (tmp_path / "RAN").exists()
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    module = weighbridge.from_config("mine", trust_remote_code=True)
    assert (tmp_path / "RAN").exists()
    assert weighbridge.summarize(module).totals.parameters == 7 * 5 + 5


def test_code_beside_a_known_model_is_not_asked(tmp_path: Path) -> None:
    """transformers knows the model type, so its own class is taken, and no code runs."""
    write(tmp_path / "known", {**PUBLISHED["gpt2"][0], "auto_map": {"AutoModel": "modeling_gone.Gone"}})
    assert type(weighbridge.from_config("known")).__module__ == "transformers.models.gpt2.modeling_gpt2"


def test_a_known_architecture_of_an_unknown_model_type(tmp_path: Path) -> None:
    """It is built, and a warning tells what that rests on."""
    values = {"model_type": "mine2", "architectures": ["GPT2LMHeadModel"]}
    write(tmp_path / "mine2", values)
    with pytest.warns(UserWarning) as warned:
        module = weighbridge.from_config("mine2")
    assert [str(one.message) for one in warned] == [
        f"mine2/config.json: transformers {transformers.__version__} does not know the model type 'mine2'; it is built as"
        " its architecture, GPT2LMHeadModel, with GPT2Config"
    ]
    assert warned[0].filename == __file__
    assert weighbridge.summarize(module).totals.parameters == 124_439_808


VERSION = f"transformers {transformers.__version__}"
BAD: dict[str, tuple[Any, type[errors.WeighError], str]] = {
    "broken": (
        "{\n 'a': 1}",
        errors.Corrupt,
        "is no JSON: Expecting property name enclosed in double quotes (line 2, column 2)",
    ),
    "bytes": ("\udcff", errors.Corrupt, "is no JSON: invalid start byte (at byte 0)"),
    "list": ("[1]", errors.Corrupt, "is no configuration: it holds a list, not an object"),
    "deep": ("[" * 200_000, errors.Corrupt, "is no configuration: it is nested too deep"),
    "empty": (
        {},
        errors.Unsupported,
        "names no model: it has neither model_type nor architectures (transformers), nor _class_name (diffusers)",
    ),
    "type": ({"model_type": "zork"}, errors.Unsupported, f"{VERSION} does not know the model type 'zork'"),
    "class": (
        {"model_type": "bert", "architectures": ["BertForNothing"]},
        errors.Unsupported,
        f"{VERSION} has no architecture 'BertForNothing'",
    ),
    "no model": (
        {"model_type": "bert", "architectures": ["pipeline"]},
        errors.Unsupported,
        f"{VERSION} has no architecture 'pipeline'",
    ),
    "diffusers": (
        {"_class_name": "UNetOfMine"},
        errors.Unsupported,
        f"diffusers {DIFFUSERS} has no model 'UNetOfMine'",
    ),
    "values": (
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 10, "n_head": 3},
        errors.Unsupported,
        "GPT2LMHeadModel refuses it: ValueError: `embed_dim` must be divisible by num_heads"
        " (got `embed_dim`: 10 and `num_heads`: 3).",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_configuration_is_told(name: str, tmp_path: Path) -> None:
    """Where, what, and an exception of its kind; the device that modules are made on is as before."""
    values, kind, message = BAD[name]
    need_diffusers(values)
    (tmp_path / "bad").mkdir()
    text = values if isinstance(values, str) else json.dumps(values)
    (tmp_path / "bad" / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(errors.WeighError) as caught:
        weighbridge.from_config("bad")
    assert (type(caught.value), str(caught.value)) == (kind, f"bad/config.json: {message}")
    assert torch.empty(1).device.type == "cpu"


def test_no_configuration(tmp_path: Path) -> None:
    """A directory without one, and a name that only a hub would know."""
    (tmp_path / "none").mkdir()
    with pytest.raises(
        errors.NotFound, match="^none: is a directory with neither a config.json nor a model_index.json$"
    ):
        weighbridge.from_config("none")
    with pytest.raises(FileNotFoundError) as caught:
        weighbridge.from_config("bert-base-uncased")
    assert str(caught.value) == (
        "bert-base-uncased: cannot be opened: No such file or directory; models are not fetched: give the directory of one"
        " that is here"
    )


def test_parts_of_a_pipeline_that_are_not_there(tmp_path: Path) -> None:
    """Each is named: a missing folder, an unknown class, code of the pipeline's own."""
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.6.0"}
    need_diffusers(index)
    write(tmp_path / "sd", {**index, "vae": ["diffusers", "AutoencoderKL"]}, "model_index.json")
    with pytest.raises(errors.NotFound) as missing:
        weighbridge.from_config("sd")
    assert str(missing.value) == (
        "sd/model_index.json: its part vae has no configuration: vae/config.json is not there"
    )
    write(tmp_path / "sd", {**index, "vae": ["zork", "Vae"]}, "model_index.json")
    with pytest.raises(errors.Unsupported) as unknown:
        weighbridge.from_config("sd")
    assert str(unknown.value) == (f"sd/model_index.json: its part vae: diffusers {DIFFUSERS} has no 'Vae' in 'zork'")
    write(tmp_path / "sd" / "vae", "raise SystemExit", "zork.py")
    with pytest.raises(errors.RemoteCode) as code:
        weighbridge.from_config("sd")
    assert str(code.value) == (
        "sd/model_index.json: its part vae is made by code of its own, which is not run: Vae in zork.py; build that part"
        " with the pipeline's own code"
    )


def test_a_library_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration says which one it needs."""
    write(tmp_path / "gpt2", PUBLISHED["gpt2"][0])
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError) as caught:
        weighbridge.from_config("gpt2")
    assert isinstance(caught.value, errors.NotInstalled)
    assert str(caught.value) == (
        "gpt2/config.json: describes a model of transformers, which cannot be imported: import of transformers halted;"
        " None in sys.modules"
    )
