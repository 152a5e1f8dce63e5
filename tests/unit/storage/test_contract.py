"""What every artifact store must do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from photoplay.errors import ArtifactNotFound, StorageError
from photoplay.storage import LocalStorage, ObjectStorage, Storage, open_storage
from support.s3 import S3Server

STORES: dict[str, Callable[[Path], Storage]] = {
    "local": lambda folder: LocalStorage(folder / "artifacts"),
    "memory": lambda _: ObjectStorage(MemoryStore()),
}

BIG = bytes(range(256)) * 4 * 6 * 1024  # 6 MiB: more than one part of a multipart upload


@pytest.fixture(params=[*STORES, "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param != "s3":
        return STORES[request.param](tmp_path)
    server: S3Server = request.getfixturevalue("s3")
    return open_storage(server.url())


def test_bytes_come_back(storage: Storage) -> None:
    stored = storage.put_bytes("jobs/1/video.mp4", b"moov")
    assert (stored.key, stored.size_bytes, stored.content_type) == ("jobs/1/video.mp4", 4, "video/mp4")
    assert storage.get_bytes("jobs/1/video.mp4") == b"moov"
    assert storage.stat("jobs/1/video.mp4") == stored


def test_empty_object(storage: Storage) -> None:
    assert storage.put_bytes("empty.bin", b"").size_bytes == 0
    assert storage.get_bytes("empty.bin") == b""
    assert list(storage.stream("empty.bin")) == []


def test_large_object_streams_whole(storage: Storage) -> None:
    storage.put_bytes("big.bin", BIG)
    assert b"".join(storage.stream("big.bin")) == BIG


def test_large_file_in_and_out(storage: Storage, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(BIG)
    assert storage.put_file("a/big.mp4", source).size_bytes == len(BIG)
    storage.fetch_to("a/big.mp4", target)
    assert target.read_bytes() == BIG
    assert source.read_bytes() == BIG
    assert not list(tmp_path.glob(".*.part"))


def test_a_file_that_is_finished_is_kept(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(BIG)
    for _ in range(2):  # a second time, as after a break, is the same
        stored = storage.keep_file("a/kept.mp4", source)
        assert (stored.size_bytes, stored.content_type) == (len(BIG), "video/mp4")
    assert source.read_bytes() == storage.get_bytes("a/kept.mp4") == BIG
    source.unlink()
    assert storage.get_bytes("a/kept.mp4") == BIG
    assert list(storage.list("a")) == ["a/kept.mp4"]
    assert storage.delete_prefix("a") == 1


def test_keeping_a_file_replaces_what_was_there(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes("a/x.mp4", b"old")
    reader = storage.local_path("a/x.mp4")
    (tmp_path / "in").write_bytes(b"newer")
    with (reader or tmp_path / "in").open("rb") as before:
        storage.keep_file("a/x.mp4", tmp_path / "in")
        assert before.read() == (b"newer" if reader is None else b"old")  # who reads the old one reads it whole
    assert storage.get_bytes("a/x.mp4") == b"newer"


def test_a_file_that_is_not_there_is_not_kept(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        storage.keep_file("x.mp4", tmp_path / "none")


def test_put_replaces_and_changes_the_etag(storage: Storage) -> None:
    first = storage.put_bytes("x.png", b"one")
    second = storage.put_bytes("x.png", b"two!")
    assert first.etag != second.etag
    assert second.etag.startswith('"') or second.etag.isalnum()
    assert storage.get_bytes("x.png") == b"two!"


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 4, b"3456"),
        (8, 100, b"89"),
        (10, None, b""),
        (99, 5, b""),
        (2, 0, b""),
    ],
)
def test_stream_ranges(storage: Storage, start: int, length: int | None, expected: bytes) -> None:
    storage.put_bytes("digits.bin", b"0123456789")
    assert b"".join(storage.stream("digits.bin", start=start, length=length)) == expected


@pytest.mark.parametrize("call", ["get_bytes", "stat", "stream"])
def test_what_is_not_there(storage: Storage, call: str) -> None:
    with pytest.raises(ArtifactNotFound):
        getattr(storage, call)("jobs/none.mp4")


def test_fetching_what_is_not_there_leaves_the_target_alone(storage: Storage, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_bytes(b"old")
    with pytest.raises(ArtifactNotFound):
        storage.fetch_to("none.mp4", target)
    assert target.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*.part"))


def test_storing_a_file_that_is_not_there(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        storage.put_file("x.mp4", tmp_path / "none")
    with pytest.raises(ArtifactNotFound):
        storage.stat("x.mp4")


def test_delete_is_idempotent(storage: Storage) -> None:
    storage.put_bytes("a/x.png", b"1")
    storage.delete("a/x.png")
    storage.delete("a/x.png")
    storage.delete("never/was.png")
    with pytest.raises(ArtifactNotFound):
        storage.stat("a/x.png")


def test_list_goes_by_whole_segments(storage: Storage) -> None:
    for key in ("jobs/1/a.mp4", "jobs/1/deep/b.png", "jobs/10/c.mp4", "uploads/d.png"):
        storage.put_bytes(key, b"1")
    assert sorted(storage.list("jobs/1")) == ["jobs/1/a.mp4", "jobs/1/deep/b.png"]
    assert len(list(storage.list())) == 4
    assert list(storage.list("nothing")) == []


def test_delete_prefix(storage: Storage) -> None:
    for key in ("jobs/1/a.mp4", "jobs/1/deep/b.png", "jobs/10/c.mp4"):
        storage.put_bytes(key, b"1")
    assert storage.delete_prefix("jobs/1") == 2
    assert storage.delete_prefix("jobs/1") == 0
    assert list(storage.list()) == ["jobs/10/c.mp4"]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "..", "a/../b", "a//b", "a/./b", "a/", ".hidden", "a\\b", "a b", "a\n", "ä", "a#1", "x" * 513],
)
@pytest.mark.parametrize("call", ["get_bytes", "stat", "delete", "local_path", "stream", "delete_prefix"])
def test_bad_keys_are_refused(storage: Storage, key: str, call: str) -> None:
    with pytest.raises(StorageError, match="key is not valid"):
        getattr(storage, call)(key)


def test_bad_keys_are_refused_when_writing(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="key is not valid"):
        storage.put_bytes("../x", b"1")
    with pytest.raises(StorageError, match="key is not valid"):
        storage.fetch_to("../x", tmp_path / "x")


def test_readers_see_one_version_or_the_other(storage: Storage) -> None:
    versions = {bytes([n]) * 200_000 for n in range(4)}
    storage.put_bytes("x.bin", next(iter(versions)))
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(storage.put_bytes, "x.bin", v) for v in versions for _ in range(5)]
        reads = [pool.submit(storage.get_bytes, "x.bin") for _ in range(20)]
        assert all(read.result() in versions for read in reads)
        assert all(write.result().size_bytes == 200_000 for write in writes)
