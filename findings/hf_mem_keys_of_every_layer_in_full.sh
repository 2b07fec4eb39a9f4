#!/bin/sh
# hf-mem 0.5.6: --experimental tells keys and values as if each layer kept all of them for each head of hidden_size /
# num_attention_heads numbers.
#
# Asked for the configurations as published (the client is given the files as the hub would send them) and 32,768 tokens:
# - DeepSeek-V3 keeps one latent vector of kv_lora_rank + qk_rope_head_dim = 576 numbers a layer: 576 * 61 * 2 bytes *
#   32,768 = 2,302,672,896. hf-mem tells 25 times that; its heads of 7168 / 128 = 56 numbers are none that the model has
#   (keys have 192, values 128).
# - gpt-oss-20b keeps a window of 128 tokens in every other layer (layer_types, sliding_window): 2048 bytes * 12 * (32,768
#   + 128) = 808,452,096. hf-mem tells twice that.
# - Mixtral-8x7B's configuration may say "head_dim": null, as transformers writes it: hf-mem stops with a TypeError.
#
# Seen:
#   DeepSeek-V3: 57310969856
#   gpt-oss-20b: 1610612736
#   Mixtral-8x7B: TypeError
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hf-mem==0.5.6 httpx2==2.16.2 2>/dev/null
cat >"$folder/look.py" <<'PYTHON'
import asyncio
import json
import struct

import hf_mem
import httpx2

MODELS = {
    "DeepSeek-V3": {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "hidden_size": 7168,
        "num_hidden_layers": 61,
        "num_attention_heads": 128,
        "num_key_value_heads": 128,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "qk_nope_head_dim": 128,
        "v_head_dim": 128,
        "dtype": "bfloat16",
    },
    "gpt-oss-20b": {
        "architectures": ["GptOssForCausalLM"],
        "model_type": "gpt_oss",
        "hidden_size": 2880,
        "num_hidden_layers": 24,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "sliding_window": 128,
        "layer_types": ["sliding_attention", "full_attention"] * 12,
        "dtype": "bfloat16",
    },
    "Mixtral-8x7B": {
        "architectures": ["MixtralForCausalLM"],
        "model_type": "mixtral",
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": None,
        "dtype": "bfloat16",
    },
}
header = json.dumps({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
files = {"model.safetensors": struct.pack("<Q", len(header)) + header + b"\0\0"}


def answer(request):
    if "/tree/" in request.url.path:
        return httpx2.Response(200, json=[{"type": "file", "path": name} for name in files])
    content = files[request.url.path.rsplit("/", 1)[1]]
    if (asked := request.headers.get("range")) is None:
        return httpx2.Response(200, content=content)
    first, last = asked.removeprefix("bytes=").split("-")
    return httpx2.Response(206, content=content[int(first) : int(last) + 1])


class Hub(httpx2.AsyncClient):
    def __init__(self, **_):
        super().__init__(transport=httpx2.MockTransport(answer))


httpx2.AsyncClient = Hub
for name, config in MODELS.items():
    files["config.json"] = json.dumps(config).encode()
    try:
        told = asyncio.run(hf_mem.arun("some/model", experimental=True, max_model_len=32768, batch_size=1))
        print(f"{name}: {told.kv_cache}")
    except TypeError as error:
        print(f"{name}: {type(error).__name__}")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py")
expected="DeepSeek-V3: 57310969856
gpt-oss-20b: 1610612736
Mixtral-8x7B: TypeError"
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'changed: it is no longer as seen'; exit 1; }
