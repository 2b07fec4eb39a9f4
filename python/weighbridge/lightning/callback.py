"""The callbacks, in place of Lightning's: ``Trainer(callbacks=[ModelSummary()])``.

They derive from the classes of every package of Lightning that is installed, so that either trainer
takes them for its own and leaves its own table out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weighbridge.lightning.errors import UninitializedError
from weighbridge.lightning.initialize import initialize_before_strategy, lazy_layers
from weighbridge.lightning.packages import callback_classes, installed
from weighbridge.lightning.rich_table import print_rich
from weighbridge.lightning.summary import LightningSummary
from weighbridge.lightning.switch import is_switched_off, keep_switches
from weighbridge.lightning.text import TOTAL_FLOPS, SummaryData, table

if TYPE_CHECKING:

    class _Base:
        def __init__(self, max_depth: int = 1, **summarize_kwargs: Any) -> None: ...

    class _RichBase(_Base): ...

    _BASES = (_Base,)
    _RICH_BASES = (_RichBase,)
else:
    _BASES = callback_classes("ModelSummary")
    _RICH_BASES = callback_classes("RichModelSummary")
    _Base = type("_Base", _BASES, {"__module__": __name__})
    _RichBase = type("_RichBase", _RICH_BASES, {"__module__": __name__})

Columns = Mapping[str, Callable[[Any], object]]


class ModelSummary(_Base):
    """Prints what the model is made of when a fit starts, on rank 0.

    max_depth: levels of modules that have a row; -1 all, 0 prints nothing.
    columns: own columns, a title and a function of a row of ``weighbridge.Summary.rows``.
    flops: whether to show FLOPs.
    strict: raise ``UninitializedError``, which names the layers, if sizes stay unknown.
    initialize: give lazy layers their sizes before optimizers and strategy are made, from
        ``example_input_array`` (True) or the first batch of the loader ("batch").
    train: look at the forward of train mode.
    summarize_kwargs: handed to ``summarize``, which may be overridden as Lightning's.
    """

    def __init__(
        self,
        max_depth: int = 1,
        columns: Columns | None = None,
        flops: bool = True,
        strict: bool = False,
        initialize: bool | str = False,
        train: bool = False,
        **summarize_kwargs: Any,
    ) -> None:
        super().__init__(max_depth, **summarize_kwargs)
        keep_switches()
        if initialize not in (True, False, "batch"):
            raise ValueError(f'`initialize` can be True, False or "batch", got {initialize!r}.')
        self._max_depth = max_depth
        self._columns: Columns = columns or {}
        self._flops = flops
        self._strict = strict
        self._initialize = initialize
        self._train = train
        self._summarize_kwargs = summarize_kwargs

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        if self._initialize:
            initialize_before_strategy(trainer, pl_module, self._initialize)
        elif stage == "fit" and trainer.world_size > 1:
            self._tell_lazy(trainer, lazy_layers(pl_module))

    def _tell_lazy(self, trainer: Any, names: list[str]) -> None:
        """Says what is lazy while DDP, which refuses such layers without their names, is not made yet."""
        if not names:
            return
        message = (
            f"{type(trainer.strategy).__name__} needs every layer initialised, and these are not:"
            f" {', '.join(names)}; give the callback initialize=True"
        )
        if self._strict:
            raise UninitializedError(message, tuple(names))
        if trainer.is_global_zero:
            warnings.warn(message, UserWarning, stacklevel=2)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        shows = bool(self._max_depth) and not is_switched_off(trainer)
        if not shows and not self._strict:
            return
        if getattr(trainer.strategy, "zero_stage_3", False):  # DeepSpeed: its own table knows shares
            if shows:
                super().on_fit_start(trainer, pl_module)  # type: ignore[misc]
            return
        if not self._strict and not trainer.is_global_zero:  # a dry run takes no other rank
            return
        summary = self._make(trainer, pl_module)
        if summary is None:
            return
        if shows and trainer.is_global_zero:
            self._show(summary)
        if self._strict and summary.advice.layers:  # on every rank, or the others would wait
            raise UninitializedError(summary.advice.message, summary.advice.layers)

    def _make(self, trainer: Any, pl_module: Any) -> LightningSummary | None:
        """The summary; a warning instead where it cannot be made: training goes on without it."""
        try:
            return self._summary(trainer, pl_module)
        except Exception as error:
            if self._strict:
                raise
            warnings.warn(f"There is no summary: {error}", UserWarning, stacklevel=2)
            return None

    def _summary(self, trainer: Any, pl_module: Any) -> LightningSummary:
        around = getattr(trainer.strategy, "model", None)  # FSDP's, which holds the parameters
        return LightningSummary(pl_module, self._max_depth, train=self._train, within=around)

    def _show(self, summary: LightningSummary) -> None:
        data = summary._get_summary_data()
        if not self._flops:
            data = data.without("FLOPs")
            data.totals = [total for total in data.totals if total[0] != TOTAL_FLOPS]
        if self._columns:
            self._add_columns(summary, data)
        if not self._strict:
            summary.warn()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has been said, or will be raised
            numbers = (summary.total_parameters, summary.trainable_parameters, summary.model_size)
        self.summarize(
            data,
            *numbers,
            summary.total_training_modes,
            total_flops=summary.total_flops,
            **self._summarize_kwargs,
        )

    def _add_columns(self, summary: LightningSummary, data: SummaryData) -> None:
        rows = {row.path: row for row in summary.summary.rows}
        names = dict(data)["Name"]
        for title, cell in self._columns.items():
            cells = [str(cell(rows[name])) if name in rows else "n/a" for name in names]
            data.append((title, cells))

    @staticmethod
    def summarize(
        summary_data: list[tuple[str, list[str]]],
        total_parameters: int,
        trainable_parameters: int,
        model_size: float,
        total_training_modes: dict[str, int],
        total_flops: int,
        **summarize_kwargs: Any,
    ) -> None:
        """Writes the table to Lightning's log. Override it to do something else with the numbers.

        ``summary_data`` also has ``totals``: their text, which says "≥" where the numbers are a known
        part.
        """
        log = logging.getLogger(f"{installed()[0]}.callbacks.model_summary")
        log.info("\n" + table(_data(summary_data, total_parameters)))


class RichModelSummary(ModelSummary, _RichBase):
    """The same as a table of Rich, which has to be installed."""

    @staticmethod
    def summarize(
        summary_data: list[tuple[str, list[str]]],
        total_parameters: int,
        trainable_parameters: int,
        model_size: float,
        total_training_modes: dict[str, int],
        total_flops: int,
        **summarize_kwargs: Any,
    ) -> None:
        header_style = summarize_kwargs.get("header_style", "bold magenta")
        print_rich(_data(summary_data, total_parameters), header_style)


def _data(summary_data: list[tuple[str, list[str]]], total_parameters: int) -> SummaryData:
    """What ``summarize`` was given, also if somebody made the lists anew."""
    if isinstance(summary_data, SummaryData):
        return summary_data
    data = SummaryData(summary_data)
    data.totals = [("Total params", str(total_parameters))]
    return data
