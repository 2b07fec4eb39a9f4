"""Reads a model with weighbridge and prints its table: the seconds of that, without Python's start and the import."""

import sys
import time

import weighbridge

begin = time.perf_counter()
table = str(weighbridge.read(sys.argv[1]))
print(time.perf_counter() - begin)
