"""Whether a model may be trained on a device, from the forward of a batch that is never computed.

    python plan.py
"""

from __future__ import annotations

import torch
from torch import nn

import weighbridge


def main() -> None:
    """A classifier of pictures, with a batch of 64 of them."""
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 16 * 16, 10)
    )
    plan = weighbridge.plan(model, torch.zeros(64, 3, 32, 32), train=True, optimizer="adamw", device="24GB")
    print(plan, end="")
    assert plan.machine is not None
    print("fits" if plan.machine.fits else f"{plan.machine.fewest_devices} devices are needed")


if __name__ == "__main__":
    main()
