"""Which packages of Lightning are installed: the same code is published under two names.

A trainer of either package looks for callbacks of its own classes, so ours derive from those of every
package that can be imported. Which trainer will get the callback is not known when it is made.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_NAMES = ("lightning.pytorch", "pytorch_lightning")


@cache
def installed() -> tuple[str, ...]:
    """The packages that can be imported, the newer name first."""
    return tuple(name for name in _NAMES if find_spec(name.partition(".")[0]) and _imports(name))


def _imports(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:  # half installed, or made for another torch: as if it were not there
        return False
    return True


def callback_classes(name: str) -> tuple[type[Any], ...]:
    """The class ``name`` among the callbacks of each package; ImportError where there is none."""
    found = tuple(getattr(import_module(f"{package}.callbacks"), name) for package in installed())
    if not found:
        raise ImportError(
            f"weighbridge.lightning.{name} needs Lightning: pip install lightning"
            " (or pytorch-lightning)"
        )
    return found


def is_of_lightning(function: Any) -> bool:
    """Whether a method is Lightning's own, not one that the user has overridden."""
    module = getattr(function, "__module__", None) or ""
    return module.startswith(("lightning.", "pytorch_lightning."))
