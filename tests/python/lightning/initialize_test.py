"""`initialize`: lazy layers have their sizes before the optimizer sees them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from models import PACKAGES, fit, lit, loader
from torch import nn

from weighbridge.lightning import ModelSummary


def lazy(example: Any = None, package: Any = PACKAGES["lightning.pytorch"]) -> Any:
    """A lazy model whose optimizer records the shapes that it was given."""
    model = lit(nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(1)), example, package)
    model.seen = []

    def configure_optimizers() -> Any:
        model.seen.extend(tuple(p.shape) for p in model.parameters())
        return torch.optim.SGD(model.parameters(), lr=0.1)

    model.configure_optimizers = configure_optimizers
    return model


SHAPES = [(4, 3), (4,), (1, 4), (1,)]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("source", [True, "batch"])
def test_the_optimizer_sees_sizes(package: str, source: Any) -> None:
    """From the example or from a batch, with the values of a first forward."""
    model = lazy(torch.zeros(2, 3) if source is True else None, PACKAGES[package])
    reference = lit(nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(1)))
    torch.manual_seed(7)
    fit(model, ModelSummary(initialize=source), loader(3), PACKAGES[package], limit_val_batches=0)
    torch.manual_seed(7)
    reference(torch.zeros(2, 3))
    assert model.seen == SHAPES
    assert torch.equal(model.net[0].weight, reference.net[0].weight)  # x is 0: no gradient of it


def test_without_either_it_says_so() -> None:
    """The fit goes on as it would without."""
    model = lit(nn.LazyLinear(4))
    with pytest.warns(UserWarning, match='no `example_input_array`.*initialize="batch"'):
        trainer = fit(model, ModelSummary(initialize=True), loader(3))
    assert trainer.state.finished


def test_layers_made_in_configure_model() -> None:
    """Which runs after the callback's setup()."""
    model = lazy(torch.zeros(2, 3))
    net = model.net
    model.net = None

    class Late(type(model)):  # type: ignore[misc]
        def configure_model(self) -> None:
            if self.net is None:
                self.net = net

    model.__class__ = Late
    fit(model, ModelSummary(initialize=True), loader(3))
    assert model.seen == SHAPES
    assert "configure_model" not in vars(model)


def test_configure_model_finds_layers_initialised() -> None:
    """Those that are there before it: it may shard them, which no lazy layer can be."""
    model = lazy(torch.zeros(2, 3))
    found = []

    class Shards(type(model)):  # type: ignore[misc]
        def configure_model(self) -> None:
            found.extend(type(layer) for layer in self.net)

    model.__class__ = Shards
    fit(model, ModelSummary(initialize=True), loader(3))
    assert found == [nn.Linear, nn.ReLU, nn.Linear]


def test_the_example_is_converted_to_the_precision() -> None:
    """bf16-true: the example is float32, the layers are not."""
    model = lazy(torch.zeros(2, 3))
    fit(model, ModelSummary(initialize=True), loader(3), precision="bf16-true")
    assert model.seen == SHAPES
    assert {p.dtype for p in model.parameters()} <= {torch.bfloat16, torch.float32}


def test_after_validate() -> None:
    """Whose inference mode leaves nothing behind."""
    model = lazy(torch.zeros(2, 3))
    model.validation_step = lambda batch, batch_idx: None
    lightning = PACKAGES["lightning.pytorch"]
    trainer = lightning.Trainer(
        accelerator="cpu", callbacks=[ModelSummary(initialize=True)], logger=False, max_steps=1,
        enable_checkpointing=False, enable_progress_bar=False,
    )
    trainer.validate(model, loader(3), verbose=False)
    trainer.fit(model, loader(3))
    assert model.seen == SHAPES
    assert not any(p.is_inference() for p in model.parameters())


def test_no_batch_is_taken_from_an_iterator() -> None:
    """It has each only once."""
    with pytest.raises(ValueError) as error:
        fit(lit(nn.LazyLinear(4)), ModelSummary(initialize="batch"), iter(loader(3)))
    assert str(error.value) == (
        'initialize="batch" would take a batch away from the fit, because the loader is an iterator: give a DataLoader'
        " or a list, or set `example_input_array` and give initialize=True"
    )


def test_another_source_is_refused() -> None:
    """With what there is."""
    with pytest.raises(ValueError) as error:
        ModelSummary(initialize="loader")
    assert str(error.value) == "`initialize` can be True, False or \"batch\", got 'loader'."
