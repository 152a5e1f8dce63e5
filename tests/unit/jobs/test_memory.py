"""How much memory may still be taken."""

from __future__ import annotations

import sys
from pathlib import Path

from photoplay.jobs.memory import available_bytes


def machine(folder: Path, kib: int) -> Path:
    path = folder / "meminfo"
    path.write_text(f"MemTotal:       99999999 kB\nMemFree:          12 kB\nMemAvailable:   {kib} kB\nBuffers: 1 kB\n")
    return path


def group(folder: Path, limit: str, used: int, cached: int) -> Path:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\nfile {cached}\nfile_mapped 3\n")
    return folder


def test_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert available_bytes(machine(tmp_path, 2048), tmp_path / "none") == 2048 * 1024
    assert available_bytes(machine(tmp_path, 2048), group(tmp_path, "max", 900, 1)) == 2048 * 1024


def test_a_container_may_have_less(tmp_path: Path) -> None:
    assert available_bytes(machine(tmp_path, 2048), group(tmp_path, "1000", 900, 300)) == 400
    assert available_bytes(machine(tmp_path, 2048), group(tmp_path, "1000", 2000, 300)) == 0


def test_what_cannot_be_told_is_no_limit(tmp_path: Path) -> None:
    assert available_bytes(tmp_path / "none", tmp_path / "none") == sys.maxsize


def test_this_machine_has_some() -> None:
    assert available_bytes() > 0
