"""Gates: what must hold of a model before it is taken."""

from __future__ import annotations

import os
from collections.abc import Sequence

from weighbridge import _weigh
from weighbridge._weigh import Checked, Model


def check(
    model: str | os.PathLike[str] | Model,
    *,
    policy: str | os.PathLike[str] | None = None,
    initialized: bool = False,
    max_parameters: int | str | None = None,
    max_active: int | str | None = None,
    max_bytes: int | str | None = None,
    dtypes: Sequence[str] = (),
    no_pickle: bool = False,
    no_missing: bool = False,
    index_agrees: bool = False,
    known_packing: bool = False,
    architecture: Sequence[str] = (),
    has_modules: Sequence[str] = (),
    like: str | os.PathLike[str] | None = None,
) -> Checked:
    """Whether a model is what it should be: a finding for each rule that is asked for.

        checked = weighbridge.check("model.safetensors", initialized=True, max_parameters="8B", dtypes=["bf16"])
        assert checked.passed, checked

    Args:
        model: a path that `weighbridge.read` takes, or what it gave.
        policy: a file with rules, weighbridge.toml or pyproject.toml; what is given here counts before it.

    The others are rules, as docs/check.md has them: `weigh check --max-parameters 8B` is `max_parameters="8B"`.

    Raises:
        WeighError: what stops the reading; no rule is asked for; or one is given what it does not take.
    """
    flags = {
        "initialized": initialized,
        "no-pickle": no_pickle,
        "no-missing": no_missing,
        "index-agrees": index_agrees,
        "known-packing": known_packing,
    }
    single = {"max-parameters": max_parameters, "max-active": max_active, "max-bytes": max_bytes, "like": like}
    several = {"dtypes": dtypes, "architecture": architecture, "has-modules": has_modules}
    rules: dict[str, list[str]] = {name: [] for name, is_set in flags.items() if is_set}
    rules.update({name: [str(value)] for name, value in single.items() if value is not None})
    rules.update({name: _words(words) for name, words in several.items() if words})
    subject = model if isinstance(model, Model) else _weigh.read(os.fspath(model))
    return _weigh.check(subject, rules, None if policy is None else os.fspath(policy))


def _words(words: Sequence[str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)
