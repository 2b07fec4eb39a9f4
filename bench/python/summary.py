"""One summary of a model in a fresh process: prints its seconds, and the bytes that the process's peak grows by.

    python summary.py ours | lightning | fakes MODEL DEPTH

Imports of torch and Lightning and the building of the model are not counted; what the first summary imports is.
"fakes" is the plain way with PyTorch alone: a deep copy of fakes run under a FakeTensorMode, integers real.
"""

from __future__ import annotations

import copy
import resource
import sys
import time
import warnings
from typing import Any, Callable

import torch
from models import model_of
from torch import nn


def ours(module: nn.Module, args: tuple[Any, ...], depth: int) -> Callable[[], Any]:
    import weighbridge

    return lambda: str(weighbridge.summarize(module, *args, depth=depth))


def lightning(module: nn.Module, args: tuple[Any, ...], depth: int) -> Callable[[], Any]:
    from lightning.pytorch import LightningModule
    from lightning.pytorch.utilities.model_summary import ModelSummary

    class Model(type(module), LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            LightningModule.__init__(self)

    wrapped = Model()
    for name, value in vars(module).items():
        vars(wrapped).setdefault(name, value)
    vars(wrapped)["_modules"] = module._modules
    if args:
        wrapped.example_input_array = args[0]
    return lambda: str(ModelSummary(wrapped, max_depth=depth))


def fakes(module: nn.Module, args: tuple[Any, ...], depth: int) -> Callable[[], Any]:
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.nn.parameter import is_lazy
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_flatten, tree_map_only

    mode: Any = None

    def fake(tensor: torch.Tensor) -> torch.Tensor:
        if isinstance(tensor, FakeTensor):
            return tensor
        return FakeTensor(mode, tensor, torch.device("cpu")) if tensor.is_meta else mode.from_tensor(tensor)

    class Dry(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
            if not any(isinstance(t, FakeTensor) or t.is_meta for t in tensors):
                return func(*args, **kwargs)
            args, kwargs = tree_map_only(torch.Tensor, fake, (args, kwargs))
            with mode:
                return func(*args, **kwargs)

    def run() -> None:
        nonlocal mode
        mode = FakeTensorMode(allow_non_fake_inputs=True)
        memo: dict[int, Any] = {}
        for tensor in [*module.parameters(), *module.buffers()]:
            if not is_lazy(tensor) and (tensor.is_floating_point() or isinstance(tensor, nn.Parameter)):
                twin = fake(tensor.detach())
                memo[id(tensor)] = nn.Parameter(twin) if isinstance(tensor, nn.Parameter) else twin
        twin_module = copy.deepcopy(module, memo).eval()
        given = [fake(a) if a.is_floating_point() else a for a in args]
        with torch.no_grad(), Dry():
            twin_module(*given)

    return run


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    warnings.simplefilter("ignore")
    who, model, depth = sys.argv[1:]
    summarise = {"ours": ours, "lightning": lightning, "fakes": fakes}[who](*model_of(model), int(depth))
    before, begin = peak_bytes(), time.perf_counter()
    summarise()
    print(f"{time.perf_counter() - begin:f} {peak_bytes() - before}")


main()
