"""What optimizers keep for parameters of some shapes, asked of the optimizers: tests/data/plan/optimizers.tsv.

Each takes one step; then the bytes of all tensors that it keeps for the parameter are summed. Counters of steps (tensors
of no dimension) and tables that all parameters share (bitsandbytes' quantisation maps) are left out.

    python tools/truth/optimizers.py > tests/data/plan/optimizers.tsv      # torch 2.13.0, bitsandbytes 0.50.2
"""

from collections.abc import Callable

import torch
from torch import nn

try:
    import bitsandbytes
except ImportError:
    bitsandbytes = None

SHAPES = [(1,), (64,), (4096,), (10_000,), (32, 48), (7, 1000), (128, 3, 3, 3)]
Make = Callable[[nn.Parameter], torch.optim.Optimizer]
OPTIMIZERS: dict[str, Make] = {
    "adafactor": lambda p: torch.optim.Adafactor([p]),
    "adagrad": lambda p: torch.optim.Adagrad([p]),
    "adam": lambda p: torch.optim.Adam([p]),
    "adamw": lambda p: torch.optim.AdamW([p]),
    "rmsprop": lambda p: torch.optim.RMSprop([p]),
    "sgd": lambda p: torch.optim.SGD([p], lr=0.1),
    "sgd-momentum": lambda p: torch.optim.SGD([p], lr=0.1, momentum=0.9),
    "muon": lambda p: torch.optim.Muon([p]),
}
if bitsandbytes is not None:
    OPTIMIZERS["adamw8bit"] = lambda p: bitsandbytes.optim.AdamW8bit([p])
    OPTIMIZERS["lion"] = lambda p: bitsandbytes.optim.Lion32bit([p])


def kept(make: Make, shape: tuple[int, ...], dtype: torch.dtype) -> int:
    parameter = nn.Parameter(torch.ones(shape, dtype=dtype))
    parameter.grad = torch.ones_like(parameter)
    optimizer = make(parameter)
    optimizer.step()
    state = optimizer.state[parameter]
    return sum(
        value.numel() * value.element_size()
        for name, value in state.items()
        if isinstance(value, torch.Tensor) and value.dim() > 0 and not name.startswith("qmap")
    )


def main() -> None:
    print("optimizer\tdtype\tshape\tbytes")
    for name, make in sorted(OPTIMIZERS.items()):
        for dtype in (torch.float32, torch.bfloat16):
            for shape in SHAPES:
                if name == "muon" and len(shape) != 2:
                    continue  # it refuses them
                try:
                    size = kept(make, shape, dtype)
                except Exception as error:  # noqa: BLE001: what a library cannot do here is left out, and said
                    print(f"# {name} {dtype} {shape}: {type(error).__name__}: {error}".replace("\n", " ")[:120])
                    continue
                print(name, str(dtype).removeprefix("torch."), "x".join(map(str, shape)), size, sep="\t")


if __name__ == "__main__":
    main()
