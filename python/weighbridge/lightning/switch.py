"""Whether `enable_model_summary=False` was given, which a trainer of Lightning forgets.

Lightning only leaves its own table out for it, and calls a callback that is there all the same. So
the part of the trainer that reads the switch is made to keep it.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any

from weighbridge.lightning.packages import installed

_KEPT = "_is_model_summary_enabled"


@functools.cache
def keep_switches() -> None:
    """From now on trainers know it, of every package that is installed."""
    for package in installed():
        connector = import_module(f"{package}.trainer.connectors.callback_connector")._CallbackConnector
        configure = getattr(connector, "_configure_model_summary_callback", None)
        if configure is not None:
            connector._configure_model_summary_callback = _keeping(configure)


def is_switched_off(trainer: Any) -> bool:
    """Whether the trainer was asked for no summary, by its switch or by `barebones`."""
    if getattr(trainer, "barebones", False):
        return True
    return not getattr(getattr(trainer, "_callback_connector", None), _KEPT, True)


def _keeping(configure: Any) -> Any:
    @functools.wraps(configure)
    def configure_and_keep(self: Any, enable_model_summary: bool) -> None:
        setattr(self, _KEPT, enable_model_summary)
        configure(self, enable_model_summary)

    return configure_and_keep
