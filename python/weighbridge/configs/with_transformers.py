"""A model of transformers from its configuration."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from weighbridge.configs.built import construction
from weighbridge.configs.document import Document
from weighbridge.errors import RemoteCode, Unsupported

if TYPE_CHECKING:
    from torch import nn


def model(transformers: Any, found: Document, trust_remote_code: bool, architecture: str = "") -> nn.Module:
    """The model, of the class `architecture` or, where that is "", of the one that the configuration tells."""
    values = found.values
    architecture = architecture or _architecture(values)
    code = values.get("auto_map") or {}
    model_type = values.get("model_type")
    if code and (trust_remote_code or model_type not in transformers.CONFIG_MAPPING):
        if not trust_remote_code:
            raise RemoteCode.told(found.source, _refusal(code, architecture))
        with construction(found, "its own code"):
            own: nn.Module = _of_own_code(transformers, found, architecture)
            return own.eval()
    kind = _class(transformers, found, architecture) if architecture else None
    config = _config(transformers, found, kind)
    with construction(found, architecture or "transformers"):
        if kind is not None:
            made: nn.Module = kind._from_config(config)
        else:
            made = transformers.AutoModel.from_config(config, trust_remote_code=False)
        return made.eval()


def _architecture(values: dict[str, Any]) -> str:
    named = values.get("architectures")
    return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""


def _class(transformers: Any, found: Document, architecture: str) -> Any:
    kind = getattr(transformers, architecture, None)
    if isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel):
        return kind
    raise Unsupported.told(
        found.source, f"transformers {transformers.__version__} has no architecture '{architecture}'"
    )


def _config(transformers: Any, found: Document, kind: Any) -> Any:
    """The configuration as an object of its class: that of its model type, else that of its architecture."""
    values = dict(found.values)
    model_type = values.get("model_type")
    known = transformers.CONFIG_MAPPING
    if model_type in known:
        config_class = known[model_type]
    elif kind is not None and kind.config_class is not None:
        config_class = kind.config_class
        values.pop("model_type", None)  # by it, transformers finds how to load what it knows
        told = f"the model type '{model_type}'" if model_type else "a configuration without model type"
        warnings.warn(
            f"{found.source}: transformers {transformers.__version__} does not know {told}; it is built as its"
            f" architecture, {kind.__name__}, with {config_class.__name__}",
            UserWarning,
            stacklevel=5,
        )
    else:
        raise Unsupported.told(
            found.source, f"transformers {transformers.__version__} does not know the model type '{model_type}'"
        )
    with construction(found, config_class.__name__):
        return config_class.from_dict(values)


def _refusal(code: dict[str, Any], architecture: str) -> str:
    """Which code would run, told by file and class."""
    named = [one for one in code.values() if isinstance(one, str)]
    wanted = [one for one in named if one.rpartition(".")[2] == architecture] or [
        one for key, one in code.items() if isinstance(one, str) and "Model" in key
    ]
    places = [one for one in (*wanted[:1], code.get("AutoConfig")) if isinstance(one, str)] or named[:1]
    told = " and ".join(f"{name.rpartition('.')[2]} in {name.rpartition('.')[0]}.py" for name in places)
    return (
        f"is made by code of its own, which is not run: {told or 'auto_map'}; read it, then give trust_remote_code=True"
    )


def _of_own_code(transformers: Any, found: Document, architecture: str) -> Any:
    """By the classes that lie beside the configuration: they are imported, so their code runs."""
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    def class_of(reference: str) -> Any:
        return get_class_from_dynamic_module(reference, str(found.folder), local_files_only=True)

    code = {key: one for key, one in found.values["auto_map"].items() if isinstance(one, str)}
    models = {key: one for key, one in code.items() if key.startswith("AutoModel")}
    if not models:
        return model(transformers, found._replace(values={**found.values, "auto_map": None}), False)
    by_name = [one for one in models.values() if one.rpartition(".")[2] == architecture]
    kind = class_of(by_name[0] if by_name else next(iter(models.values())))
    config_class = class_of(code["AutoConfig"]) if "AutoConfig" in code else kind.config_class
    return kind._from_config(config_class.from_dict(found.values))
