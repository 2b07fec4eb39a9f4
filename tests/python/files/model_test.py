"""A file that was read, value by value. Numbers: 16·in + 32 of conv1 by hand, 18 = 8·2 + 2 of fc."""

from __future__ import annotations

import json
from pathlib import Path

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
    assert (modules[0].in_shape, modules[0].flops, modules[0].calls) == (None, None, None)


def test_modules_and_tensors_are_sequences() -> None:
    """By index, from the end too, by slice and by full name; equal where they are the same thing of the same model."""
    model = weighbridge.read(BEFORE)
    assert (len(model.modules), len(model.tensors)) == (6, 8)
    assert model.modules[-1].path == "conv1.lin_r"
    assert [one.path for one in model.modules[1:-1:2]] == ["conv1", "conv1.aggr_module"]
    assert [one.path for one in model.tensors[:-7:-2]] == [one.path for one in list(model.tensors)[:-7:-2]]
    assert model.modules["conv1.lin_l"] == model.modules[4]
    assert model.modules[""] == model.modules[0]
    assert model.tensors["conv1.lin_l.weight"].path == "conv1.lin_l.weight"
    assert "conv1.lin_l" in model.modules and "conv1.lin_l" not in model.tensors
    assert model.tensors["fc.bias"] in model.tensors and None not in model.tensors
    assert model.modules[1] not in weighbridge.read(BEFORE).modules
    assert len({*model.modules, *model.modules}) == 6


def test_what_is_not_there_is_named() -> None:
    """The index or the name, and how many there are."""
    model = weighbridge.read(BEFORE)
    with pytest.raises(IndexError, match="^there is no module at index 6: the model has 6$"):
        model.modules[6]
    with pytest.raises(IndexError, match="^there is no tensor at index -9: the model has 8$"):
        model.tensors[-9]
    with pytest.raises(KeyError, match="^\"the model has no module 'conv1.lin'\"$"):
        model.modules["conv1.lin"]
    with pytest.raises(KeyError, match="^\"the model has no tensor 'conv1'\"$"):
        model.tensors["conv1"]


def test_tensors_tell_shape_and_state() -> None:
    """An unknown size is None; counts are expressions, and no number until they are exact."""
    tensors = {one.path: one for one in weighbridge.read(BEFORE).tensors}
    lazy, known = tensors["conv1.lin_l.weight"], tensors["fc.weight"]
    assert (lazy.shape, lazy.state, str(lazy.numel)) == ((8, None), "uninitialised", "8·in")
    assert (known.shape, known.dtype, known.role, known.state) == ((2, 8), "float32", "parameter", "initialised")
    assert (known.requires_grad, known.tied_to, int(known.numel), int(known.bytes)) == (True, None, 16, 64)
    with pytest.raises(ValueError, match="^not known exactly: 8·in$"):
        int(lazy.numel)


def test_counts_compare_as_what_is_known() -> None:
    """An exact one is a number, also as a key; one that is not equals nothing, since its unknowns may differ."""
    before, after = weighbridge.read(BEFORE).totals.parameters, weighbridge.read(AFTER).totals.parameters
    assert after == 306 and after == weighbridge.read(AFTER).totals.parameters
    assert {306: "a"}[after] == "a" and after in {306}
    assert after != 305 and after != None and after != "306" and after != -1  # noqa: E711
    assert before != 50 and before != weighbridge.read(BEFORE).totals.parameters
    assert (repr(before), str(after)) == ("Count(16·in + 50)", "306")


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


def test_totals_tell_modes_and_dtypes() -> None:
    """conv1, its aggregation and two linear layers, and fc: five modules, as they were when the module was pickled."""
    totals = weighbridge.read(AFTER).totals
    assert (totals.modules, totals.train_modules, totals.eval_modules) == (5, 5, 0)
    assert (totals.trainable, totals.non_trainable, totals.roles_inferred) == (306, 0, False)
    assert [(one.dtype, one.elements, one.bytes) for one in totals.by_dtype] == [("float32", 306, 306 * 4)]
    assert (totals.flops, totals.backward_flops, totals.activation_bytes) == (None, None, None)


def test_totals_do_not_tell_what_the_file_does_not() -> None:
    """A state dict records neither modes nor what requires a gradient; the optimizer is apart. Numbers by torch.load."""
    totals = weighbridge.read("pytorch/checkpoints/lightning_32-true.ckpt").totals
    assert (totals.train_modules, totals.eval_modules) == (None, None)
    assert (totals.trainable, totals.non_trainable, totals.roles_inferred) == (None, None, True)
    assert (totals.optimizer_tensors, totals.optimizer_bytes) == (18, 616)
    assert [(one.dtype, one.elements, one.bytes) for one in totals.by_dtype] == [("float32", 90, 360), ("int64", 1, 8)]


def test_totals_of_packed_weights() -> None:
    """Scales and zero points are overhead, as the tool that packed them says."""
    expected = json.loads(Path("quantized/expected.json").read_text())["awq_gemm"]
    totals = weighbridge.read("quantized/awq_gemm").totals
    assert (totals.parameters, totals.overhead_bytes) == (expected["parameters"], expected["overhead_bytes"])


def test_sections_are_the_parts_of_a_file() -> None:
    """An average is no further model, an optimizer state has no module. Numbers by torch.load."""
    averaged = weighbridge.read("pytorch/checkpoints/ema.pt").summary().sections
    assert [(one.name, one.kind, one.path, one.tensors, int(one.bytes)) for one in averaged] == [
        ("state_dict", "model", "state_dict", 9, 368),
        ("ema", "copy", "ema", 9, 368),
    ]
    trained = weighbridge.read("pytorch/checkpoints/lightning_32-true.ckpt").summary().sections
    assert [(one.name, one.kind, one.path, one.tensors, int(one.bytes)) for one in trained] == [
        ("state_dict", "model", "", 9, 368),
        ("optimizer_states/0", "optimizer_state", None, 18, 616),
    ]


def test_rows_of_a_summary() -> None:
    """Depth, sorting, cutting and filtering are those of the program."""
    summary = weighbridge.read(BEFORE).summary()
    assert [(r.path, r.type, r.depth, str(r.parameters), r.lazy) for r in summary.rows] == [
        ("conv1", "GATv2Conv", 1, "16·in + 32", True),
        ("fc", "Linear", 1, "18", False),
    ]
    assert [row.mode for row in summary.rows] == ["train", "train"]
    assert [row.trainable for row in weighbridge.read(AFTER).summary().rows] == [288, 18]
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
