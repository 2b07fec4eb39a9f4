"""Two processes that share a model: each tells the numbers of the whole, and what part of it is here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wrapped_models import FLOPS, PARAMETERS, whole

WAIT = 300  # seconds for each of the two


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the two print: by kind of sharding what is told."""
    program = Path(__file__).with_name("sharded_program.py")
    meeting = tmp_path_factory.mktemp("gloo") / "meeting"
    settings = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(program), str(rank), str(meeting)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=settings,
        )
        for rank in (0, 1)
    ]
    try:
        told = [process.communicate(timeout=WAIT) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    for process, (_, error) in zip(processes, told):
        assert process.returncode == 0, error
    return [json.loads(out.splitlines()[-1]) for out, _ in told]


def spread(tensors: int, here: int, of: int) -> list[list[str]]:
    """The note, from numbers of elements of 4 bytes."""
    return [
        [
            "spread",
            f"{tensors} tensors are spread over several processes: the numbers are those of the whole"
            f" model; this process holds {4 * here:,} of {4 * of:,} bytes of them",
        ]
    ]


# Elements of each rank by hand: FSDP1 halves the whole (6,305 and one of padding), FSDP2 the rows of each tensor (33
# rows: 17 and 16), and so do the columns of "0" and the rows of "2.0", whose bias both have.
FLAT = (3153, 3152)
ROWS = (32 * 64 + 32 + 17 * 64 + 17, 32 * 64 + 32 + 16 * 64 + 16)
SLICES = 32 * 64 + 32 + 33 * 32
SHARES: dict[str, tuple[str, list[list[list[str]]]]] = {
    "ddp": ("module.", [[], []]),
    "fsdp1": ("_fsdp_wrapped_module.", [spread(4, here, PARAMETERS) for here in FLAT]),
    "fsdp1 original": ("_fsdp_wrapped_module.", [spread(4, here, PARAMETERS) for here in FLAT]),
    "fsdp2": ("", [spread(4, here, PARAMETERS) for here in ROWS]),
    "tensor parallel": ("", [spread(3, SLICES, 2 * SLICES)] * 2),
}


@pytest.mark.parametrize("kind", SHARES)
def test_each_rank_tells_the_whole(kind: str, ranks: list[dict[str, Any]]) -> None:
    """Without inputs, with a dry run, and again after a real step: numel() of the module before it was wrapped."""
    prefix, notes = SHARES[kind]
    for rank, seen in enumerate(each[kind] for each in ranks):
        assert seen["before"] == whole(notes[rank], inputs=False, prefix=prefix)
        assert seen["dry"] == whole(notes[rank], inputs=True, prefix=prefix)
        assert seen["after"] == seen["dry"]


@pytest.mark.parametrize("kind", ["fsdp1 layers", "fsdp1 original layers"])
def test_layers_that_are_wrapped_each(kind: str, ranks: list[dict[str, Any]]) -> None:
    """Each layer is flattened by itself (4,160 is even, 2,145 is not), one below the other."""
    inner = "._fsdp_wrapped_module"
    for rank, seen in enumerate(each[kind] for each in ranks):
        expected = whole(spread(4, 2080 + (1073, 1072)[rank], PARAMETERS), inputs=False)
        expected["layers"] = {"_fsdp_wrapped_module.0" + inner: 4160, "_fsdp_wrapped_module.2.0" + inner: 2145}
        assert seen["before"] == expected


def test_a_module_within_a_wrapper(ranks: list[dict[str, Any]]) -> None:
    """Only the wrapper knows what the pieces are of; without it they are said to be pieces."""
    for seen in ranks:
        assert seen["inside"]["within"] == [PARAMETERS, FLOPS]
        assert seen["inside"]["alone"] == [
            "the numbers are the share of this process: what the others hold of a FlatParameter is not known"
        ]
