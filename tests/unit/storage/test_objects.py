"""What is particular to a local folder and to S3, and how storage URLs are read."""

import logging
import urllib.parse
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from photoplay.errors import ArtifactNotFound, SettingsError, StorageError
from photoplay.storage import LocalStorage, ObjectStorage, content_type_of, open_storage


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


def test_local_path_is_the_file(local: LocalStorage) -> None:
    local.put_bytes("a/x.mp4", b"data")
    path = local.local_path("a/x.mp4")
    assert path is not None
    assert path.read_bytes() == b"data"


@pytest.mark.parametrize("key", ["a/none.mp4", "a"])
def test_local_path_of_nothing(local: LocalStorage, key: str) -> None:
    local.put_bytes("a/x.mp4", b"data")
    with pytest.raises(ArtifactNotFound):
        local.local_path(key)


def test_local_store_has_no_presigned_urls(local: LocalStorage) -> None:
    assert local.presigned_url("a/x.mp4", 60) is None


def test_remote_store_keeps_content_types_and_has_no_paths() -> None:
    storage = ObjectStorage(MemoryStore())
    assert storage.put_bytes("a/x", b"1", "image/webp").content_type == "image/webp"
    assert storage.local_path("a/x") is None


def test_a_large_file_is_not_held_in_memory_whole(local: LocalStorage) -> None:
    local.put_bytes("big.bin", bytes(6 * 1024 * 1024))
    assert max(len(piece) for piece in local.stream("big.bin")) <= 2 * 1024 * 1024


def test_delete_prefix_clears_what_a_crashed_write_left(local: LocalStorage) -> None:
    local.put_bytes("jobs/1/video.mp4", b"1")
    (local.root / "jobs/1/thumbnail.webp#1").write_bytes(b"half")
    assert local.delete_prefix("jobs/1") == 1
    assert not (local.root / "jobs/1").exists()
    assert local.root.is_dir()


def test_deleting_the_last_file_of_a_folder_removes_the_folder(local: LocalStorage) -> None:
    local.put_bytes("jobs/1/video.mp4", b"1")
    local.delete("jobs/1/video.mp4")
    assert not (local.root / "jobs/1").exists()


def test_disk_errors_become_storage_errors_that_name_no_path(
    local: LocalStorage, caplog: pytest.LogCaptureFixture
) -> None:
    (local.root / "blocked").write_bytes(b"a file where a folder should be")
    with caplog.at_level(logging.WARNING), pytest.raises(StorageError) as caught:
        local.put_bytes("blocked/x.mp4", b"1")
    assert str(local.root) not in caught.value.message
    assert "could not store blocked/x.mp4" in caplog.text


def test_writing_where_the_store_itself_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_bucket(*_: object, **__: object) -> None:
        raise FileNotFoundError("NoSuchBucket")  # what obstore raises for a 404

    monkeypatch.setattr("obstore.put", no_bucket)
    with pytest.raises(StorageError, match="could not store"):
        ObjectStorage(MemoryStore()).put_bytes("x.mp4", b"1")


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        LocalStorage(tmp_path / "file")


def test_file_url_with_spaces(tmp_path: Path) -> None:
    storage = open_storage((tmp_path / "my files").as_uri())
    storage.put_bytes("x.txt", b"hi")
    assert (tmp_path / "my files" / "x.txt").read_bytes() == b"hi"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/just/a/path",
        "ftp://host/x",
        "file://host/x",
        "file:///x?y=1",
        "s3://",
        "s3://bucket/x?colour=red",
        "s3://user:pass@bucket/x",
        "s3://bucket/x?virtual_host=maybe",
    ],
)
def test_urls_that_are_not_stores(url: str) -> None:
    with pytest.raises(SettingsError, match="storage_url"):
        open_storage(url)


@pytest.fixture
def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-value")


@pytest.mark.usefixtures("_aws")
def test_s3_presigns_for_the_given_endpoint_and_time() -> None:
    storage = open_storage("s3://bucket/pre/fix?endpoint=http://127.0.0.1:9&region=eu-west-1")
    url = storage.presigned_url("jobs/1/video.mp4", 90)
    assert url is not None
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "127.0.0.1:9", "/bucket/pre/fix/jobs/1/video.mp4")
    assert query["X-Amz-Expires"] == ["90"]
    assert "eu-west-1" in query["X-Amz-Credential"][0]
    assert "secret-value" not in url


@pytest.mark.usefixtures("_aws")
def test_s3_urls_end_when_s3_says_so() -> None:
    url = open_storage("s3://bucket?endpoint=http://127.0.0.1:9").presigned_url("x.mp4", 30 * 86400)
    assert url is not None
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Expires"] == ["604800"]


@pytest.mark.usefixtures("_aws")
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_s3_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert str(open_storage("s3://bucket").presigned_url("x.mp4", 60)).startswith("http://127.0.0.1:9/bucket/x.mp4?")
    given = open_storage("s3://bucket?endpoint=http://127.0.0.1:8")
    assert str(given.presigned_url("x.mp4", 60)).startswith("http://127.0.0.1:8/bucket/x.mp4?")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a/b.MP4", "video/mp4"),
        ("t.webp", "image/webp"),
        ("x", "application/octet-stream"),
        ("a.html", "application/octet-stream"),
    ],
)
def test_content_type_of_a_key(key: str, expected: str) -> None:
    assert content_type_of(key) == expected
