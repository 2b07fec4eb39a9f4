"""Writes src/conventions/diffusers_table.inc from what tools/truth/ask_models.py was told of diffusers: the floating-point
buffers of each class that its files hold, each behind the module that holds it; no numbers.

Usage: python tools/conventions/diffusers_table.py FOLDER [src/conventions/diffusers_table.inc]
"""
import json
import struct
import sys
from pathlib import Path

HEAD = """// Made by tools/conventions/diffusers_table.py from what tools/truth/ask_models.py asked of diffusers {version}. Nobody
// edits it by hand. A class and its buffers: transformers.cpp.
constexpr std::string_view kDiffusersClasses =
"""


def floats_of(folder):
    path = next(folder.glob("*.safetensors"))
    with path.open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return {name for name, tensor in header.items() if tensor["dtype"][0] in "FBC" and tensor["dtype"] != "BOOL"}


def behind_its_module(path):
    steps = [step for step in path.split(".") if not step.isdigit()]
    return ".".join(steps[-2:])


def main():
    root = Path(sys.argv[1])
    rows = [row for row in map(json.loads, (root / "told.jsonl").read_text().splitlines()) if row["library"] == "diffusers"]
    lines = {}
    for row in rows:
        names = set(row.get("buffer_names", ()))
        if names:
            names &= floats_of(root / "diffusers" / row["class"])
        if names:
            lines[row["class"]] = " ".join([row["class"], *sorted({behind_its_module(name) for name in names})])
    out = Path(sys.argv[2] if len(sys.argv) > 2 else "src/conventions/diffusers_table.inc")
    body = "".join(f'    "{line}\\n"\n' for _, line in sorted(lines.items()))
    out.write_text(HEAD.format(version=rows[0]["version"]) + body[:-1] + ";\n")


if __name__ == "__main__":
    main()
