"""Two processes: layers are initialised alike, and one table is printed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
    import os, sys
    sys.path.insert(0, {here!r})
    import torch
    import lightning.pytorch as lp
    from models import lit, loader
    from torch import nn
    from weighbridge.lightning import ModelSummary

    def main():
        model = lit(nn.LazyLinear(4), torch.zeros(2, 3))
        trainer = lp.Trainer(
            accelerator="cpu", devices=2, strategy="ddp_fork", callbacks=[Told({options})],
            logger=False, enable_checkpointing=False, enable_progress_bar=False, max_steps=1,
        )
        trainer.fit(model, loader(3))

    class Told(ModelSummary):
        def setup(self, trainer, pl_module, stage):
            torch.manual_seed(trainer.global_rank)
            super().setup(trainer, pl_module, stage)
            if nn.parameter.is_lazy(pl_module.net.weight):
                return
            values = [round(v, 6) for v in pl_module.net.weight.flatten().tolist()]
            os.write(1, f"rank {{trainer.global_rank}} {{values}}\\n".encode())  # whole, of both

        @staticmethod
        def summarize(summary_data, total_parameters, *_, **__):
            print("table of", total_parameters, flush=True)

    if __name__ == "__main__":
        main()
"""


def run(tmp_path: Path, options: str) -> subprocess.CompletedProcess[str]:
    """The program with these options of the callback."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM).format(here=str(Path(__file__).parent), options=options))
    return subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.parametrize("source", ["True", "'batch'"])
def test_ranks_draw_alike(tmp_path: Path, source: str) -> None:
    """Though their random states differ; before DDP is made, which refuses lazy parameters."""
    done = run(tmp_path, f"initialize={source}")
    assert done.returncode == 0, done.stderr
    ranks = sorted(line for line in done.stdout.splitlines() if line.startswith("rank"))
    assert [line[:6] for line in ranks] == ["rank 0", "rank 1"]
    assert ranks[0][6:] == ranks[1][6:]
    assert done.stdout.count("table of 16") == 1


TOLD = "DDPStrategy needs every layer initialised, and these are not: net; give the callback initialize=True"


@pytest.mark.parametrize("strict", [True, False])
def test_what_ddp_refuses_is_named(tmp_path: Path, strict: bool) -> None:
    """DDP's own error names no layer. Strict, it is not reached; else it follows the warning."""
    done = run(tmp_path, f"strict={strict}")
    assert done.returncode != 0
    assert done.stderr.count(TOLD) == 1
    assert ("weighbridge.lightning.errors.UninitializedError: " + TOLD in done.stderr) == strict
    assert ("Modules with uninitialized parameters" in done.stderr) == (not strict)
