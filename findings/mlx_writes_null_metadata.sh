#!/bin/sh
# mlx 0.32.4: mx.save_safetensors without metadata writes "__metadata__":null into the header.
#
# The format describes __metadata__ as an object of texts that may be left out. The Rust library behind safetensors 0.8.0
# takes null for "left out" and reads the file, but whoever follows the description and asks the member for its keys
# does not: in Python, json.loads(header)["__metadata__"] is there and is None, so .get("__metadata__", {}).items(),
# which guards against a missing member, raises. The header is not padded to 8 bytes either.
#
# Seen:
#   members: ['__metadata__', 'w']
#   metadata: None
#   header's bytes modulo 8: 5
#   safetensors reads: (2, 3)
#   .get("__metadata__", {}).items(): AttributeError
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mlx[cpu]==0.32.4' safetensors==0.8.0 numpy==2.2.6 2>/dev/null
cat >"$folder/look.py" <<'PYTHON'
import json
import sys

import mlx.core as mx
from safetensors.numpy import load_file

path = sys.argv[1]
mx.save_safetensors(path, {"w": mx.zeros((2, 3))})
with open(path, "rb") as file:
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
print("members:", sorted(header))
print("metadata:", header["__metadata__"])
print("header's bytes modulo 8:", length % 8)
print("safetensors reads:", load_file(path)["w"].shape)
try:
    header.get("__metadata__", {}).items()
    print('.get("__metadata__", {}).items(): no error')
except AttributeError as error:
    print('.get("__metadata__", {}).items():', type(error).__name__)
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder/w.safetensors")
expected="members: ['__metadata__', 'w']
metadata: None
header's bytes modulo 8: 5
safetensors reads: (2, 3)
.get(\"__metadata__\", {}).items(): AttributeError"
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'changed: it is no longer as seen'; exit 1; }
