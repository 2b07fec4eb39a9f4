"""Names of the same tensor on both sides: wrappers that put themselves into names, and prefixes of one side alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

# Components that torch.compile, FSDP and activation checkpointing put anywhere into a name.
WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
DEEPEST = 4  # components of a prefix


class Prefix(NamedTuple):
    """What is put before the checkpoint's names, or taken from them, to make the model's. At most one is not ""."""

    added: str = ""
    removed: str = ""

    def applied(self, name: str) -> str:
        """The name in the model of the checkpoint's `name`."""
        return self.added + name.removeprefix(self.removed)


def without_wrappers(name: str) -> str:
    """The name without components that are a wrapper's."""
    if not any(wrapper in name for wrapper in WRAPPERS):
        return name
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def prefix_between(stored: Collection[str], wanted: Collection[str]) -> Prefix:
    """The prefix with which most names agree; none where that are not more than agree without one, or not most of a side."""
    agree = sum(1 for name in stored if name in wanted)
    removed, times_removed = _most_common(stored, wanted)
    added, times_added = _most_common(wanted, stored)
    most = max(times_removed, times_added)
    if most <= agree or most * 2 <= min(len(stored), len(wanted)):
        return Prefix()
    return Prefix(removed=removed) if times_removed >= times_added else Prefix(added=added)


def _most_common(longer: Collection[str], shorter: Collection[str]) -> tuple[str, int]:
    """The prefix without which most of the `longer` names are among the `shorter`, and how many those are."""
    found: Counter[str] = Counter()
    for name in longer:
        at = -1
        for _ in range(DEEPEST):
            at = name.find(".", at + 1)
            if at < 0:
                break
            if name[at + 1 :] in shorter:
                found[name[: at + 1]] += 1
    return found.most_common(1)[0] if found else ("", 0)
