"""A file that was read, value by value. Numbers: 16·in + 32 of conv1 by hand, 18 = 8·2 + 2 of fc."""

from __future__ import annotations

import json

import pytest

import weighbridge

BEFORE = "pytorch/gat_module_before.pt"
AFTER = "pytorch/gat_module_after.pt"


def test_a_model_tells_what_it_is() -> None:
    """What the reader was given, its format and the class of its root."""
    model = weighbridge.read(BEFORE)
    assert (model.source, model.format, model.kind) == (BEFORE, "PyTorch", "pickled module")
    assert model.architecture == "GAT"


def test_modules_are_views_in_order() -> None:
    """The root stands first, a parent before its children; views are made from the end, too."""
    modules = weighbridge.read(BEFORE).modules
    assert [(one.path, one.type, one.mode, one.lazy) for one in modules] == [
        ("", "GAT", "train", False),
        ("conv1", "GATv2Conv", "train", False),
        ("fc", "Linear", "train", False),
        ("conv1.aggr_module", "SumAggregation", "train", False),
        ("conv1.lin_l", "Linear", "train", True),
        ("conv1.lin_r", "Linear", "train", True),
    ]
    assert modules[-1].path == "conv1.lin_r"
    assert (modules[0].in_shape, modules[0].flops, modules[0].calls) == (None, None, None)
    with pytest.raises(IndexError):
        modules[6]


def test_tensors_tell_shape_and_state() -> None:
    """An unknown size is None; counts are expressions, and no number until they are exact."""
    tensors = {one.path: one for one in weighbridge.read(BEFORE).tensors}
    lazy, known = tensors["conv1.lin_l.weight"], tensors["fc.weight"]
    assert (lazy.shape, lazy.state, str(lazy.numel)) == ((8, None), "uninitialised", "8·in")
    assert (known.shape, known.dtype, known.role, known.state) == ((2, 8), "float32", "parameter", "initialised")
    assert (known.requires_grad, known.tied_to, int(known.numel), int(known.bytes)) == (True, None, 16, 64)
    with pytest.raises(ValueError, match="^not known exactly: 8·in$"):
        int(lazy.numel)


def test_a_view_keeps_its_model() -> None:
    """A tensor or a row outlives the names of the model and the summary it came from."""
    tensor = weighbridge.read(AFTER).tensors[-1]
    row = weighbridge.read(AFTER).summary().rows[0]
    assert (tensor.path, row.path, int(row.parameters)) == ("fc.bias", "conv1", 288)


def test_totals_are_bounds_until_they_are_exact() -> None:
    """50 is known before the first forward; 16·16 + 32 + 18 = 306 after it."""
    before, after = weighbridge.read(BEFORE).totals, weighbridge.read(AFTER).totals
    assert (before.parameters.known, before.exact, before.uninitialized_parameters) == (50, False, 2)
    assert (after.parameters == 306, after.exact, int(after.bytes), after.tensors) == (True, True, 1224, 8)
    assert before.parameters != 50


def test_rows_of_a_summary() -> None:
    """Depth, sorting, cutting and filtering are those of the program."""
    summary = weighbridge.read(BEFORE).summary()
    assert [(r.path, r.type, r.depth, str(r.parameters), r.lazy) for r in summary.rows] == [
        ("conv1", "GATv2Conv", 1, "16·in + 32", True),
        ("fc", "Linear", 1, "18", False),
    ]
    assert [t.path for t in summary.uninitialized] == ["conv1.lin_l.weight", "conv1.lin_r.weight"]
    by_name = weighbridge.read(AFTER).summary(depth=1, sort="params", top=1)
    assert [row.path for row in by_name.rows] == ["conv1"]


def test_notes_have_a_code_and_a_place() -> None:
    """Each tensor that is not initialised is noted."""
    notes = weighbridge.read(BEFORE).notes
    assert [(note.code, note.place) for note in notes] == [
        ("uninitialized", "conv1.lin_l.weight"),
        ("uninitialized", "conv1.lin_r.weight"),
    ]


def test_as_json_and_as_a_dictionary() -> None:
    """One document in both forms."""
    model = weighbridge.read(AFTER)
    assert json.loads(model.to_json()) == model.to_dict()
    assert model.to_dict()["totals"]["parameters"] == 306


def test_as_a_frame_of_pandas() -> None:
    """A line for each row of all depths."""
    pytest.importorskip("pandas")
    frame = weighbridge.read(AFTER).to_frame()
    assert list(frame["path"][frame["depth"] == 1]) == ["conv1", "fc"]
    assert list(frame["parameters"][frame["depth"] == 1]) == [288, 18]
