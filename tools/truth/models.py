"""Compares what weigh says of the files that ask_models.py wrote with what the live models held, class by class.

Parameters and buffers, in all and name by name, of what save_pretrained writes; and, where it leaves names out since
they are tied, the same numbers of a file that has them.

Usage: python tools/truth/models.py WEIGH FOLDER [--table TABLE.tsv]
"""
import argparse
import json
import subprocess
from pathlib import Path

# What differs for a reason: by library and class.
EXPLAINED = {
    ("transformers", "BarkFineModel"): "each of its embeddings is one of its heads; a file that has both says it nowhere",
    ("transformers", "BarkModel"): "the same of its part fine_acoustics",
    ("transformers", "BigBirdPegasusForCausalLM"): "tie_word_embeddings is true, and the class does not tie",
    ("transformers", "FlavaForPreTraining"): "equal as it is saved; a file with all names has biases of its heads twice",
    ("transformers", "GradiumPhononTTSForConditionalGeneration"): "AutoModel does not build it: its buffers are in no table",
    ("transformers", "Inkling2LoopForCausalLM"): "2,225,664 elements of the model are saved twice",
    ("transformers", "LukeForMaskedLM"): "tie_word_embeddings is true, and the class does not tie",
}
MOST_NAMES = 3


def weigh(program, folder):
    """Parameters, buffers, whether they are all, and the names of the buffers."""
    ran = subprocess.run([program, "--format", "json", "--depth", "0", folder], capture_output=True, text=True, timeout=120)
    if ran.returncode != 0:
        return None
    told = json.loads(ran.stdout)
    totals = told["totals"]
    names = {tensor["path"] for tensor in told["tensors"] if tensor["role"] == "buffer"}
    return totals["parameters"], totals["buffers"], totals["exact"] and totals["buffers_exact"], names


def compare(program, root, row):
    folder = root / row["library"] / row["class"]
    right = (row["parameters"], row["buffers"])
    said = weigh(program, folder)
    if said is None:
        return "DIFFERENT", ("", ""), "it was refused"
    numbers, is_exact, names = said[:2], said[2], said[3]
    if not is_exact and all(ours <= live for ours, live in zip(numbers, right)):
        return "bound", numbers, ""
    if numbers != right:
        names ^= set(row["buffer_names"])
        return "DIFFERENT", numbers, " ".join(sorted(names)[:MOST_NAMES])
    if row["tied"]:
        whole = weigh(program, folder.with_name(folder.name + ".whole"))
        if whole is None or whole[:2] != right:
            return "DIFFERENT", whole[:2] if whole else ("", ""), "with the names that are tied"
    return "equal", numbers, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weigh")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    rows = {}
    for line in (options.folder / "told.jsonl").read_text().splitlines():
        row = json.loads(line)
        rows[row["library"], row["class"]] = row
    lines, counts = [], {}
    for (library, name), row in sorted(rows.items()):
        numbers, why = ("", ""), row.get("left_out", "")
        verdict = "not built"
        if "left_out" not in row:
            verdict, numbers, why = compare(options.weigh, options.folder, row)
        if verdict in ("DIFFERENT", "bound") and (reason := EXPLAINED.get((library, name))):
            verdict, why = "explained", reason
        counts.setdefault(library, {}).setdefault(verdict, 0)
        counts[library][verdict] += 1
        live = (row.get("parameters", ""), row.get("buffers", ""))
        lines.append("\t".join(map(str, [library, row["version"], name, row.get("type", ""), verdict, *live, *numbers, why])))
        if verdict in ("DIFFERENT", "bound"):
            print(lines[-1])
    for library, verdicts in sorted(counts.items()):
        print(f"{library}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())))
    if options.table:
        head = ["library", "version", "class", "type", "verdict", "parameters", "buffers", "weigh_parameters",
                "weigh_buffers", "reason"]
        options.table.write_text("\t".join(head) + "\n" + "".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
