"""Lightning's ModelSummary of the models of models.h, with an example input: prints its seconds on the CPU and on the
meta device, the median of several, without imports and without building the model.

    python lightning_peer.py resnet50 | llama"""
import statistics
import sys
import time
import warnings
from pathlib import Path

import lightning
import torch
from lightning.pytorch.utilities.model_summary import ModelSummary
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
import models  # noqa: E402


class ResNet50(models.ResNet50, lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.example_input_array = torch.zeros(32, 3, 224, 224)


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, True) + 1e-5)


class LlamaLayer(nn.Module):
    def __init__(self, width=768, heads=12, kv_heads=4, inner=2048):
        super().__init__()
        self.heads, self.kv_heads, self.head = heads, kv_heads, width // heads
        kv = kv_heads * self.head
        self.q_proj, self.o_proj = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k_proj, self.v_proj = nn.Linear(width, kv, bias=False), nn.Linear(width, kv, bias=False)
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(width), RMSNorm(width)

    def forward(self, x):
        y = self.input_layernorm(x)

        def split(t, n):
            return t.view(x.size(0), x.size(1), n, self.head).transpose(1, 2)

        repeat = self.heads // self.kv_heads
        keys = split(self.k_proj(y), self.kv_heads).repeat_interleave(repeat, 1)
        values = split(self.v_proj(y), self.kv_heads).repeat_interleave(repeat, 1)
        weights = (split(self.q_proj(y), self.heads) @ keys.transpose(-1, -2) / self.head ** 0.5).softmax(-1)
        x = x + self.o_proj((weights @ values).transpose(1, 2).reshape(x.shape))
        z = self.post_attention_layernorm(x)
        return x + self.down_proj(nn.functional.silu(self.gate_proj(z)) * self.up_proj(z))


class Llama(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(32000, 768)
        self.layers = nn.Sequential(*(LlamaLayer() for _ in range(12)))
        self.norm = RMSNorm(768)
        self.lm_head = nn.Linear(768, 32000, bias=False)
        self.example_input_array = torch.zeros(1, 512, dtype=torch.long)

    def forward(self, tokens):
        return self.lm_head(self.norm(self.layers(self.embed_tokens(tokens))))


def seconds_of(model, runs):
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        str(ModelSummary(model, max_depth=-1))
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


warnings.simplefilter("ignore")
make = {"resnet50": ResNet50, "llama": Llama}[sys.argv[1]]
on_cpu = seconds_of(make(), 3)
with torch.device("meta"):
    on_meta = seconds_of(make(), 11)
print(f"{on_cpu:f} {on_meta:f}")
