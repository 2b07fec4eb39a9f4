"""Plans from Python: of files, of summaries, and of modules that are alive. Sums by hand."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import warnings
from typing import Any

import pytest
from conftest import DATA, ROOT, Program

import weighbridge

GAT = DATA / "pytorch/gat_module_after.pt"  # 306 parameters of 4 bytes


def lines_of(plan: weighbridge.Plan) -> dict[str, int]:
    """Bytes by line."""
    return {line.what: line.bytes for line in plan.lines}


def test_a_file_is_planned() -> None:
    """Weights, gradients, and two moments of each."""
    plan = weighbridge.plan(GAT, train=True)
    assert lines_of(plan) == {"weights": 1224, "gradients": 1224, "optimizer states": 2448}
    assert (plan.purpose, plan.devices, plan.bytes, plan.bytes_on_each) == ("train", 1, 4896, 4896)
    assert not plan.exact
    assert [line.how for line in plan.lines][2] == "adamw: two moments; parameters have 4 bytes"
    assert {line.evidence for line in plan.lines} == {"derived"}
    assert plan.machine is None


def test_every_form_is_the_programs(program: Program) -> None:
    """The text is the program's, to the letter."""
    arguments = ("plan", "pytorch/gat_module_after.pt", "--train", "--device", "8xh100", "--zero", "2")
    plan = weighbridge.plan("pytorch/gat_module_after.pt", train=True, device="8xh100", zero=2)
    for form in ("table", "json", "markdown"):
        assert plan.render(form) == program(*arguments, "--format", form).stdout
    assert plan.render(exact=True) == program(*arguments, "--exact").stdout
    assert plan.to_json() == plan.render("json")
    assert plan.to_dict() == json.loads(plan.to_json())


def test_every_option_is_an_argument(program: Program) -> None:
    """But for those of the screen."""
    options = set(re.findall(r"^ +--([a-z0-9-]+)", program("plan", "--help").stdout, re.MULTILINE))
    screen = {"format", "exact", "ascii", "width", "color", "help"}
    assert screen - options <= {"help"}
    arguments = set(inspect.signature(weighbridge.plan).parameters) - {"model", "inputs", "named_inputs"}
    assert {option.replace("-", "_") for option in options - screen} == arguments


def test_models_and_summaries_are_planned_alike() -> None:
    """A path, what it reads as, and a summary of that."""
    model = weighbridge.read(GAT)
    assert weighbridge.plan(GAT).to_json() == weighbridge.plan(model).to_json()
    assert weighbridge.plan(model).to_json() == weighbridge.plan(model.summary(depth=2)).to_json()


def test_what_fits_is_told() -> None:
    """And what would, where it does not."""
    machine = weighbridge.plan(GAT, device="24GBx2").machine
    assert machine is not None
    assert (machine.device, machine.device_bytes, machine.count) == ("24GB", 24_000_000_000, 2)
    assert (machine.fits, machine.lacking, machine.fewest_devices) == (True, 0, 1)
    assert (machine.longest_context, machine.largest_batch) == (None, None)
    small = weighbridge.plan(GAT, train=True, device="0.002MB", zero=3).machine
    assert small is not None
    assert (small.fits, small.lacking, small.fewest_devices) == (False, 2896, 3)


def test_notebooks_and_rich_show_it() -> None:
    """No name in it is markup."""
    model = weighbridge.read(GAT)
    model.source = "<b>&[red]"
    plan = weighbridge.plan(model)
    begin = '<p>&lt;b&gt;&amp;[red]</p>\n<div class="scroll" tabindex="0" role="region" aria-label="Memory">\n<table>\n'
    assert plan._repr_html_().startswith(begin + '<thead><tr><th scope="col">What</th>')
    rich = pytest.importorskip("rich")
    with rich.get_console().capture() as captured:
        rich.print(plan)
    assert "<b>&[red]" in captured.get()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"optimizer": "adamw"},
            "precision, optimizer, adapters (lora), ZeRO, master weights and checkpointing are of training, and serving "
            "is planned",
        ),
        (
            {"train": True, "precision": "bf16"},
            "'bf16' is no precision that is known; is 'bf16-true' meant? Known are 32-true, 16-mixed, bf16-mixed, "
            "16-true, bf16-true",
        ),
        ({"train": True, "lora_targets": ["q"]}, "adapters (lora) have a rank of at least 1"),
        ({"train": True, "kv_dtype": "int8"}, "keys and values are kept while serving, and training is planned"),
        (
            {"kv_dtype": "q3"},
            "keys and values are not stored as 'q3'; there are float32, float16, bfloat16, float8, int8, q8_0, q4_0",
        ),
        ({"batch": 0}, "a batch has at least 1 text, and a text (context) at least 1 token"),
        (
            {"expert_parallel": 2, "tensor_parallel": 2},
            "expert-parallel 2 needs as many experts, and the model has none",
        ),
        (
            {"device": "h20"},
            "'h20' is no device that is known (the nearest is 'h200') and no size such as 80GB or 24GiB; either may have "
            "x8 behind it, or 8x before it, for eight",
        ),
    ],
)
def test_what_contradicts_itself_is_an_error(options: dict[str, Any], message: str) -> None:
    """One class of errors, with the core's words."""
    with pytest.raises(weighbridge.WeighError) as raised:
        weighbridge.plan(GAT, **options)
    assert str(raised.value) == message
    assert raised.value.kind == "usage"


def test_inputs_are_of_live_modules() -> None:
    """A file takes none."""
    with pytest.raises(TypeError, match="inputs are of a live module's forward, and the model is none"):
        weighbridge.plan(GAT, 1)


def test_a_live_module_tells_its_activations() -> None:
    """Autograd keeps what comes in, 64 rows of it, and what ReLU returns, once."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    plan = weighbridge.plan(module, torch.zeros(64, 784), train=True, optimizer="sgd")
    parameters = 784 * 512 + 512 + 512 * 10 + 10
    assert lines_of(plan) == {
        "weights": 4 * parameters,
        "gradients": 4 * parameters,
        "optimizer states": 0,
        "activations": 4 * 64 * (784 + 512),
    }
    assert plan.lines[3].exact
    assert plan.source == "Sequential"
    assert repr(plan).startswith("Sequential\n\n  What")
    assert lines_of(weighbridge.plan(module)) == {"weights": 4 * parameters}
    by_name = weighbridge.plan(module, named_inputs={"input": torch.zeros(64, 784)}, train=True, optimizer="sgd")
    assert by_name.to_json() == plan.to_json()
    with pytest.raises(weighbridge.WeighError, match="batch and context are those of the example"):
        weighbridge.plan(module, torch.zeros(64, 784), train=True, batch=2)


def test_training_is_seen_in_train_mode() -> None:
    """Dropout keeps a mask and a factor; the module stays in its mode."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Linear(16, 32), nn.Dropout(0.5)).eval()
    kept = lines_of(weighbridge.plan(module, torch.zeros(8, 16), train=True))["activations"]
    assert kept > 4 * 8 * 16
    assert not module.training


def test_a_summary_tells_what_operators_returned() -> None:
    """Which is an upper bound: 64 rows of both layers and of what is between them."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    plan = weighbridge.plan(weighbridge.summarize(module, torch.zeros(64, 784)), train=True)
    assert lines_of(plan)["activations"] == 4 * 64 * (512 + 512 + 10)
    assert not plan.lines[3].exact
    assert re.search("activations +≤ 265 kB ", repr(plan))
    assert "≥" not in repr(plan)


def test_checkpointed_layers_keep_what_they_return() -> None:
    """Three layers that return 4,096 bytes each; the first keeps most: what it is given, and what it returns."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    layers = nn.Sequential(*[nn.Sequential(nn.Linear(32, 32), nn.ReLU()) for _ in range(3)])
    module = nn.Sequential()
    module.add_module("layers", layers)
    module.add_module("head", nn.Linear(32, 8))
    x = torch.zeros(32, 32)
    assert lines_of(weighbridge.plan(module, x, train=True))["activations"] == 4 * 4096
    assert lines_of(weighbridge.plan(module, x, train=True, checkpointing=True))["activations"] == (3 + 2) * 4096


def test_activations_are_those_of_reality() -> None:
    """Of ten models of transformers, to the byte: tools/truth/plans.py has counted what autograd saved of each."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    rows = [line.split("\t") for line in (DATA / "plan/real.tsv").read_text().splitlines()]
    real = {(model, of): int(size) for model, what, of, size in rows if what == "activations"}
    folders = sorted((DATA / "plan/models").iterdir())
    assert len(folders) == 10
    for folder in folders:
        given = json.loads((folder / "config.json").read_text())
        model = getattr(transformers, given["architectures"][0])(transformers.AutoConfig.for_model(**given))
        tokens = torch.arange(128).remainder(500).reshape(2, 64)
        plan = weighbridge.plan(model, tokens, train=True)
        assert lines_of(plan)["activations"] == real[folder.name, "plain"], folder.name
        again = weighbridge.plan(model, tokens, train=True, checkpointing=True)
        kept = real[folder.name, "checkpointing"] + real[folder.name, "of a layer"]
        assert lines_of(again)["activations"] == kept, folder.name


def test_a_forward_that_stops_is_warned_of_where_the_plan_is_asked_for() -> None:
    """The warning is of the caller's line."""
    torch = pytest.importorskip("torch")

    class Stops(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return x.nothing()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan = weighbridge.plan(Stops(), torch.zeros(1), train=True)
    assert [one.filename for one in caught] == [__file__]
    (activations,) = [line for line in plan.lines if line.what == "activations"]
    assert (activations.bytes, activations.exact) == (0, False)


def test_the_example_runs() -> None:
    """Its screen stands in docs/plan.md, too."""
    pytest.importorskip("torch")
    command = [sys.executable, str(ROOT / "examples/python/plan.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    shown = re.search(r"<!-- plan.py -->\n```\n(.*?)```", (ROOT / "docs/plan.md").read_text(), re.DOTALL)
    assert shown is not None
    assert ran.stdout == shown[1]
