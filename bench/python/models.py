"""The models that the summaries in Python are measured with: each gives the module and the arguments of its forward."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Bottleneck(nn.Module):
    def __init__(self, into: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(into, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or into != 4 * width:
            shortcut = nn.Conv2d(into, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet50(nn.Module):
    """He et al., Deep Residual Learning for Image Recognition: 25,557,032 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        layers, into = [], 64
        for stage, depth in enumerate((3, 4, 6, 3)):
            for i in range(depth):
                layers.append(Bottleneck(into, 64 << stage, 2 if i == 0 and stage > 0 else 1))
                into = 256 << stage
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layers(x).mean((2, 3)))


class Layers(nn.Module):
    """20,000 layers in one row."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(4, 4) for _ in range(20_000)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def llama() -> tuple[nn.Module, tuple[Any, ...]]:
    """Llama 3.2 1B: 1,235,814,400 real parameters of bfloat16, and 1,024 tokens."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=2048,
        intermediate_size=8192,
        num_hidden_layers=16,
        num_attention_heads=32,
        num_key_value_heads=8,
        vocab_size=128_256,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        module = LlamaForCausalLM(config).to(torch.bfloat16)
    module = module.to_empty(device="cpu")
    for tensor in [*module.parameters(), *module.buffers()]:
        nn.init.zeros_(tensor)  # so that its memory is taken
    module.tie_weights()
    return module, (torch.zeros(1, 1024, dtype=torch.int64),)


def graph() -> tuple[nn.Module, tuple[Any, ...]]:
    """1,000,000 nodes of 4,096 features, which would take 16 GB, and 5,000,000 edges."""
    from torch_geometric.nn import GATv2Conv

    edges = torch.randint(1_000_000, (2, 5_000_000))
    return GATv2Conv(-1, 8), (torch.empty(1, 4096).expand(1_000_000, 4096), edges)


def model_of(name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    """The module and its arguments; ResNet-50 by the number of images, layers with and without an example."""
    if name == "llama":
        return llama()
    if name == "graph":
        return graph()
    if name.startswith("resnet50-"):
        return ResNet50(), (torch.zeros(int(name.removeprefix("resnet50-")), 3, 224, 224),)
    return Layers(), ((torch.zeros(1, 4),) if name == "layers-run" else ())
