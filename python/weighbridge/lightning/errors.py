"""The error of ``ModelSummary(strict=True)``."""

from __future__ import annotations


class UninitializedError(RuntimeError):
    """Layers are not initialised, and nothing tells how large they will be.

    ``layers`` are their names, as ``named_modules()`` has them.
    """

    def __init__(self, message: str, layers: tuple[str, ...]) -> None:
        super().__init__(message)
        self.layers = layers

    def __reduce__(self) -> tuple[type[UninitializedError], tuple[str, tuple[str, ...]]]:
        return type(self), (str(self), self.layers)
