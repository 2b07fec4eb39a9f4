"""What Lightning's ``ModelSummary`` object offers, of any module, with numbers that hold.

    >>> print(summarize(model, max_depth=2))

Counting, units and text are the C++ core's: this file asks it for Lightning's text and for the numbers
behind it, and puts them under Lightning's names.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from weighbridge.lightning.advice import advice
from weighbridge.lightning.example import arguments_of, converted
from weighbridge.lightning.text import SummaryData, parts_of

UNKNOWN_SIZE = "?"
_SCRIPTED_CLASS = "RecursiveScriptModule"  # what Lightning calls them all; the text has what was scripted


def summarize(module: nn.Module, max_depth: int = 1, *, train: bool = False) -> LightningSummary:
    """The summary of a module, a LightningModule or any other.

    ``max_depth``: levels of modules that have a row; -1 all, 0 none. ``train``: look at the forward of
    train mode instead of evaluation's. An attribute ``example_input_array`` gives shapes and FLOPs (2
    for a multiply-add), from a dry run that computes and changes nothing.

    Raises ValueError for another ``max_depth``.
    """
    return LightningSummary(module, max_depth, train=train)


@dataclass(frozen=True)
class LayerSummary:
    """One row, with Lightning's names for what is in it."""

    in_size: Any
    out_size: Any
    layer_type: str
    num_parameters: int
    training: bool


class LightningSummary:
    """A snapshot: what changes in the module afterwards does not change it."""

    def __init__(
        self, model: nn.Module, max_depth: int = 1, *, train: bool = False, within: nn.Module | None = None
    ) -> None:
        if not isinstance(max_depth, int) or max_depth < -1:
            raise ValueError(f"`max_depth` can be -1, 0 or > 0, got {max_depth}.")
        from weighbridge.live import describe

        self._module = model
        self._max_depth = max_depth
        example = getattr(model, "example_input_array", None)
        args, kwargs = None, None
        if example is not None:
            args, kwargs = arguments_of(model, converted(model, example))
        self.model = describe(model, args, kwargs, train=train, within=within)
        self.summary = self.model.summary(depth=max_depth, fold=False)
        self.advice = advice(model, self.model, args, kwargs, train=train)
        self._has_warned = False

    # --- what it says -----------------------------------------------------------------------------

    def __str__(self) -> str:
        self.warn()
        return self._text

    __repr__ = __str__

    def warn(self) -> None:
        """Says once for this summary what is not known, of which layers and why."""
        if self.advice.message and not self._has_warned:
            self._has_warned = True
            warnings.warn(self.advice.message, UserWarning, stacklevel=3)

    def _get_summary_data(self) -> SummaryData:
        """Columns in Lightning's order, each a title and its cells as text."""
        return parts_of(self._text)

    @cached_property
    def _text(self) -> str:
        text: str = self.summary.render("lightning")
        return text.rstrip("\n")

    # --- rows -------------------------------------------------------------------------------------

    @property
    def named_modules(self) -> list[tuple[str, nn.Module]]:
        """The modules that have a row; those of today, not of the snapshot."""
        names = set(self.layer_names)
        return [(name, module) for name, module in self._module.named_modules() if name in names]

    def summarize(self) -> dict[str, LayerSummary]:
        """The rows by name. Nothing is run again for them."""
        return dict(self._layer_summary)

    @property
    def layer_names(self) -> list[str]:
        return list(self._layer_summary)

    @property
    def layer_types(self) -> list[str]:
        return [layer.layer_type for layer in self._layer_summary.values()]

    @property
    def in_sizes(self) -> list[Any]:
        """Of each layer: a list of sizes, lists of such, by key for a dictionary; "?" if unknown.

        Arguments given by name are a list, as in Lightning; the text has their names.
        """
        return [layer.in_size for layer in self._layer_summary.values()]

    @property
    def out_sizes(self) -> list[Any]:
        return [layer.out_size for layer in self._layer_summary.values()]

    @property
    def param_nums(self) -> list[int]:
        """Parameters of each layer; of one that is not initialised the known part."""
        return [layer.num_parameters for layer in self._layer_summary.values()]

    @property
    def training_modes(self) -> list[bool]:
        return [layer.training for layer in self._layer_summary.values()]

    @property
    def flop_counts(self) -> dict[str, dict[str, int]]:
        """By layer. Lightning tells operators apart; here each has one entry, of all of them."""
        return {layer["path"]: {"forward": layer["flops"] or 0} for layer in self._layers}

    # --- totals -----------------------------------------------------------------------------------

    @property
    def total_parameters(self) -> int:
        """Parameters, ties once. Of what is not initialised the known part: ``str()`` says "≥"."""
        self.warn()
        return int(self._json["totals"]["parameters"])

    @property
    def trainable_parameters(self) -> int:
        self.warn()
        return int(self._json["totals"]["trainable"])

    @property
    def total_layer_params(self) -> int:
        return sum(self.param_nums)

    @property
    def model_size(self) -> float:
        """Millions of bytes of the parameters, each by its own dtype."""
        tensors = self._json["tensors"]
        known = (t["bytes"] or 0 for t in tensors if t["role"] == "parameter" and not t["tied_to"])
        return sum(known) * 1e-6

    @property
    def total_training_modes(self) -> dict[str, int]:
        """Modules below the root in either mode."""
        totals = dict(parts_of(self._text).totals)
        return {mode: int(totals[f"Modules in {mode} mode"]) for mode in ("train", "eval")}

    @property
    def total_flops(self) -> int:
        """FLOPs of a forward of the example, the same at every depth; 0 without an example."""
        return int(self._json["totals"]["flops"] or 0)

    @property
    def is_exact(self) -> bool:
        """Whether every parameter is counted."""
        return bool(self._json["totals"]["exact"])

    @cached_property
    def _json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.summary.render("json"))
        return read

    @cached_property
    def _layer_summary(self) -> dict[str, LayerSummary]:
        return {facts["path"]: _layer(facts) for facts in self._layers}

    @cached_property
    def _layers(self) -> list[dict[str, Any]]:
        """Modules that have a row in Lightning's table: each once, down to the depth."""
        modules = self._json["modules"] if self._max_depth else []
        return [m for m in modules if m["path"] and m["alias_of"] is None]


def _layer(facts: dict[str, Any]) -> LayerSummary:
    return LayerSummary(
        in_size=_size(_in_order(facts["in"])),
        out_size=_size(facts["out"]),
        layer_type=_SCRIPTED_CLASS if facts["type"].endswith(" (scripted)") else facts["type"],
        num_parameters=facts["parameters"],
        training=facts["mode"] == "train",
    )


def _in_order(size: Any) -> Any:
    if not isinstance(size, dict):
        return size
    values = list(size.values())
    return values[0] if len(values) == 1 else values


def _size(size: Any) -> Any:
    """The size with "?" for what has none, at any place in it; of a number alone, too, as in Lightning."""
    return _nested(size) if size else UNKNOWN_SIZE


def _nested(size: Any) -> Any:
    if isinstance(size, dict):
        return {key: _nested(item) for key, item in size.items()}
    if isinstance(size, list):
        return [_nested(item) for item in size]
    return UNKNOWN_SIZE if size is None else size
