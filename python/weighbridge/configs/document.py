"""Where a configuration lies, and what it says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from weighbridge.errors import Corrupt, Limit, NotFound

NAMES = ("model_index.json", "config.json")  # of a pipeline, of a model
LARGEST = 1 << 26  # bytes; the largest that libraries write are a few hundred thousand


class Document(NamedTuple):
    """A configuration: `source` names it in messages, `folder` is where code and parts lie beside it."""

    source: str
    folder: Path
    values: dict[str, Any]


def document(path: str | os.PathLike[str]) -> Document:
    """Reads the configuration at `path`: a file, or a directory with a `model_index.json` or a `config.json`."""
    place = Path(path)
    if place.is_dir():
        files = [place / name for name in NAMES if (place / name).is_file()]
        if not files:
            raise NotFound.told(str(place), "is a directory with neither a config.json nor a model_index.json")
        place = files[0]
    return Document(str(place), place.parent, _values(place))


def _values(place: Path) -> dict[str, Any]:
    try:
        size = place.stat().st_size
        if size > LARGEST:
            raise Limit.told(str(place), f"has {size:,} bytes, and a configuration has at most {LARGEST:,}")
        text = place.read_bytes()
    except OSError as error:
        hint = "" if place.exists() else "; models are not fetched: give the directory of one that is here"
        raise NotFound.told(str(place), f"cannot be opened: {error.strerror}{hint}") from error
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Corrupt.told(str(place), f"is no JSON: {error.msg} ({where})") from error
    except UnicodeDecodeError as error:
        raise Corrupt.told(str(place), f"is no JSON: {error.reason}", error.start) from error
    except RecursionError as error:
        raise Corrupt.told(str(place), "is no configuration: it is nested too deep") from error
    if not isinstance(values, dict):
        raise Corrupt.told(str(place), f"is no configuration: it holds a {type(values).__name__}, not an object")
    return values
