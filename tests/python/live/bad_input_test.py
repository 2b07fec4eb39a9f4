"""Wrong inputs and odd modules: words or the right answer, and nothing left behind."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from bits import bits_of
from torch import nn

import weighbridge
from weighbridge import errors

x = torch.zeros(5, 8)


class Two(nn.Module):
    """Takes two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Any:
        return self.fc(x) + y


class Outer(nn.Module):
    """Calls its child with too few."""

    def __init__(self) -> None:
        super().__init__()
        self.two = Two()

    def forward(self, x: torch.Tensor) -> Any:
        return self.two(x)


def stop(module: nn.Module, *args: Any, **kwargs: Any) -> str:
    """What a summary warns of, less the line of the forward; the module, its inputs and Python are as before."""
    before, limit = bits_of(module), sys.getrecursionlimit()
    was = [str(value) for value in (*args, *kwargs.values())]
    with pytest.warns(UserWarning) as warned:
        weighbridge.summarize(module, *args, **kwargs)
    assert (bits_of(module), sys.getrecursionlimit()) == (before, limit)
    assert [str(value) for value in (*args, *kwargs.values())] == was
    (message,) = (str(one.message) for one in warned)
    return message.partition(" The line is ")[0].removeprefix("the forward stopped in ")


def test_too_few_and_too_many_arguments() -> None:
    """Which module, which argument, how many."""
    assert stop(Two(), x) == (
        "the module itself: forward raised TypeError: Two.forward() missing 1 required positional argument: 'y'."
    )
    assert stop(Two(), x, x, x) == (
        "the module itself: forward raised TypeError: Two.forward() takes 3 positional arguments but 4 were given."
    )
    assert stop(Two(), x, z=x) == (
        "the module itself: forward raised TypeError: Two.forward() got an unexpected keyword argument 'z'."
    )
    assert stop(Outer(), x) == (
        "two: forward raised TypeError: Two.forward() missing 1 required positional argument: 'y'."
    )


SHAPES: dict[str, tuple[nn.Module, Any, str]] = {
    "linear": (nn.Linear(7, 4), x, "RuntimeError in aten.addmm of [4], [5, 8] and [7, 4]: a and b must have same reduction"
               " dim, but got [5, 8] X [7, 4]."),
    "convolution": (nn.Conv2d(3, 4, 3), torch.zeros(1, 5, 9, 9), "RuntimeError in aten.convolution of [1, 5, 9, 9],"
                    " [4, 3, 3, 3] and [4]: Invalid channel dimensions."),
    "kernel": (nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 2, 2), "RuntimeError in aten.convolution of [1, 3, 2, 2],"
               " [4, 3, 3, 3] and [4]: Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size"
               " can't be greater than actual input size."),
    "norm": (nn.LayerNorm(7), x, "RuntimeError in aten.native_layer_norm of [5, 8], [7] and [7]: Given"
             " normalized_shape=[7], expected input with shape [7], but got input of size torch.Size([5, 8])."),
    "batch norm": (nn.BatchNorm1d(7), x, "RuntimeError: running_mean should contain 8 elements not 7."),
    "lstm": (nn.LSTM(7, 4), x, "RuntimeError: input.size(-1) must be equal to input_size. Expected 7, got 8."),
    "text": (nn.Linear(8, 4), "text", "TypeError: linear(): argument 'input' (position 1) must be Tensor, not str."),
    "double": (nn.Linear(8, 4), x.double(), "RuntimeError in aten.addmm of [4], [5, 8] and [8, 4]: all tensors must have the"
               " same dtype, but got float32 and float64."),
    "integers": (nn.Linear(8, 4), x.long(), "RuntimeError in aten.addmm of [4], [5, 8] and [8, 4]: all tensors must have the"
                 " same dtype, but got float32 and int64."),
    "half": (nn.Conv1d(5, 4, 3), x.half(), "RuntimeError: Input type (c10::Half) and bias type (float) should be the same."),
    "indices": (nn.Embedding(8, 4), x, "RuntimeError in aten.embedding of [8, 4] and [5, 8]: Expected tensor for argument #1"
                " 'indices' to have one of the following scalar types: Long, Int; but got torch.float32 instead."),
}


@pytest.mark.parametrize("name", SHAPES)
def test_wrong_shapes_and_dtypes(name: str) -> None:
    """The module, the operator, both shapes; each is refused by a real forward, too."""
    layer, given, told = SHAPES[name]
    module = nn.Sequential(nn.Identity(), layer).eval()
    assert stop(module, given) == f"1: forward raised {told}"
    with pytest.raises((RuntimeError, TypeError)):
        module(given)


def test_shapes_that_do_not_broadcast() -> None:
    """Of an operator in the user's own forward."""
    assert stop(Two(), x, torch.zeros(3, 4)).startswith(
        "the module itself: forward raised RuntimeError in aten.add of [5, 4] and [3, 4]: "
    )


def test_a_module_without_forward() -> None:
    """A container is no layer."""
    assert stop(nn.ModuleList([nn.Linear(2, 2)]), x) == (
        'the module itself: forward raised NotImplementedError: Module [ModuleList] is missing the required "forward"'
        " function."
    )


def test_materialize_says_the_same_and_changes_nothing() -> None:
    """Its error is the words of the stop."""
    module = nn.Sequential(nn.LazyLinear(4), nn.Linear(5, 2))
    before = bits_of(module)
    with pytest.raises(RuntimeError) as caught:
        weighbridge.materialize(module, x)
    assert bits_of(module) == before
    assert str(caught.value) == (
        "1: forward raised RuntimeError in aten.addmm of [2], [5, 4] and [5, 2]: a and b must have same reduction dim, but"
        " got [5, 4] X [5, 2]."
    )


def test_parameters_on_several_devices() -> None:
    """Each counts; the dry run is on none of them."""
    module = nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2, device="meta"))
    before = bits_of(module)
    totals = weighbridge.summarize(module, x).totals
    assert (totals.parameters, totals.flops) == (8 * 4 + 4 + 4 * 2 + 2, 2 * 5 * (8 * 4 + 4 * 2))
    assert bits_of(module) == before


def test_storage_that_is_shared_by_different_shapes() -> None:
    """16 elements under three names and shapes: 16 + 16 + 8 numel(), 64 bytes of memory, and forward sees each shape."""

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            base = torch.zeros(16)
            self.all, self.square = nn.Parameter(base), nn.Parameter(base.view(4, 4))
            self.front = nn.Parameter(base[:8])

        def forward(self, x: torch.Tensor) -> Any:
            return x @ self.square, self.front, self.all

    module = Shared()
    before = bits_of(module)
    model = weighbridge.live.describe(module, (torch.zeros(2, 4),))
    assert bits_of(module) == before
    assert model.totals.parameters == sum(parameter.numel() for parameter in module.parameters()) == 40
    assert model.totals.bytes == 16 * 4
    assert model.modules[0].out_shape == [(2, 4), (8,), (16,)]


def nested(layer: nn.Module, times: int) -> nn.Module:
    """A layer in so many containers."""
    for _ in range(times):
        layer = nn.Sequential(layer)
    return layer


def test_what_python_can_call_runs_dry() -> None:
    """About as deep as PyTorch itself gets under the usual limit of 1,000 frames, of which a test takes some."""
    module = nested(nn.Linear(8, 4), 200)
    assert module(x).shape == (5, 4)
    assert weighbridge.summarize(module, x).totals.flops == 320


def test_ten_thousand_nested_modules() -> None:
    """Sizes are known; a forward is told to be too deep, and the sentence is short."""
    module = nested(nn.Linear(8, 4), 10_000)
    limit = sys.getrecursionlimit()
    assert weighbridge.summarize(module).totals.parameters == 36
    with pytest.raises(RecursionError):
        module(x)
    for way in ("dry", "real"):
        with pytest.warns(UserWarning) as warned:
            summary = weighbridge.summarize(module, x, forward=way)
        assert summary.totals.parameters == 36
        (message,) = (str(one.message) for one in warned)
        assert message.startswith("the forward stopped in 0.0.0.0.")
        assert message.endswith(
            " levels): modules are nested deeper than Python can call (RecursionError); sys.setrecursionlimit() raises what"
            " it allows."
        )
        assert len(message) < 400
    with pytest.raises(RuntimeError, match=r"modules are nested deeper than Python can call \(RecursionError\)"):
        weighbridge.materialize(nested(nn.LazyLinear(4), 10_000), x)
    assert sys.getrecursionlimit() == limit


def test_names_with_markup() -> None:
    """`[/user]` ends a style in rich, `<b>` is HTML, `|` a column of Markdown: here they are names."""
    module = nn.Module()
    for name in ("[/user]", "[red]a|b", "<b>c</b>"):
        module.add_module(name, nn.Linear(2, 2))
    summary = weighbridge.summarize(module)
    table = """\
Module · PyTorch, live module · 6 tensors

  Name       Type     Params   Size   Mode
  [/user]    Linear        6   24 B   train
  [red]a|b   Linear        6   24 B   train
  <b>c</b>   Linear        6   24 B   train

  18 parameters · all trainable · 72 B
"""
    assert repr(summary) == table
    html = summary.render("html_table")
    assert ">[/user]</td>" in html
    assert ">&lt;b&gt;c&lt;/b&gt;</td>" in html
    assert "<b>" not in html
    assert "| \\[red\\]a\\|b | Linear |" in summary.render("markdown")
    console = pytest.importorskip("rich.console")
    screen = console.Console(file=io.StringIO(), width=100)
    screen.print(summary)
    assert [line.rstrip() for line in screen.file.getvalue().split("\n")][:9] == table.split("\n")[:9]


def test_files_that_are_no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture, an empty file, an empty folder."""
    monkeypatch.chdir(tmp_path)
    Path("cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    Path("empty").write_bytes(b"")
    Path("folder").mkdir()
    for name in ("cat.png", "empty", "folder"):
        with pytest.raises(errors.WeighError) as caught:
            weighbridge.read(name)
        assert caught.value.source == name
        assert str(caught.value).startswith(f"{name}: ")
