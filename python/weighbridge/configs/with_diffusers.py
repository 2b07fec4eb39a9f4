"""A model of diffusers from its configuration, and the models of a pipeline."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from torch import nn

from weighbridge.configs import with_transformers
from weighbridge.configs.built import construction, library
from weighbridge.configs.document import Document, document
from weighbridge.errors import NotFound, RemoteCode, Unsupported


class Parts(nn.Module):
    """The models of a pipeline, by their names in its `model_index.json`."""

    def forward(self, *_: Any, **__: Any) -> Any:
        """A pipeline runs its parts in a loop: what one forward would be is not told."""
        raise NotImplementedError(f"{type(self).__name__} has no forward; give the inputs to one of its parts")


def model_or_pipeline(diffusers: Any, found: Document, trust_remote_code: bool) -> nn.Module:
    """What `_class_name` names. A pipeline may be of a class of its own: then its file says that it is one."""
    kind = getattr(diffusers, found.values["_class_name"], None)
    is_known = isinstance(kind, type) and issubclass(kind, diffusers.DiffusionPipeline)
    if is_known or found.source.endswith("model_index.json"):
        return pipeline(diffusers, found, trust_remote_code)
    return model(diffusers, found)


def model(diffusers: Any, found: Document, architecture: str = "") -> nn.Module:
    """The model that `_class_name`, or else `architecture`, names."""
    name = found.values.get("_class_name") or architecture
    kind = getattr(diffusers, name, None)
    if not isinstance(kind, type) or not issubclass(kind, diffusers.ModelMixin):
        raise Unsupported.told(found.source, f"diffusers {diffusers.__version__} has no model '{name}'")
    with construction(found, name):
        made: nn.Module = kind.from_config(dict(found.values))  # type: ignore[attr-defined]
        return made.eval()


def pipeline(diffusers: Any, found: Document, trust_remote_code: bool) -> nn.Module:
    """A module that holds the models of a pipeline; tokenizers, schedulers and the like are left out."""
    whole: nn.Module = type(found.values["_class_name"], (Parts,), {})()
    for name, part in found.values.items():
        if name.startswith("_") or not isinstance(part, list) or len(part) != 2:
            continue
        if not all(isinstance(word, str) for word in part):  # a part that this pipeline goes without
            continue
        made = _part(diffusers, found, name, part[0], part[1], trust_remote_code)
        if made is not None:
            whole.add_module(name, made)
    return whole.eval()


def _part(
    diffusers: Any, found: Document, name: str, room: str, kind_name: str, trust_remote_code: bool
) -> nn.Module | None:
    """The part `name`, of the class `kind_name` in the library `room`; None where that is no model."""
    folder = found.folder / name
    if (found.folder / name / f"{room}.py").is_file() or (found.folder / f"{room}.py").is_file():
        raise RemoteCode.told(
            found.source,
            f"its part {name} is made by code of its own, which is not run: {kind_name} in {room}.py;"
            " build that part with the pipeline's own code",
        )
    if room == "transformers":
        transformers = library("transformers", found)
        kind = getattr(transformers, kind_name, None)
        if isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel):
            part = _document(found, folder, name)
            return with_transformers.model(transformers, part, trust_remote_code, kind_name)
        if kind is None:
            raise Unsupported.told(
                found.source, f"its part {name}: transformers {transformers.__version__} has no '{kind_name}'"
            )
        return None
    kind = _class(diffusers, found, name, room, kind_name)
    if issubclass(kind, diffusers.ModelMixin):
        return model(diffusers, _document(found, folder, name), kind_name)
    if _is_of_transformers(kind):  # a safety checker: diffusers' class, transformers' way of making it
        part = _document(found, folder, name)
        with construction(part, kind_name):
            made: nn.Module = kind._from_config(kind.config_class.from_dict(part.values)).eval()
            return made
    return None


def _document(found: Document, folder: Any, name: str) -> Document:
    if not (folder / "config.json").is_file():
        raise NotFound.told(found.source, f"its part {name} has no configuration: {name}/config.json is not there")
    return document(folder / "config.json")


def _class(diffusers: Any, found: Document, name: str, room: str, kind_name: str) -> Any:
    """A class of diffusers itself, or of one of its pipelines."""
    holder: Any = diffusers if room == "diffusers" else None
    if holder is None and room.isidentifier() and importlib.util.find_spec(f"diffusers.pipelines.{room}") is not None:
        holder = importlib.import_module(f"diffusers.pipelines.{room}")
    kind = getattr(holder, kind_name, None)
    if not isinstance(kind, type):
        raise Unsupported.told(
            found.source, f"its part {name}: diffusers {diffusers.__version__} has no '{kind_name}' in '{room}'"
        )
    return kind


def _is_of_transformers(kind: type) -> bool:
    return any(one.__name__ == "PreTrainedModel" for one in kind.__mro__)
