"""What cannot be copied does not stop a dry run, unless forward uses it; the module keeps its own."""

from __future__ import annotations

import inspect
import io
import socket
import threading
from pathlib import Path
from typing import Any, Callable

import pytest
import torch
from bits import bits_of
from torch import nn

import weighbridge
from weighbridge.live.observe import observe

x = torch.zeros(5, 8)


class Handle:
    """As of a device: it refuses to be copied."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("handles are not copied")

    def read(self) -> int:
        return 3


class Statistics:
    """Plain data beside a lock, and a module's tensor."""

    def __init__(self, weight: torch.Tensor) -> None:
        self.lock, self.weight, self.seen = threading.Lock(), weight, [1]


class Holds(nn.Module):
    """Holds anything; its forward does what a test wants with it."""

    def __init__(self, held: Any, use: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        self.fc, self.held, self.use = nn.Linear(8, 4), held, use

    def forward(self, x: torch.Tensor) -> Any:
        h = self.fc(x)
        if self.use is not None:
            self.use(self.held)
        return h


def locked(lock: Any) -> None:
    with lock:
        pass


def numbers() -> Any:
    yield from range(3)


@pytest.mark.parametrize("make", [
    threading.Lock, threading.RLock, threading.Condition, threading.Event, lambda: threading.Semaphore(2), Handle,
    numbers, lambda: {"lock": threading.Lock(), "all": [numbers()]}, lambda: socket.socket(),
    lambda: Statistics(torch.ones(2)), lambda: memoryview(b"abc"),
])
@pytest.mark.parametrize("real", [False, True])
def test_what_forward_does_not_use_does_not_matter(make: Callable[[], Any], real: bool) -> None:
    """All is known, and no bit changes."""
    module = Holds(make())
    before = bits_of(module)
    seen = observe(module, (x,), real=real)
    assert bits_of(module) == before
    assert seen.stopped is None
    assert (seen.runs[""].outputs, seen.runs[""].flops) == ((5, 4), 320)
    if isinstance(module.held, socket.socket):
        module.held.close()


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock, threading.Condition, lambda: threading.Semaphore(2)])
def test_a_lock_is_a_fresh_one(make: Callable[[], Any]) -> None:
    """Even where the module's own is held at that time, by this thread."""
    own = make()
    with own:
        assert observe(Holds(own, locked), (x,)).stopped is None


def test_an_object_around_a_lock_is_copied() -> None:
    """What forward does to it stays on the copy."""
    own = Statistics(torch.ones(2))
    seen = observe(Holds(own, lambda held: (held.seen.append(2), held.weight.add_(1), locked(held.lock))), (x,))
    assert seen.stopped is None
    assert own.seen == [1]
    assert own.weight.tolist() == [1, 1]


def test_a_file_is_not_written_to(tmp_path: Path) -> None:
    """A log that forward writes is written to memory, and the file stays as it is."""
    with (tmp_path / "log").open("w") as text, (tmp_path / "bytes").open("wb") as raw:
        assert observe(Holds(text, lambda held: held.write("seen")), (x,)).stopped is None
        assert observe(Holds(raw, lambda held: held.write(b"seen")), (x,)).stopped is None
    assert (tmp_path / "log").read_text() == (tmp_path / "bytes").read_text() == ""
    memory = io.StringIO("kept")
    assert observe(Holds(memory, lambda held: held.write("lost")), (x,)).stopped is None
    assert memory.getvalue() == "kept"


class Reads(nn.Module):
    """Uses what it holds, after a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.handle = nn.Linear(8, 4), Handle()

    def forward(self, x: torch.Tensor) -> Any:
        return self.fc(x) * self.handle.read()


def test_use_is_told_with_the_line() -> None:
    """What it is, why, the module and the line; what ran before is known."""
    module = nn.Sequential(nn.ReLU(), Reads())
    lines, first = inspect.getsourcelines(Reads.forward)
    with pytest.warns(UserWarning) as warned:
        summary = weighbridge.summarize(module, x)
    assert [str(one.message) for one in warned] == [
        "the forward stopped in 1: forward raised CannotCopy: forward uses a Handle of its module, which cannot be copied"
        " (TypeError: handles are not copied). The line is"
        f" uncopied_test.py:{first + 1}: `return self.fc(x) * self.handle.read()`."
    ]
    assert str(summary.totals.flops) == "≥ 320"


@pytest.mark.parametrize("use", [
    lambda held: held(), lambda held: next(held), lambda held: list(held), lambda held: held[0], lambda held: bool(held),
    lambda held: held.name, lambda held: setattr(held, "name", 1),
], ids=["call", "next", "list", "item", "bool", "attribute", "assignment"])
def test_every_use_is_noticed(use: Callable[[Any], Any]) -> None:
    """No use of a stand-in goes through unnoticed."""
    seen = observe(Holds(Handle(), use), (x,))
    assert seen.stopped is not None
    assert seen.stopped.message.startswith("forward raised CannotCopy: forward uses a Handle of its module, which cannot")


def test_a_module_that_refuses_is_named() -> None:
    """Its own __deepcopy__ raises: nothing runs, and which module it was is told."""

    class Stubborn(nn.Linear):
        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("no copies")

    module = nn.Sequential(nn.Linear(8, 4), nn.Sequential(Stubborn(4, 2)))
    seen = observe(module, (x,))
    assert seen.stopped is not None
    assert (seen.stopped.module, seen.runs) == ("1.0", {})
    summary_of_expressions = weighbridge.summarize(nn.Sequential(Stubborn(4, 2), nn.LazyLinear(3)))
    assert str(summary_of_expressions.totals.parameters) == "3·in + 13"
