"""Where a dry forward could not go on, and why, in words."""

from __future__ import annotations

import linecache
import traceback
from dataclasses import dataclass
from pathlib import PurePath
from types import FrameType, TracebackType

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


MODES = ("mode.py", "real.py")  # files of ours that run operators
MOST_OPERANDS = 6  # whose shapes are told
LONGEST_PATH = 120  # characters of a module's path that are told


@dataclass(frozen=True)
class Stop:
    """Where and why a dry forward could not go on.

    `operator` is such as "aten._local_scalar_dense" ("" if none was at fault), `module` the path of the
    module that ran ("" is the root), `line` such as "net.py:12: if x.sum() > 0:" ("" if unknown).
    """

    operator: str
    module: str
    line: str
    why: str
    advice: str = ""

    @property
    def message(self) -> str:
        """Why, and what can be done."""
        return self.why + self.advice

    @property
    def note(self) -> str:
        """Why, the line of the user's forward, and what can be done."""
        if not self.line:
            return self.message
        place, _, code = self.line.partition(": ")
        return f"{self.why} The line is {place}: `{code}`.{self.advice}"

    @property
    def place(self) -> str:
        """The module's path, shortened in the middle where it is nested very deep."""
        return short_path(self.module)


def short_path(path: str) -> str:
    """A path that fits into a sentence: of a longer one, its ends and how many levels it has."""
    if len(path) <= LONGEST_PATH:
        return path
    half = LONGEST_PATH // 2
    head = path[:half].rpartition(".")[0] or path[:half]
    tail = path[-half:].partition(".")[2] or path[-half:]
    return f"{head} … {tail} ({path.count('.') + 1:,} levels)"


def stop_of(error: BaseException, failed: str, module: str) -> Stop:
    """The words for an exception that a dry forward raised; `failed` is the operator that raised last."""
    operator = _operator(error, failed)
    line = _line(error.__traceback__)
    if operator in WORDS or _depends_on_data(error):
        why = WORDS.get(operator, "the values of floats decide the shape of what comes out")
        return Stop(operator, module, line, f"{operator}: {why}.", ADVICE)
    if isinstance(error, RecursionError):
        return Stop("", module, "", "modules are nested deeper than Python can call "
                    "(RecursionError); sys.setrecursionlimit() raises what it allows.")
    return Stop(operator, module, line, _raised(error, operator))


def _raised(error: BaseException, operator: str) -> str:
    """What a forward raised, as a sentence."""
    text = str(error).strip()
    told = f"forward raised {type(error).__name__}" + (f" in {operator}{_operands(error)}" if operator else "")
    return told + (f": {text}" if text else "") + ("" if text.endswith((".", "!", "?")) else ".")


def stop_of_copy(error: BaseException, module: str = "") -> Stop:
    """The words for a module that cannot be copied; `module` is the path of the one that refused."""
    text = f"{type(error).__name__}: {str(error).strip()}".rstrip(": ")
    return Stop("", module, _line(error.__traceback__), f"the module cannot be copied ({text}), and a dry "
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
    """Whether one of our modes is on the way to where it was raised."""
    return _dispatch(error) is not None


def _dispatch(error: BaseException) -> FrameType | None:
    """The frame of ours that ran the operator in which it was raised."""
    frames = [
        frame
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_name == "__torch_dispatch__" and frame.f_code.co_filename.endswith(MODES)
    ]
    return frames[-1] if frames else None


def _operands(error: BaseException) -> str:
    """The shapes of what the operator was given: " of [5, 8] and [7, 4]"."""
    frame = _dispatch(error)
    given = [] if frame is None else frame.f_locals.get("args", ())
    listed = [one for item in given for one in (item if isinstance(item, (list, tuple)) else [item])]
    shapes = [str(list(one.shape)) for one in listed if hasattr(one, "shape")]
    if not shapes or len(shapes) > MOST_OPERANDS:
        return ""
    return " of " + (", ".join(shapes[:-1]) + " and " if len(shapes) > 1 else "") + shapes[-1]


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
