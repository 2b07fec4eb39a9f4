"""A fit with FSDP1 on two processes: the table has the numbers of the whole model, of which each rank holds a half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys

import lightning.pytorch as lp
import torch
from lightning.pytorch.strategies import FSDPStrategy
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.utils.data import DataLoader, TensorDataset

from weighbridge.lightning import ModelSummary


class OnTheCPU(FSDPStrategy):
    # Lightning's gives no device where there is no accelerator, which FSDP refuses.
    def _setup_model(self, model):
        return FullyShardedDataParallel(model, device_id=torch.device("cpu"), **self.kwargs)


class Net(lp.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 33), nn.ReLU(), nn.Sequential(nn.Linear(33, 10)))
        self.example_input_array = torch.zeros(2, 64)

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, index):
        return self(batch[0]).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)


class Told(ModelSummary):
    @staticmethod
    def summarize(summary_data, total_parameters, trainable_parameters, model_size, total_training_modes, total_flops,
                  **_):
        rows = [count.strip() for count in dict(summary_data)["Params"]]
        print("told", total_parameters, trainable_parameters, total_flops, rows, flush=True)


def each_layer(module, recurse, nonwrapped_numel):
    return recurse or isinstance(module, nn.Linear)


if __name__ == "__main__":
    strategy = OnTheCPU(
        process_group_backend="gloo",
        auto_wrap_policy=each_layer if sys.argv[1] == "layers" else None,
        use_orig_params=sys.argv[2] == "original",
    )
    trainer = lp.Trainer(
        accelerator="cpu", devices=2, strategy=strategy, callbacks=[Told(max_depth=2)], max_steps=1,
        logger=False, enable_checkpointing=False, enable_progress_bar=False,
    )
    trainer.fit(Net(), DataLoader(TensorDataset(torch.zeros(8, 64)), batch_size=2))
    print("steps", trainer.global_step, flush=True)
"""


@pytest.mark.parametrize(("wrapped", "parameters"), [("whole", "original"), ("layers", "flat")])
def test_numbers_are_those_of_the_whole(tmp_path: Path, wrapped: str, parameters: str) -> None:
    """By hand: 64·33 + 33 and 33·10 + 10 parameters; 2·2·(64·33 + 33·10) FLOPs of two rows. Rank 0 tells them once."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), wrapped, parameters], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("told")]
    assert told == ["told 2485 2485 9768 ['2.5 K', '2.1 K', '0', '340']"], done.stdout
    assert done.stdout.count("steps 1") == 2
