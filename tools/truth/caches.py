"""Compares what weigh says of keys and values with what the caches of transformers held, class by class.

Of each line of FILE.jsonl, as ask_caches.py wrote it, a folder is made of the configuration and a safetensors file of
nothing but a header (its data a hole in the file), and weighed for texts of both lengths. Right is the sum of the
keys and values of all layers; of a layer with a window the library drops the token that the next one pushes out before
it comes, so that it holds one less than the window, which is added again. Where weigh tells nothing, its note is the
reason.

Usage: python tools/truth/caches.py WEIGH FILE.jsonl... [--table TABLE.tsv]
"""
import argparse
import json
import math
import struct
import subprocess
import tempfile
from pathlib import Path

DTYPES = {"bfloat16": ("BF16", 2), "float32": ("F32", 4), "float16": ("F16", 2), "int64": ("I64", 8), "int32": ("I32", 4),
          "bool": ("BOOL", 1), "uint8": ("U8", 1), "float64": ("F64", 8), "int8": ("I8", 1), "complex64": ("C64", 8),
          "float8_e4m3fn": ("F8_E4M3", 1), "int16": ("I16", 2)}
# What differs for a reason.
EXPLAINED = {"cpmant": "it puts 32 tokens of its own before each text"}
KEPT = {"keys", "values", "indexer_keys", "index_keys"}  # of the attributes of a layer's cache; the others are states


def write_model(folder, row, name="model.safetensors"):
    """A folder with the configuration and a header; the data behind it takes no room on the disk."""
    header, offset = {}, 0
    for key, (dtype, *shape) in row["tensors"].items():
        word, size = DTYPES[dtype]
        end = offset + size * math.prod(shape)
        header[key] = {"dtype": word, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with (folder / name).open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
    (folder / "config.json").write_text(json.dumps(row["config"]))


def kept(layers, length, window, size):
    """Bytes of keys and values that the layers hold; None where they hold something else."""
    total = 0
    if layers is None:
        return 0
    if isinstance(layers, dict):
        return 0 if not layers else None
    for layer in layers:
        for name, shape in layer.items():
            if name not in KEPT:
                continue
            tokens = shape[-2]
            if "Sliding" in layer["class"] and tokens == window - 1 and length >= window:
                tokens += 1
            total += size * math.prod(shape) // shape[-2] * tokens
    return total


def weigh(program, folder, length):
    command = [program, "--format", "json", "--depth", "0", "--context", str(length), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        return None, ran.stderr.strip()
    told = json.loads(ran.stdout)
    notes = [note["message"] for note in told["notes"] if note["code"] == "token-cache"]
    return told["token_cache"], "; ".join(notes)


def compare(program, row):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder, row)
        said = [weigh(program, folder, length) for length in row["lengths"]]
    size = DTYPES[row["config"]["dtype"]][1]
    right = [kept(layers, length, row["window"], size) for layers, length in zip(row["cache"], row["lengths"])]
    answers = [cache and cache["bytes_at_context"] for cache, _ in said]
    if said[0][0] is None:
        reason = said[0][1] or "it makes no text"
        verdict = "equal" if right == [0, 0] else "refused"
        return verdict, right, answers, reason
    if None in answers:
        return "refused", right, answers, "which layers have a window is not known"
    if answers == right:
        return "equal", right, answers, ""
    reason = EXPLAINED.get(row["type"], "")
    return "explained" if reason else "DIFFERENT", right, answers, reason


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weigh")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    rows = {}
    for file in options.files:
        for line in file.read_text().splitlines():
            row = json.loads(line)
            if row["type"] not in rows or "left_out" not in row:
                rows[row["type"]] = row
    lines, counts = [], {}
    for model_type, row in sorted(rows.items()):
        if "left_out" in row or "cache" not in row:
            verdict, right, answers, why = "not asked", None, None, " ".join(row.get("left_out", "").split())[:100]
        else:
            verdict, right, answers, why = compare(options.weigh, row)
        counts[verdict] = counts.get(verdict, 0) + 1
        numbers = [str(number) for pair in (right, answers) for number in (pair or ("", ""))]
        lines.append("\t".join([model_type, row.get("class", ""), verdict, *numbers, why]))
        if verdict == "DIFFERENT":
            print(lines[-1])
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    if options.table:
        head = ["type", "class", "verdict", "kept_at_6", "kept_at_24", "weigh_at_6", "weigh_at_24", "reason"]
        options.table.write_text("\t".join(head) + "\n" + "".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
