"""Prints how many seconds torch.load takes, without the seconds that starting Python and importing torch take."""
import sys
import time

import torch

begin = time.perf_counter()
torch.load(sys.argv[1], mmap=True, weights_only=True)
print(time.perf_counter() - begin)
