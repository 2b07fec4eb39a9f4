"""What small models of transformers really take: tests/data/plan/models and tests/data/plan/real.tsv.

Each is made with random weights from its configuration. Bytes are those of tensors on the CPU: of its state, of gradients,
of what AdamW kept after a step (counters of steps, which have no dimension, left out), of the cache after a forward, and of
what autograd saved in train mode without parameters and buffers, each memory once. `tracked` is what
torch's own MemTracker saw of parameters, buffers, gradients and optimizer states after a step, `aside` what of that are
counters of steps and buffers that no file has. Adapters are peft's.

    python tools/truth/plans.py tests/data/plan     # torch 2.13.0, transformers 5.24.0, peft 0.21.2
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, get_peft_model
from torch import nn
from torch.distributed._tools.mem_tracker import MemTracker
from transformers.modeling_layers import GradientCheckpointingLayer

BATCH, TOKENS, RANK = 2, 64, 4
SIZES = {"vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "pad_token_id": 0,
         "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 32, "norm_topk_prob": True}
LATENT = {"kv_lora_rank": 16, "q_lora_rank": 32, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16,
          "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "n_routed_experts": 4, "n_shared_experts": 1}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "bert": {**SIZES, "architectures": ["BertForMaskedLM"]},
    "deepseek_v3": {**SIZES, **EXPERTS, **LATENT, "num_key_value_heads": 4, "architectures": ["DeepseekV3ForCausalLM"]},
    "gemma3_text": {**SIZES, "head_dim": 16, "sliding_window": 16, "architectures": ["Gemma3ForCausalLM"],
                    "layer_types": ["sliding_attention", "sliding_attention", "full_attention"]},  # fmt: skip
    "gpt2": {"vocab_size": 512, "n_positions": 128, "n_embd": 64, "n_layer": 3, "n_head": 4, "bos_token_id": 1,
             "eos_token_id": 2, "architectures": ["GPT2LMHeadModel"]},  # fmt: skip
    "gpt_oss": {**SIZES, "head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 16,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
                "architectures": ["GptOssForCausalLM"]},  # fmt: skip
    "llama": {**SIZES, "architectures": ["LlamaForCausalLM"]},
    "minimax_m2": {**SIZES, "head_dim": 16, "rotary_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2,
                   "architectures": ["MiniMaxM2ForCausalLM"]},  # fmt: skip
    "mixtral": {**SIZES, "num_local_experts": 4, "num_experts_per_tok": 2, "architectures": ["MixtralForCausalLM"]},
    "qwen2": {**SIZES, "tie_word_embeddings": True, "architectures": ["Qwen2ForCausalLM"]},
    "qwen3_moe": {**SIZES, **EXPERTS, "num_experts": 4, "head_dim": 16, "decoder_sparse_step": 1,
                  "architectures": ["Qwen3MoeForCausalLM"]},  # fmt: skip
}


def size_of(tensors: Iterable[torch.Tensor]) -> int:
    """Bytes of the memory that they lie in, each once."""
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}
    return sum(storages.values())


def states_of(optimizer: torch.optim.Optimizer) -> int:
    kept = [value for state in optimizer.state.values() for value in state.values()]
    return size_of(value for value in kept if isinstance(value, torch.Tensor) and value.dim() > 0)


@contextmanager
def saved(model: nn.Module) -> Iterator[dict[int, int]]:
    """Memory that autograd saves, by address. What is saved is kept, so that no address comes twice."""
    own = {one.untyped_storage().data_ptr() for one in [*model.parameters(), *model.buffers()]}
    seen: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield seen


def step(model: nn.Module, tokens: torch.Tensor) -> tuple[int, int]:
    """Gradients and optimizer states of a step of AdamW."""
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad])
    model(input_ids=tokens).logits.float().square().mean().backward()
    gradients = size_of(one.grad for one in model.parameters() if one.grad is not None)
    optimizer.step()
    return gradients, states_of(optimizer)


def of_a_layer(model: nn.Module, tokens: torch.Tensor) -> int:
    """The most that is first saved in one of those that checkpointing would run again."""
    sizes: list[int] = []
    with saved(model) as seen:
        for layer in (one for one in model.modules() if isinstance(one, GradientCheckpointingLayer)):
            layer.register_forward_pre_hook(lambda *_: sizes.append(-sum(seen.values())))
            layer.register_forward_hook(lambda *_: sizes.append(sizes.pop() + sum(seen.values())))
        model(input_ids=tokens)
    return max(sizes)


def activations(model: nn.Module, tokens: torch.Tensor) -> int:
    """Of checkpointed layers it is what they are given: the rest is made again."""
    with saved(model) as seen:
        model(input_ids=tokens)
    return sum(seen.values())


def cached(model: nn.Module, tokens: torch.Tensor) -> int | None:
    """Of a text of so many tokens, the last of them taken alone: what is cut to a window is new memory then."""
    with torch.no_grad():
        cache = getattr(model(input_ids=tokens[:, :-1], use_cache=True), "past_key_values", None)
        if cache is None:
            return None
        cache = model(input_ids=tokens[:, -1:], past_key_values=cache, use_cache=True).past_key_values
    return size_of(part for layer in cache.layers for part in (layer.keys, layer.values))


def tracked(model: nn.Module, tokens: torch.Tensor) -> tuple[int, int]:
    """What torch's MemTracker sees of parameters, buffers, gradients and optimizer states after a step; and how much of it
    is counters of steps and buffers that are not saved."""
    optimizer = torch.optim.AdamW(model.parameters())
    tracker = MemTracker()
    tracker.track_external(model, optimizer)
    with tracker:
        model(input_ids=tokens).logits.float().square().mean().backward()
        optimizer.step()
        last = tracker.get_tracker_snapshot("current")
    kinds = {str(getattr(kind, "value", kind)): size for sizes in last.values() for kind, size in sizes.items()}
    counters = size_of(state["step"] for state in optimizer.state.values())
    kept = {name for name, _ in model.state_dict().items()}
    unsaved = size_of(one for name, one in model.named_buffers() if name not in kept)
    return sum(kinds[name] for name in ("Parameter", "Buffer", "Gradient", "Optstate")), counters + unsaved


def measure(name: str, given: dict[str, Any], folder: Path) -> Iterator[tuple[str, str, int]]:
    configuration = transformers.AutoConfig.for_model(name, **given)
    configuration.dtype = "float32"
    tokens = torch.arange(BATCH * TOKENS).remainder(500).reshape(BATCH, TOKENS)

    def make(dtype: torch.dtype = torch.float32) -> nn.Module:
        torch.manual_seed(0)
        model: nn.Module = getattr(transformers, given["architectures"][0])(copy.deepcopy(configuration))
        return model.to(dtype)

    model = make()
    write(model, folder / name)
    yield "weights", "float32", size_of(model.state_dict().values())
    yield "weights", "bfloat16", size_of(make(torch.bfloat16).state_dict().values())
    kept = cached(model.eval(), tokens)
    if kept is not None:
        yield "cache", "float32", kept
    yield "activations", "plain", activations(model.train(), tokens)
    yield "activations", "of a layer", of_a_layer(make().train(), tokens)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    yield "activations", "checkpointing", activations(model, tokens)
    model.gradient_checkpointing_disable()
    seen, aside = tracked(make().train(), tokens)
    yield "tracked", "float32", seen
    yield "aside", "float32", aside
    for dtype in (torch.float32, torch.bfloat16):
        gradients, states = step(make(dtype).train(), tokens)
        yield "gradients", str(dtype).removeprefix("torch."), gradients
        yield "states", str(dtype).removeprefix("torch."), states
    matrices = {part[-1] for part in (path.split(".") for path, one in model.named_modules() if type(one) is nn.Linear)}
    targets = sorted(matrices & {"q_proj", "v_proj", "query", "value"})
    if targets:
        adapted = get_peft_model(make().train(), LoraConfig(r=RANK, target_modules=targets))
        yield "adapters", ",".join(targets), size_of(one for one in adapted.parameters() if one.requires_grad)
        gradients, states = step(adapted, tokens)
        yield "adapter gradients", ",".join(targets), gradients
        yield "adapter states", ",".join(targets), states


def write(model: nn.Module, folder: Path) -> None:
    """Configuration, and names with shapes: what a safetensors file's header says."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_diff_dict() | {"architectures": [type(model).__name__], "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    tied = set(model._tied_weights_keys or {}) if model.config.tie_word_embeddings else set()
    shapes = {key: list(one.shape) for key, one in model.state_dict().items() if key not in tied}
    lines = ",\n".join(f'"{key}":{json.dumps(shape, separators=(",", ":"))}' for key, shape in shapes.items())
    (folder / "shapes.json").write_text("{\n" + lines + "\n}\n")


def main() -> None:
    folder = Path(sys.argv[1])
    with (folder / "real.tsv").open("w") as out:
        print("model\twhat\tof\tbytes", file=out)
        for name, given in MODELS.items():
            for row in measure(name, given, folder / "models"):
                print(name, *row, sep="\t", file=out, flush=True)


if __name__ == "__main__":
    main()
