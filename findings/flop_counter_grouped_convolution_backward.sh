#!/bin/sh
# torch 2.13.0: FlopCounterMode divides the forward of a grouped convolution by its groups, but not all of its backward.
#
# A backward does two products of the forward's size: one for the input's gradient, one for the weight's. With one group
# the counter says so (6144 = 2 × 3072). With eight groups the forward is counted 8 times less (384), which is right,
# but the backward 9 times the forward instead of 2: the formula for the weight's gradient takes no notice of groups.
# A depthwise network's training FLOPs are counted several times too high.
#
# Seen:
#   groups=1: forward 3072, backward 6144
#   groups=2: forward 1536, backward 4608
#   groups=8: forward 384, backward 3456
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 2>/dev/null
cat >"$folder/count.py" <<'PYTHON'
import torch
from torch.utils.flop_counter import FlopCounterMode

for groups in (1, 2, 8):
    layer = torch.nn.Conv1d(8, 8, 3, groups=groups, bias=False)
    example = torch.ones(1, 8, 10, requires_grad=True)
    with FlopCounterMode(display=False) as forward:
        loss = layer(example).sum()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    print(f"groups={groups}: forward {forward.get_total_flops()}, backward {backward.get_total_flops()}")
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/count.py")
expected='groups=1: forward 3072, backward 6144
groups=2: forward 1536, backward 4608
groups=8: forward 384, backward 3456'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'changed: it is no longer as seen'; exit 1; }
