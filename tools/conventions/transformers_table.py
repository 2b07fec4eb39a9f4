"""Writes src/conventions/transformers_table.inc from what ask_transformers.py was told, and lists what it was not.

Usage: python tools/conventions/transformers_table.py FILE.jsonl VERSION [src/conventions/transformers_table.inc]
"""
import json
import sys
from pathlib import Path

LETTERS = {"full_attention": "f", "sliding_attention": "w", "chunked_attention": "c", "linear_attention": "s",
           "conv": "s", "hybrid": "h", "hybrid_sliding": "g", "indexed_attention": "i", "minimax_m3_sparse": "i",
           "compressed_sparse_attention": "p", "heavily_compressed_attention": "p",
           "reference_sliding_attention": "a", "dummy": "n"}
LONGEST_PERIOD = 12
HEAD = """// Made by tools/conventions/transformers_table.py from what tools/conventions/ask_transformers.py asked of transformers
// {version}: {types} types, {built} of them built. Nobody edits it by hand. The columns: transformers.cpp.
constexpr std::string_view kVersion = "{version}";
constexpr std::string_view kTypes =
"""


def tied(row):
    return {True: "t", False: "f", None: "-"}[row.get("tied")]


def is_state_alone(row):
    """Whether a forward left a cache without any keys."""
    cache = row.get("cache") or []
    if cache:
        return not any(has_keys for _, has_keys in cache)
    kinds = row.get("kinds") or [] if row.get("keeps_by") == "forward" else []
    return bool(kinds) and all(LETTERS.get(kind) == "s" for kind in kinds)


def keeps(row):
    if row.get("keeps") is None:
        return "?"
    if row["keeps"]:
        return "s" if is_state_alone(row) else "y"
    return "d" if row.get("is_decoder") is False and not row.get("is_encoder_decoder") else "n"


def pattern(row):
    if keeps(row) in "n?" or not row.get("kinds"):
        return "-"
    letters = "".join(LETTERS.get(kind, "?") for kind in row["kinds"])
    if "?" in letters or (set(letters) == {"s"} and keeps(row) == "y"):
        return "-"  # which layers attend, other keys tell
    for size in range(1, LONGEST_PERIOD + 1):
        if all(letter == letters[i % size] for i, letter in enumerate(letters)):
            return letters[:size]
    return "-"


def line(row):
    key = (row.get("period_keys") or ["-"])[0]
    part = row.get("text_type") or "-"
    part = "-" if part == row["type"] else part
    return " ".join([row["type"], tied(row), keeps(row), pattern(row), key, part] + (row.get("buffers") or []))


def main():
    rows = {}
    for text in Path(sys.argv[1]).read_text().splitlines():
        row = json.loads(text)
        if row["type"] not in rows or not rows[row["type"]].get("built"):
            rows[row["type"]] = row  # asked again where a library was there that the first time lacked
    told = [row for row in rows.values() if "left_out" not in row]
    out = Path(sys.argv[3] if len(sys.argv) > 3 else "src/conventions/transformers_table.inc")
    lines = sorted(line(row) for row in told)
    lines.sort(key=lambda text: text.split(" ", 1)[0])
    built = sum(bool(row.get("built")) for row in told)
    text = HEAD.format(version=sys.argv[2], types=len(told), built=built)
    out.write_text(text + "".join(f'    "{one}\\n"\n' for one in lines)[:-1] + ";\n")
    for row in sorted(rows.values(), key=lambda row: row["type"]):
        if "left_out" in row:
            print(f"left out: {row['type']}: {' '.join(row['left_out'].split())[:150]}")
        elif "not_built" in row:
            print(f"not built: {row['type']}: {' '.join(row['not_built'].split())[:150]}")
        elif row.get("keeps_by", "").startswith("source"):
            print(f"by its source: {row['type']}: {keeps(row)}")


if __name__ == "__main__":
    main()
