"""What stops a reading: one class for each kind, each also the built-in that a caller would catch already."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class WeighError(Exception):
    """The text is "SOURCE: MESSAGE (at byte OFFSET)", as the program `weigh` prints it.

    Attributes:
        kind: "not_found", "unsupported", "truncated", "corrupt", "limit", "not_written" or "usage"; of a
            configuration also "not_installed" or "remote_code".
        source: what was read.
        message: the place, both numbers and a likely cause.
        offset: in bytes; None where none helps.
    """

    kind = ""

    def __init__(self, source: str, message: str, offset: int | None, text: str) -> None:
        super().__init__(text)
        self.source = source
        self.message = message
        self.offset = offset

    @classmethod
    def told(cls, source: str, message: str, offset: int | None = None) -> Self:
        """One with the text that the program would print."""
        at = "" if offset is None else f" (at byte {offset})"
        return cls(source, message, offset, f"{source}: {message}{at}")

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[WeighError], tuple[str, str, int | None, str]]:
        return type(self), (self.source, self.message, self.offset, str(self))


class NotFound(WeighError, FileNotFoundError):
    """There is no such file, or it may not be read."""

    kind = "not_found"


class Unsupported(WeighError, ValueError):
    """A file that can be named but not read."""

    kind = "unsupported"


class Truncated(WeighError, ValueError):
    """The bytes end before what they promise."""

    kind = "truncated"


class Corrupt(WeighError, ValueError):
    """The bytes contradict themselves."""

    kind = "corrupt"


class Limit(WeighError, ValueError):
    """A bound on hostile input was exceeded."""

    kind = "limit"


class NotWritten(WeighError, OSError):
    """A file could not be written."""

    kind = "not_written"


class Usage(WeighError, ValueError):
    """The caller asked for something that does not exist."""

    kind = "usage"


class NotInstalled(WeighError, ImportError):
    """A library that makes the model of a configuration cannot be imported."""

    kind = "not_installed"


class RemoteCode(WeighError, PermissionError):
    """A model is made by code that lies beside its configuration, which was not trusted."""

    kind = "remote_code"


_BY_KIND: dict[str, type[WeighError]] = {
    one.kind: one for one in (NotFound, Unsupported, Truncated, Corrupt, Limit, NotWritten, Usage)
}


def error_of(kind: str, source: str, message: str, offset: int | None, text: str) -> WeighError:
    """The exception for an error of the core; called by it."""
    return _BY_KIND.get(kind, WeighError)(source, message, offset, text)


__all__ = [
    "Corrupt",
    "Limit",
    "NotFound",
    "NotInstalled",
    "NotWritten",
    "RemoteCode",
    "Truncated",
    "Unsupported",
    "Usage",
    "WeighError",
]
