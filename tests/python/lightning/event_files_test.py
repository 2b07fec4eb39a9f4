"""Event files of the Trainer in C++, read by TensorBoard itself."""

import subprocess
from pathlib import Path

import pytest

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

PROGRAM = Path(__file__).parents[3] / "build" / "release" / "examples" / "gan"


@pytest.mark.skipif(not PROGRAM.exists(), reason="built with libtorch only")
def test_tensorboard_reads_what_the_trainer_wrote(tmp_path):
    ran = subprocess.run([PROGRAM, "--epochs", "10", "--logs", tmp_path], capture_output=True, text=True, timeout=300)
    printed = ran.stdout + ran.stderr
    folder = tmp_path / "lightning_logs" / "version_0"
    files = list(folder.iterdir())
    assert [name.name.startswith("events.out.tfevents.") for name in files] == [True], printed
    read = event_accumulator.EventAccumulator(str(folder)).Reload()
    assert read.file_version == 2.0
    # 50 batches an epoch, two steps of optimizers a batch; every 50th batch is logged, and validation each tenth epoch.
    assert sorted(read.Tags()["scalars"]) == ["critic_loss", "distance", "epoch", "generator_loss"]
    assert [event.step for event in read.Scalars("critic_loss")] == list(range(49, 500, 50))
    assert [event.step for event in read.Scalars("distance")] == [499]
    assert [event.value for event in read.Scalars("epoch")] == list(range(10)) + [9]
    assert f"distance {read.Scalars('distance')[0].value:.3g}" in printed
