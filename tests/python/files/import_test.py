"""Importing is quick and brings nothing along; reading lets other threads run."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import weighbridge


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_no_torch_no_numpy() -> None:
    """Neither is imported with it, nor by reading a file."""
    code = (
        "import sys, weighbridge; weighbridge.read('pytorch/gat_module_after.pt'); "
        "print({'torch', 'numpy', 'pandas', 'rich'} & set(sys.modules))"
    )
    assert _run(code) == "set()\n"


def test_threads_read_files_at_once() -> None:
    """Two files in turn by four threads; each result is that of its file."""
    paths = ["pytorch/gat_module_before.pt", "pytorch/gat_module_after.pt"] * 50
    alone = {path: repr(weighbridge.read(path)) for path in set(paths)}
    with ThreadPoolExecutor(4) as threads:
        shown = list(threads.map(lambda path: repr(weighbridge.read(path)), paths))
    assert shown == [alone[path] for path in paths]
