"""How much memory this process may still take: what the machine has, within what its container is allowed."""

from __future__ import annotations

import sys
from pathlib import Path

_MACHINE = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def available_bytes(machine: Path = _MACHINE, group: Path = _GROUP) -> int:
    """Memory that is free or can be freed at once; what cannot be told counts as no limit.

    ``machine``: Linux's table of the machine's memory; ``group``: the folder of the container's control group
    (version 2, as it is seen from inside).
    """
    return min(_of_machine(machine), _of_group(group))


def _of_machine(table: Path) -> int:
    for line in _text(table).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return sys.maxsize


def _of_group(folder: Path) -> int:
    limit, used = _text(folder / "memory.max").strip(), _text(folder / "memory.current").strip()
    if not (limit.isdigit() and used.isdigit()):  # `max`: none
        return sys.maxsize
    # The page cache counts as used, and goes when the memory is needed.
    cached = [line.split()[1] for line in _text(folder / "memory.stat").splitlines() if line.startswith("file ")]
    return max(0, int(limit) - int(used) + sum(int(each) for each in cached))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
