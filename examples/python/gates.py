"""What changed between two checkpoints, and whether the new one may be taken.

    python gates.py old.pt new.pt
"""

from __future__ import annotations

import sys

import weighbridge


def main(old: str, new: str) -> int:
    """0 where the new one may be taken."""
    diff = weighbridge.diff(old, new)
    for one in diff.differences:
        print(one.change, one.b or one.a, *one.facts)
    checked = weighbridge.check(new, initialized=True, max_parameters="1K", dtypes=["float32"])
    print(checked)
    return 0 if checked.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
