"""What `weigh check` writes for machines is what they read; and what the action of GitHub runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import DATA, ROOT
from jsonschema import Draft4Validator, FormatChecker

import weighbridge
from weighbridge import _weigh

BEFORE = DATA / "pytorch/gat_module_before.pt"
AFTER = DATA / "pytorch/gat_module_after.pt"
SARIF = Draft4Validator(
    json.loads((DATA / "sarif/sarif-schema-2.1.0.json").read_text()), format_checker=FormatChecker()
)
EVERY_RULE: dict[str, Any] = {
    "initialized": True,
    "max_parameters": 1000,
    "max_active": 1000,
    "max_bytes": "1KB",
    "dtypes": ["bf16"],
    "no_pickle": True,
    "no_missing": True,
    "index_agrees": True,
    "known_packing": True,
    "architecture": "Llama*",
    "has_modules": "head",
    "like": AFTER,
}


@pytest.mark.parametrize(
    "file", [BEFORE, AFTER, DATA / "safetensors/missing_shard", DATA / "safetensors/plain.safetensors"]
)
def test_sarif_is_valid_by_the_official_schema(file: Path) -> None:
    """Of every rule that there is: a result for each gate that did not pass, of a rule that is described."""
    assert set(EVERY_RULE) == {rule.replace("-", "_") for rule in _weigh.rules()}
    checked = weighbridge.check(file, **EVERY_RULE)
    assert not checked.passed
    document = json.loads(checked.render("sarif"))
    assert [error.message for error in SARIF.iter_errors(document)] == []
    (run,) = document["runs"]
    described = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert described == _weigh.rules()
    levels = {"failed": "error", "undecided": "warning"}
    told = [(one["ruleId"], one["level"], one["message"]["text"]) for one in run["results"]]
    said = {"failed": "", "undecided": "undecided: "}
    expected = [
        (one.rule, levels[one.verdict], said[one.verdict] + one.message)
        for one in checked.findings
        if one.verdict != "passed"
    ]
    assert [(rule, level) for rule, level, _ in told] == [(rule, level) for rule, level, _ in expected]
    assert all(text.startswith(message) for (_, _, text), (_, _, message) in zip(told, expected, strict=True))


def action() -> dict[str, Any]:
    """action.yml."""
    yaml = pytest.importorskip("yaml")
    read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return read


def run_step(name: str, inputs: dict[str, str], temp: Path) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs one of a shell: its text in a file, its variables from the inputs or their defaults."""
    told = action()
    (step,) = [one for one in told["runs"]["steps"] if one["name"] == name]
    values = {key: one.get("default", "") for key, one in told["inputs"].items()} | inputs
    environment = {
        key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: values[m[1]], text) for key, text in step["env"].items()
    }
    script = temp / "step.sh"
    script.write_text(step["run"])
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(
        command,
        cwd=DATA / "pytorch",
        env=os.environ | environment | {"RUNNER_TEMP": str(temp)},
        capture_output=True,
        text=True,
        check=False,
    )


def installed(temp: Path) -> None:
    """The program where the first step puts it."""
    program = ROOT / "build/release/weigh"
    if not program.exists():
        pytest.skip("the program is not built")
    (temp / "weigh/bin").mkdir(parents=True)
    (temp / "weigh/bin/weigh").symlink_to(program)


def test_the_action_writes_annotations_and_sarif(tmp_path: Path) -> None:
    """And ends as the program does."""
    installed(tmp_path)
    sarif = tmp_path / "weigh.sarif"
    inputs = {"files": "gat_module_*.pt", "args": "--initialized --max-parameters 306", "sarif": str(sarif)}
    ran = run_step("Check", inputs, tmp_path)
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0] == (
        "::error file=gat_module_before.pt,title=initialized::2 tensors are not initialised: conv1.lin_l.weight, "
        "conv1.lin_r.weight"
    )
    document = json.loads(sarif.read_text())
    assert [error.message for error in SARIF.iter_errors(document)] == []
    assert run_step("Check", {"files": "gat_module_after.pt", "args": "--initialized"}, tmp_path).returncode == 0


def test_inputs_of_the_action_are_no_commands(tmp_path: Path) -> None:
    """What stands in them is a name or an argument, whatever it looks like."""
    installed(tmp_path)
    ran = run_step(
        "Check", {"files": "gat_module_after.pt", "args": "--initialized;touch$IFS'hacked'$(touch hacked)"}, tmp_path
    )
    assert ran.returncode == 2
    assert not (DATA / "pytorch/hacked").exists()


def test_the_action_installs_what_is_asked_for(tmp_path: Path) -> None:
    """Into a folder of its own, with the Python that was given."""
    log = tmp_path / "log"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "python $*" >>{log}\nmkdir -p "$3/bin"\nprintf \'#!/bin/sh\\necho "pip $*" >>{log}\\n\' '
        '>"$3/bin/pip"\nchmod +x "$3/bin/pip"\n'
    )
    python.chmod(0o755)
    ran = run_step("Install", {"python": str(python), "version": "==0.1.0"}, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert log.read_text() == (
        f"python -m venv {tmp_path}/weigh\npip install --quiet --disable-pip-version-check weighbridge==0.1.0\n"
    )
