"""Whole fits in which lazy layers stand in the way of something: precisions, averages, an earlier validation."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as lp
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, StochasticWeightAveraging, WeightAveraging
from lightning.pytorch.loggers import CSVLogger
from models import PACKAGES, fit, lit, loader
from torch import nn

from weighbridge.lightning import ModelSummary


def lazy(package: Any = lp) -> Any:
    """3 · 4 + 4, 2 · 4 and 4 + 1 parameters, none of them there yet; it can be validated and tested."""
    net = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.LazyLinear(1))
    model = lit(net, torch.zeros(2, 3), package)
    model.validation_step = model.test_step = lambda batch, batch_idx: model(batch[0]).sum()
    return model


TABLE = """
  | Name | Type       | Params | Mode  | FLOPs | In sizes | Out sizes
---------------------------------------------------------------------------
0 | net  | Sequential | 29     | train | 64    | [2, 3]   | [2, 1]   \n\
---------------------------------------------------------------------------
29        Trainable params
0         Non-trainable params
29        Total params
0.000     Total estimated model params size (MB)
4         Modules in train mode
0         Modules in eval mode
64        Total Flops"""


def trainer(*callbacks: Any, package: Any = lp, **options: Any) -> Any:
    """One step on the CPU, in silence."""
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "max_steps": 1}
    return package.Trainer(accelerator="cpu", devices=1, callbacks=list(callbacks), **{**quiet, **options})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_development_run(package: str, tables: list[str]) -> None:
    """Prints it, too."""
    lightning = PACKAGES[package]
    options = {"fast_dev_run": True, "enable_progress_bar": False}
    lightning.Trainer(accelerator="cpu", callbacks=[ModelSummary(initialize=True)], **options).fit(
        lazy(lightning), loader(3)
    )
    assert tables == [TABLE]


@pytest.mark.parametrize("initialize", [True, False])
@pytest.mark.parametrize(
    ("precision", "dtype"),
    [
        ("bf16-true", torch.bfloat16),
        ("64-true", torch.float64),
        ("16-true", torch.float16),
        ("bf16-mixed", torch.float32),
    ],
)
def test_precisions(precision: Any, dtype: torch.dtype, initialize: bool, tables: list[str]) -> None:
    """The example is float32: Lightning's own summary stops such a fit where the layers are not."""
    model = lazy()
    model.train()
    fit(model, ModelSummary(initialize=initialize), loader(3), precision=precision)
    assert tables == [TABLE]
    assert {parameter.dtype for parameter in model.parameters()} == {dtype}


@pytest.mark.parametrize(
    "average",
    [lambda: StochasticWeightAveraging(1e-2), WeightAveraging, EMAWeightAveraging],
    ids=["swa", "weights", "ema"],
)
def test_averages_of_weights(average: Any, tables: list[str]) -> None:
    """They copy the model when the fit is set up, which lazy buffers refuse: the callback stands before them."""
    model = lazy()
    trainer(ModelSummary(initialize=True), average(), max_steps=-1, max_epochs=3).fit(model, loader(3))
    assert tables == [TABLE]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("source", [True, "batch"])
def test_a_validation_before_the_fit(package: str, source: Any) -> None:
    """Else its inference mode makes parameters that no fit can train."""
    lightning = PACKAGES[package]
    model = lazy(lightning)
    run = trainer(ModelSummary(initialize=source), package=lightning)
    run.validate(model, loader(3), verbose=False)
    assert not any(parameter.is_inference() for parameter in model.parameters())
    run.fit(model, loader(3), loader(3))
    assert run.state.finished


def test_a_test_alone(tables: list[str]) -> None:
    """Prints nothing, as in Lightning, and initialises."""
    model = lazy()
    trainer(ModelSummary(initialize=True)).test(model, loader(3), verbose=False)
    assert tables == []
    assert [type(layer) for layer in model.net] == [nn.Linear, nn.BatchNorm1d, nn.Linear]
    assert not any(parameter.is_inference() for parameter in model.parameters())


def test_a_logger_sees_nothing_of_the_look(tmp_path: Any, tables: list[str]) -> None:
    """log() in forward is silent in the dry run, and heard in the fit."""

    class Logs(type(lazy())):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            self.log("rows", float(x.shape[0]))
            return self.net(x)

        def training_step(self, batch: Any, _: int) -> Any:
            return self(batch[0]).mean()

    model = lazy()
    model.__class__ = Logs
    model.example_input_array = torch.zeros(7, 3)
    logger = CSVLogger(str(tmp_path), flush_logs_every_n_steps=1)
    trainer(ModelSummary(initialize=True), logger=logger, log_every_n_steps=1).fit(model, loader(3))
    assert (tmp_path / "lightning_logs/version_0/metrics.csv").read_text().split() == ["epoch,rows,step", "0,2.0,0"]
    assert "[7, 3]" in tables[0]


def test_a_second_fit_of_the_same_model(tables: list[str]) -> None:
    """The same table: nothing was left behind."""
    model = lazy()
    run = trainer(ModelSummary(initialize=True), max_steps=-1, max_epochs=1)
    run.fit(model, loader(3))
    run.fit(model, loader(3))
    assert tables == [TABLE, TABLE]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    other = lazy()
    trainer().fit(other, loader(3))
    assert vars(model).keys() == vars(other).keys()
