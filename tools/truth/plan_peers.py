"""What other estimators say of the models of tests/data/plan/models: tests/data/plan/peers.tsv.

hf-mem reads the hub alone: its client is given the files as the hub would send them. Accelerate and DeepSpeed are asked the
functions behind their commands.

    python tools/truth/plan_peers.py tests/data/plan
        # torch 2.13.0, transformers 5.24.0, accelerate 1.15.0, hf-mem 0.5.6, deepspeed 0.19.8
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hf_mem
import httpx2
import torch
import transformers
from accelerate.commands.estimate import estimate_training_usage
from accelerate.utils import calculate_maximum_sizes
from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs
from deepspeed.runtime.zero.stage3 import model_to_params
from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs
from torch import nn

BATCH, TOKENS, DEVICES = 2, 64, 2


class Hub(httpx2.AsyncClient):
    """Answers from a folder."""

    folder = Path()

    def __init__(self, **_: Any) -> None:
        super().__init__(transport=httpx2.MockTransport(self.answer))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if "/tree/" in request.url.path:
            return httpx2.Response(200, json=[{"type": "file", "path": one.name} for one in self.folder.iterdir()])
        content = (self.folder / Path(request.url.path).name).read_bytes()
        if (asked := request.headers.get("range")) is None:
            return httpx2.Response(200, content=content)
        first, last = asked.removeprefix("bytes=").split("-")
        return httpx2.Response(206, content=content[int(first) : int(last) + 1])


def hf_mem_says(name: str, folder: Path) -> Iterator[tuple[str, str, int]]:
    Hub.folder = folder
    httpx2.AsyncClient = Hub  # type: ignore[misc]
    asked = {"experimental": True, "max_model_len": TOKENS, "batch_size": BATCH}
    try:
        told = asyncio.run(hf_mem.arun("some/model", **asked))
    except Exception as error:  # noqa: BLE001: what it cannot do is told
        print(f"hf-mem, {name}: {type(error).__name__}: {error}", file=sys.stderr)
        told = asyncio.run(hf_mem.arun("some/model"))
    yield "hf-mem", "weights", told.memory
    if told.kv_cache is not None:
        yield "hf-mem", "cache", told.kv_cache


def accelerate_says(model: nn.Module) -> Iterator[tuple[str, str, int]]:
    total, _ = calculate_maximum_sizes(model)
    yield "accelerate", "weights", total
    yield "accelerate", "to train", estimate_training_usage(total, "float32")["step"]


def deepspeed_says(model: nn.Module) -> Iterator[tuple[str, str, int]]:
    total, largest = model_to_params(model)
    _, on_each = estimate_zero2_model_states_mem_needs(total, num_gpus_per_node=DEVICES, cpu_offload=False)
    yield "deepspeed", f"zero 2 on each of {DEVICES}", on_each
    _, on_each, _ = estimate_zero3_model_states_mem_needs(
        total, largest, num_gpus_per_node=DEVICES, cpu_offload=False, cpu_offload_params=False
    )
    yield "deepspeed", f"zero 3 on each of {DEVICES}", on_each


def main() -> None:
    folder = Path(sys.argv[1])
    with (folder / "peers.tsv").open("w") as out:
        print("model\tpeer\twhat\tbytes", file=out)
        for one in sorted((folder / "models").iterdir()):
            given = json.loads((one / "config.json").read_text())
            config = transformers.AutoConfig.for_model(**given)
            make = getattr(transformers, given["architectures"][0])
            with torch.device("meta"):
                model = make(config)
            with tempfile.TemporaryDirectory() as saved:
                make(config).save_pretrained(saved)
                rows = [*hf_mem_says(one.name, Path(saved)), *accelerate_says(model), *deepspeed_says(make(config))]
            for row in rows:
                print(one.name, *row, sep="\t", file=out)


if __name__ == "__main__":
    main()
