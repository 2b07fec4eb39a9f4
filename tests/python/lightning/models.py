"""Tiny modules, each with one thing about it. `Lit` makes a LightningModule of any of them."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as lp
import pytorch_lightning as pl
import torch
from torch import Tensor, nn


def lit(net: nn.Module, example: Any = None, package: Any = lp) -> Any:
    """A LightningModule whose forward is that of `net`, which can be fitted."""

    class Lit(package.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.example_input_array = example

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return self.net(*args, **kwargs)

        def training_step(self, batch: Any, _: int) -> Tensor:
            return self.net(batch[0]).float().mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Lit()


def loader(*shape: int) -> Any:
    """Two samples of this shape, in one batch of two."""
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.zeros(2, *shape)), batch_size=2
    )


def fit(module: Any, callback: Any, batches: Any, package: Any = lp, **options: Any) -> Any:
    """A fit of one batch on the CPU; the trainer."""
    trainer = package.Trainer(
        accelerator="cpu",
        devices=1,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        limit_train_batches=1,
        max_epochs=1,
        **options,
    )
    trainer.fit(module, batches)
    return trainer


PACKAGES = {"lightning.pytorch": lp, "pytorch_lightning": pl}


class Recurrent(nn.Module):
    """A GRU: nested outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


class TwoInputs(nn.Module):
    """Two inputs, one by two layers that are defined in the other order; one layer is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Linear(4, 1)
        self.first = nn.Linear(3, 4)
        self.unused = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.second(self.first(x) + y)


class WithDirectParameter(nn.Module):
    """A parameter that is in no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.layer = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * self.scale


class Tied(nn.Module):
    """An embedding whose weight is the head's, too: 10 · 4 numbers, not 80."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.loose = nn.Parameter(torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embedding(x))


class OnlyInTraining(nn.Module):
    """A lazy head that evaluation does not reach."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.LazyLinear(4)
        self.auxiliary = nn.LazyLinear(2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return self.auxiliary(x) if self.training else x


class Energy(nn.Module):
    """Forces: the gradient of its output by its input, in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.layer(x).pow(2).sum(), x, create_graph=True)[0]


class Raises(nn.Module):
    """A forward that fails after its first layer, in evaluation alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer(x)
        if not self.training:
            raise KeyError("edge_attr")
        return x
