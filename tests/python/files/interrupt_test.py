"""Ctrl-C during a read: KeyboardInterrupt, at once, and nothing is left of the reading."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import weighbridge

CHILD = """
import os, signal, sys, time
import weighbridge

def left(before):
    # The system forgets a thread a moment after it was joined.
    for _ in range(1000):
        now = len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
        if now == before:
            break
        time.sleep(0.01)
    return now[0] - before[0], now[1] - before[1]

before = len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
print("reading", flush=True)
try:
    weighbridge.read(sys.argv[1])
    print("read to the end")
except KeyboardInterrupt:
    print("left:", left(before), flush=True)
    raise
"""


@pytest.fixture(scope="module")
def long_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred shards, all the same file of torch's form before 1.6, whose pickle pushes and pops a value 10^7 times."""
    folder = tmp_path_factory.mktemp("long")
    first = folder / "pytorch_model-00001-of-00100.bin"
    head = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    first.write_bytes(head + b"\x80\x02" + b"N0" * 10_000_000 + b"}." + pickle.dumps([], 2))
    for number in range(2, 101):
        os.link(first, folder / f"pytorch_model-{number:05}-of-00100.bin")
    return folder


def _interrupt(path: Path) -> tuple[int, str, str]:
    """How a Python that reads the path ends once it gets SIGINT in the middle of it, and what it wrote."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "reading\n"
        try:
            child.wait(0.3)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def test_ctrl_c_ends_a_read(long_model: Path) -> None:
    """In the main thread; the program ends as Python does where nobody catches it."""
    code, out, err = _interrupt(long_model)
    assert (code, out) == (-signal.SIGINT, "left: (0, 0)\n")
    assert err.splitlines()[-1] == "KeyboardInterrupt"


def test_a_handler_that_returns_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other signals are handled while a file is read, and the reading goes on."""
    seen: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(20):
            assert weighbridge.read("pytorch/gat_module_after.pt").totals.parameters == 306
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen
