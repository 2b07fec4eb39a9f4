"""What differs between two models."""

from __future__ import annotations

import os
from collections.abc import Mapping

from weighbridge import _weigh
from weighbridge._weigh import Diff, Model


def diff(
    a: str | os.PathLike[str] | Model,
    b: str | os.PathLike[str] | Model,
    *,
    maps: Mapping[str, str] | None = None,
    least_likeness: int = 50,
    fold: bool = True,
    values: bool = False,
) -> Diff:
    """Modules and tensors that came, went, moved or changed, and what the configurations tell.

        print(weighbridge.diff("old/", "new/"))
        assert weighbridge.diff("old.ckpt", "new.safetensors", maps={"model": ""}).equal

    Args:
        a: a path that `weighbridge.read` takes, or what it gave.
        b: another, of any format.
        maps: prefixes of A's names and what B has in their place: what is told so is no difference.
        least_likeness: how alike two paths must be, in per cent, to be one that was renamed; 101: none.
        fold: the same difference in numbered siblings is one.
        values: compare the weights, too. Models that are given as paths are read for this; of others values are not
            compared (`Diff.not_compared`).

    Raises:
        WeighError: what stops the reading of either, and a prefix that a model does not have.
    """
    return _weigh.diff(
        _model(a, values),
        _model(b, values),
        maps=dict(maps or {}),
        least_likeness=least_likeness,
        fold=fold,
        values=values,
    )


def _model(given: str | os.PathLike[str] | Model, locations: bool) -> Model:
    return given if isinstance(given, Model) else _weigh.read(os.fspath(given), locations)
