"""Where a dry forward could not go on, and why, in words."""

from __future__ import annotations

import linecache
import traceback
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType

# Lines in these are not the user's: the last one that is none of them is told.
LIBRARIES = ("torch", "torch_geometric", "torchvision", "lightning", "pytorch_lightning", "transformers",
             "diffusers", "timm", "peft", "accelerate", "torch_scatter", "torch_sparse", "weighbridge")

WORDS = {
    "aten._local_scalar_dense": "the value of a float decides what happens next (an `if`, `.item()`, "
    "`int()` or `float()` of a tensor)",
    "aten.nonzero": "the values of floats decide how many elements there are (a mask made of floats, "
    "`nonzero`, `where`)",
    "aten.is_nonzero": "the value of a float decides what happens next",
    "aten.equal": "the values of floats are compared",
    "Tensor.numpy": "the values of a tensor are handed to numpy",
    "Tensor.tolist": "the values of a tensor are handed to Python",
}
ADVICE = (
    " A dry run computes no floats. What ran before is known; for the rest, run the forward for real"
    " with forward=\"real\", or guard this line."
)


@dataclass(frozen=True)
class Stop:
    """Where and why a dry forward could not go on.

    `operator` is such as "aten._local_scalar_dense" ("" if none was at fault), `module` the path of the
    module that ran ("" is the root), `line` such as "net.py:12: if x.sum() > 0:" ("" if unknown).
    """

    operator: str
    module: str
    line: str
    message: str


def stop_of(error: BaseException, failed: str, module: str) -> Stop:
    """The words for an exception that a dry forward raised; `failed` is the operator that raised last."""
    operator = _operator(error, failed)
    line = _line(error.__traceback__)
    if operator in WORDS or _depends_on_data(error):
        why = WORDS.get(operator, "the values of floats decide the shape of what comes out")
        return Stop(operator, module, line, f"{operator}: {why}.{ADVICE}")
    if isinstance(error, RecursionError):
        return Stop("", module, line, "modules are nested deeper than Python can call "
                    "(RecursionError); sys.setrecursionlimit() raises what it allows.")
    text = str(error).strip()
    return Stop(operator, module, line, f"forward raised {type(error).__name__}"
                + (f": {text}" if text else "."))


def stop_of_copy(error: BaseException) -> Stop:
    """The words for a module that cannot be copied."""
    text = f"{type(error).__name__}: {str(error).strip()}".rstrip(": ")
    return Stop("", "", _line(error.__traceback__), f"the module cannot be copied ({text}), and a dry "
                "run works on a copy so that it changes nothing. Without inputs it can be summarised.")


def _depends_on_data(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"DataDependentOutputException", "DynamicOutputShapeException",
                         "GuardOnDataDependentSymNode"})


def _operator(error: BaseException, failed: str) -> str:
    if _depends_on_data(error):
        return str(getattr(error, "func", failed)).rsplit(".", 1)[0]
    text = str(error)
    if ".numpy() is not supported" in text or "Can't call numpy()" in text:
        return "Tensor.numpy"
    if ".tolist() is not supported" in text:
        return "Tensor.tolist"
    return failed if _raised_in_an_operator(error) else ""


def _raised_in_an_operator(error: BaseException) -> bool:
    """Whether our mode is on the way to where it was raised."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "__torch_dispatch__" and frame.f_code.co_filename.endswith("mode.py"):
            return True
    return False


def _line(trace: TracebackType | None) -> str:
    """The innermost line that is no library's; else the innermost of a library other than PyTorch."""
    best, rank = "", -1
    for frame, number in traceback.walk_tb(trace):
        path = frame.f_code.co_filename
        parts = PurePath(path).parts
        if path.startswith("<") or "weighbridge" in parts:
            continue
        library = next((p for p in parts if p in LIBRARIES), None) if "site-packages" in parts else None
        here = 2 if library is None else 1 if library != "torch" else 0
        if here >= rank and here > 0:
            code = linecache.getline(path, number).strip()
            best, rank = f"{PurePath(path).name}:{number}: {code}", here
    return best
