"""How much memory processes have used at most, as Linux tells it in /proc."""

import re
from pathlib import Path

PROC = Path("/proc")
KILOBYTES_A_MEGABYTE = 1024


def peak_beside_leader(group: int) -> float:
    """The most that a process of a group has had resident at a time, in MB (VmHWM); nought without /proc. The group's
    leader is left out: it starts the others, and what it took to start would hide what they took to work.
    """
    peaks = [_peak(each) for each in PROC.glob("[0-9]*") if _group(each) == group and each.name != str(group)]
    return max(peaks, default=0) / KILOBYTES_A_MEGABYTE


def group_under(supervisor: int) -> int:
    """The process group of a worker, which its supervisor starts and does not belong to; nought without /proc."""
    groups = {_group(each) for each in PROC.glob("[0-9]*") if _parent(each) == supervisor}
    return next((group for group in groups if group), 0)


def _parent(process: Path) -> int | None:
    return _number(process, 1)


def _group(process: Path) -> int | None:
    return _number(process, 2)


def _number(process: Path, position: int) -> int | None:
    """A number of the process: by its position after the name, which stands in brackets and may hold anything."""
    fields = _read(process / "stat").rpartition(")")[2].split()
    return int(fields[position]) if len(fields) > position else None


def _peak(process: Path) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", _read(process / "status"), re.MULTILINE)
    return int(found[1]) if found else 0


def _read(file: Path) -> str:
    """What a file says; nothing when its process has just ended."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
