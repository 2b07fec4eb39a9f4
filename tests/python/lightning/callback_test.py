"""The callbacks in real fits."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import pytest
import torch
from models import PACKAGES, Energy, OnlyInTraining, Raises, fit, lit, loader
from torch import nn

from weighbridge.lightning import ModelSummary, RichModelSummary, UninitializedError, summarize


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("kind", [ModelSummary, RichModelSummary])
def test_either_trainer_leaves_its_own_table_out(package: str, kind: Any) -> None:
    """One callback of summaries, ours."""
    lightning = PACKAGES[package]
    trainer = lightning.Trainer(
        accelerator="cpu", callbacks=[kind()], logger=False, enable_checkpointing=False
    )
    found = [c for c in trainer.callbacks if isinstance(c, lightning.callbacks.ModelSummary)]
    assert [type(callback) for callback in found] == [kind]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_fit_prints_the_summary_once(package: str, tables: list[str]) -> None:
    """The text is that of the object."""
    model = lit(nn.Linear(3, 4), torch.zeros(2, 3), PACKAGES[package])
    fit(model, ModelSummary(), loader(3), PACKAGES[package])
    assert tables == ["\n" + str(summarize(model))]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_trainers_switch_is_heeded(package: str) -> None:
    """Two that say the opposite are refused, as with Lightning's own callback."""
    with pytest.raises(Exception, match="(?s)Trainer|summary"):
        PACKAGES[package].Trainer(accelerator="cpu", barebones=True, enable_model_summary=True)
    trainer = PACKAGES[package].Trainer(accelerator="cpu", enable_model_summary=False, logger=False)
    assert not any(isinstance(callback, ModelSummary) for callback in trainer.callbacks)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("switch", ["barebones", "enable_model_summary"])
@pytest.mark.parametrize("kind", [ModelSummary, RichModelSummary])
def test_a_switch_silences_a_callback_that_is_there(
    package: str, switch: str, kind: Any, tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Lightning's own would print all the same. What it initialises is initialised."""
    lightning = PACKAGES[package]
    model = lit(nn.LazyLinear(4), torch.zeros(2, 3), lightning)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    options = {"barebones": True} if switch == "barebones" else {"enable_model_summary": False, **quiet}
    trainer = lightning.Trainer(
        accelerator="cpu", callbacks=[kind(initialize=True)], limit_train_batches=1, max_epochs=1, **options
    )
    trainer.fit(model, loader(3))
    assert tables == [] and "Total params" not in capsys.readouterr().out
    assert type(model.net) is nn.Linear


def test_depth_zero_prints_nothing(tables: list[str]) -> None:
    """As in Lightning."""
    fit(lit(nn.Linear(3, 4)), ModelSummary(max_depth=0), loader(3))
    assert tables == []


def test_own_columns_and_no_flops(tables: list[str]) -> None:
    """A title and a function of a row."""
    columns = {"Depth": lambda row: row.depth}
    fit(lit(nn.Linear(3, 4)), ModelSummary(columns=columns, flops=False), loader(3))
    assert tables == [
        "\n"
        "  | Name | Type   | Params | Mode  | Depth\n"
        "------------------------------------------------\n"
        "0 | net  | Linear | 16     | train | 1    \n"
        "------------------------------------------------\n"
        "16        Trainable params\n"
        "0         Non-trainable params\n"
        "16        Total params\n"
        "0.000     Total estimated model params size (MB)\n"
        "1         Modules in train mode\n"
        "0         Modules in eval mode"
    ]


def test_summarize_may_be_overridden() -> None:
    """With the parameters of Lightning's, and what the callback was given."""
    seen = {}

    class Mine(ModelSummary):
        @staticmethod
        def summarize(  # type: ignore[override]
            summary_data, total_parameters, trainable_parameters, model_size, total_training_modes,
            total_flops, **summarize_kwargs
        ):
            seen.update(summarize_kwargs, data=summary_data, total=total_parameters, flops=total_flops)

    fit(lit(nn.Linear(3, 4), torch.zeros(2, 3)), Mine(style="mine"), loader(3))
    assert [title for title, _ in seen["data"]] == [
        " ", "Name", "Type", "Params", "Mode", "FLOPs", "In sizes", "Out sizes"
    ]
    assert (seen["total"], seen["flops"], seen["style"]) == (16, 48, "mine")


def test_every_fit_warns_of_lazy_layers() -> None:
    """Lightning warns once a process."""
    for _ in range(2):
        with pytest.warns(UserWarning) as record:
            fit(lit(nn.LazyLinear(4)), ModelSummary(), loader(3))
        ours = [str(w.message) for w in record if "inaccurate" in str(w.message)]
        assert ours == [
            "The total number of parameters detected may be inaccurate: 1 layer is not initialised yet,"
            " and what is shown is a lower bound.\n"
            "  net (LazyLinear): 4·in + 4 parameters; there is no example: set `example_input_array`"
        ]


def test_a_layer_that_only_training_reaches() -> None:
    """Named as such: the example is there."""
    with pytest.warns(UserWarning) as record:
        fit(lit(OnlyInTraining(), torch.zeros(2, 3)), ModelSummary(), loader(3))
    ours = [str(w.message) for w in record if "inaccurate" in str(w.message)]
    assert ours == [
        "The total number of parameters detected may be inaccurate: 1 layer is not initialised yet,"
        " and what is shown is a lower bound.\n"
        "  net.auxiliary (LazyLinear): 2·in + 2 parameters; the forward reaches it in train mode only:"
        " give the callback train=True"
    ]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "The total number")
        assert summarize(lit(OnlyInTraining(), torch.zeros(2, 3)), train=True).total_parameters == 26


def test_strict_names_the_layers(tables: list[str]) -> None:
    """An error before the first batch, after the table."""
    with pytest.raises(UninitializedError) as error:
        fit(lit(nn.LazyLinear(4)), ModelSummary(strict=True), loader(3))
    assert error.value.layers == ("net",)
    assert len(tables) == 1
    again = pickle.loads(pickle.dumps(error.value))
    assert (str(again), again.layers) == (str(error.value), ("net",))


def test_strict_is_content_with_an_example() -> None:
    """All is known, though not initialised yet."""
    trainer = fit(lit(nn.LazyLinear(4), torch.zeros(2, 3)), ModelSummary(strict=True), loader(3))
    assert trainer.state.finished


def test_a_forward_that_raises_does_not_stop_the_fit(tables: list[str]) -> None:
    """What ran before is in the table; the warning says what stopped it."""
    model = lit(Raises(), torch.zeros(2, 3))
    with pytest.warns(UserWarning, match="The forward of the example stopped in net: .*edge_attr"):
        trainer = fit(model, ModelSummary(max_depth=2), loader(3))
    assert trainer.state.finished and "net.layer" in tables[0]
    assert model.training and not any(module._forward_hooks for module in model.modules())


def test_a_gradient_in_forward(tables: list[str]) -> None:
    """Energy models: Lightning's own summary raises."""
    trainer = fit(lit(Energy(), torch.zeros(2, 3)), ModelSummary(), loader(3))
    assert trainer.state.finished and "[2, 3]" in tables[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_log_in_forward(package: str, tables: list[str]) -> None:
    """Lightning's own summary stops the fit: log() is not allowed in on_fit_start."""
    model = lit(nn.Linear(3, 4), torch.zeros(2, 3), PACKAGES[package])
    net = model.net

    class Logs(type(model)):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            self.log("mean", x.mean())
            return self.net(x)

    model.__class__ = Logs
    trainer = fit(model, ModelSummary(), loader(3), PACKAGES[package])
    assert trainer.state.finished and model.net is net
    assert tables == ["\n" + str(summarize(model))]


def test_a_callback_can_be_pickled() -> None:
    """As a spawned rank needs it."""
    again = pickle.loads(pickle.dumps(RichModelSummary(max_depth=3)))
    assert type(again) is RichModelSummary and again._max_depth == 3


def test_rich_shows_names_with_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """`[user]` vanishes in Lightning's table, and `[/user]` breaks it."""
    net = nn.ModuleDict({"[user]": nn.Linear(3, 4), "[/user]": nn.Linear(3, 4)})
    net.forward = lambda x: net["[user]"](x)  # type: ignore[method-assign]
    fit(lit(net), RichModelSummary(max_depth=2), loader(3))
    out = capsys.readouterr().out
    assert "│ net.[user] " in out and "│ net.[/user] " in out and "Total FLOPs: 0" in out
