"""What differs between two models, and gates, from Python."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
import weighbridge
from conftest import DATA, ROOT
from weighbridge import _weigh

BEFORE = DATA / "pytorch/gat_module_before.pt"
AFTER = DATA / "pytorch/gat_module_after.pt"


def test_differences_are_values() -> None:
    diff = weighbridge.diff(BEFORE, AFTER)
    assert not diff.equal
    assert diff.tensors == {"equal": 6, "changed": 2, "moved": 0, "went": 0, "came": 0}
    first = diff.differences[0]
    assert (first.change, first.a, first.b, first.repeat) == ("changed", "conv1.lin_l.weight", "conv1.lin_l.weight", 1)
    assert first.facts == ["shape", "state"]
    assert json.loads(diff.to_json())["b"]["parameters"] == 306
    assert "conv1.lin_r.weight   [8, in] → [8, 16]" in repr(diff)


def test_models_live_as_long_as_what_differs() -> None:
    diff = weighbridge.diff(weighbridge.read(AFTER), weighbridge.read(AFTER))
    assert diff.equal
    assert "No difference." in diff.render()


def test_values_are_compared_where_paths_are_given(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.tensor([1.0, 2.0, 3.0])}, tmp_path / "a.pt")
    torch.save({"w": torch.tensor([1.0, 2.5, 3.0])}, tmp_path / "b.pt")
    assert weighbridge.diff(tmp_path / "a.pt", tmp_path / "b.pt").equal
    (only,) = weighbridge.diff(tmp_path / "a.pt", tmp_path / "b.pt", values=True).differences
    assert only.facts == ["values"]
    assert (only.distance.elements, only.distance.differing, only.distance.largest) == (3, 1, 0.5)


def test_small_floats_are_as_far_apart_as_torch_says(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    every = torch.arange(256, dtype=torch.uint8)
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz):
        a, b = every.view(dtype), every.flip(0).view(dtype)
        torch.save({"w": a}, tmp_path / "a.pt")
        torch.save({"w": b}, tmp_path / "b.pt")
        (only,) = weighbridge.diff(tmp_path / "a.pt", tmp_path / "b.pt", values=True).differences
        far = (a.double() - b.double()).abs()
        finite = far[far.isfinite()]
        assert only.distance.not_numbers == (~far.isfinite()).sum().item()
        assert only.distance.largest == finite.max().item()
        assert only.distance.mean == pytest.approx(finite.mean().item())


def test_gates_give_findings() -> None:
    checked = weighbridge.check(BEFORE, initialized=True, max_parameters=1000)
    assert not checked.passed
    assert [(one.rule, one.verdict) for one in checked.findings] == [
        ("initialized", "failed"),
        ("max-parameters", "undecided"),
    ]
    assert checked.findings[0].places == ["conv1.lin_l.weight", "conv1.lin_r.weight"]
    assert weighbridge.check(AFTER, initialized=True, like=AFTER, architecture="GAT").passed


def test_gates_come_from_a_policy_too(tmp_path: Path) -> None:
    policy = tmp_path / "weighbridge.toml"
    policy.write_text("[check]\nmax-parameters = 305\n")
    assert not weighbridge.check(AFTER, policy=policy).passed
    assert weighbridge.check(AFTER, policy=policy, max_parameters="1K").passed


def test_junit_is_what_its_readers_read(tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser")
    report = tmp_path / "report.xml"
    report.write_text(weighbridge.check(BEFORE, initialized=True, max_parameters="1K", no_missing=True).render("junit"))
    read = junitparser.JUnitXml.fromfile(str(report))
    assert (read.tests, read.failures, read.errors) == (3, 2, 0)
    (suite,) = read
    assert [(case.name, [one.type for one in case.result]) for case in suite] == [
        ("initialized", ["failed"]),
        ("max-parameters", ["undecided"]),
        ("no-missing", []),
    ]


def test_every_rule_is_an_argument() -> None:
    arguments = set(inspect.signature(weighbridge.check).parameters) - {"model", "policy"}
    assert arguments == {rule.replace("-", "_") for rule in _weigh.rules()}


def test_what_is_wrong_is_an_error() -> None:
    with pytest.raises(weighbridge.WeighError, match="no rule is asked for"):
        weighbridge.check(AFTER)
    with pytest.raises(weighbridge.WeighError, match="knows no dtype 'float'"):
        weighbridge.check(AFTER, dtypes=["float"])
    with pytest.raises(weighbridge.WeighError, match="has no module 'conv'"):
        weighbridge.diff(BEFORE, AFTER, maps={"conv": ""})


def test_the_example_runs() -> None:
    command = [sys.executable, str(ROOT / "examples/python/gates.py"), BEFORE.name, AFTER.name]
    ran = subprocess.run(command, cwd=BEFORE.parent, capture_output=True, text=True, check=True)
    assert ran.stdout == (
        "changed conv1.lin_l.weight shape state\n"
        "changed conv1.lin_r.weight shape state\n"
        "gat_module_after.pt: 3 gates passed\n\n"
        "  passed   initialized      all 8 tensors are initialised\n"
        "  passed   max-parameters   306 parameters, at most 1000 are allowed\n"
        "  passed   dtypes           allowed are float32\n\n"
    )
