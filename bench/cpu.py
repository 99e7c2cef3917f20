"""How much processor time a process and all that it has started have used, as Linux tells it in /proc."""

import os
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
PARENT, TIMES = 1, slice(11, 15)
"""Of the fields after the name: the parent, and the ticks in user and kernel mode, of itself and of ended children."""


def seconds_of_tree(root: int) -> float:
    """Processor seconds of a process and of all its descendants so far, those that have ended among them."""
    fields = {int(each.name): _fields(each) for each in PROC.glob("[0-9]*")}
    children = defaultdict[int, list[int]](list)
    for pid, values in fields.items():
        if values:
            children[int(values[PARENT])].append(pid)
    tree = [root]
    for pid in tree:
        tree += children[pid]
    ticks = sum(int(tick) for pid in tree for tick in fields.get(pid, [])[TIMES])
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(process: Path) -> list[str]:
    """What stands after the name, which stands in brackets and may hold anything; nothing when it has just ended."""
    try:
        return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
