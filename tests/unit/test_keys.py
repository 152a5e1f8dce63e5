"""The installation's secret: made once, private, and split by purpose."""

import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from photoplay.errors import SettingsError
from photoplay.keys import KEY_FILE_NAME, MasterKey, load_or_create
from photoplay.settings import Settings


def test_derived_keys_are_stable_and_differ_by_purpose_and_secret() -> None:
    one, other = MasterKey("a" * 32), MasterKey("b" * 32)
    assert one.derive("links") == MasterKey("a" * 32).derive("links")
    assert len({one.derive("links"), one.derive("tokens"), other.derive("links")}) == 3
    assert len(one.derive("links", 64)) == 64


def test_short_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        MasterKey("hunter2-hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_secret_does_not_show_in_repr() -> None:
    assert "a" * 8 not in repr(MasterKey("a" * 32))


def test_setting_wins_over_the_file(tmp_path: Path) -> None:
    load_or_create(Settings(data_dir=tmp_path))
    given = load_or_create(Settings(data_dir=tmp_path, secret_key="s" * 40))
    assert given.derive("x") == MasterKey("s" * 40).derive("x")


def test_file_is_made_once_private_and_reused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first = load_or_create(settings)
    path = settings.data_dir / KEY_FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(settings).derive("x") == first.derive("x")
    assert [p.name for p in settings.data_dir.iterdir()] == [KEY_FILE_NAME]


def test_many_at_once_get_the_same_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = {key.derive("x") for key in pool.map(lambda _: load_or_create(settings), range(64))}
    assert len(keys) == 1


def test_a_key_file_others_can_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data_dir=tmp_path)
    load_or_create(settings)
    (tmp_path / KEY_FILE_NAME).chmod(0o644)
    with caplog.at_level(logging.WARNING):
        load_or_create(settings)
    assert "chmod it to 600" in caplog.text


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40])
def test_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE_NAME).write_bytes(content)
    (tmp_path / KEY_FILE_NAME).chmod(0o600)
    with pytest.raises(SettingsError, match=KEY_FILE_NAME):
        load_or_create(Settings(data_dir=tmp_path))


def test_unusable_data_folder_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be used"):
        load_or_create(Settings(data_dir=tmp_path / "file"))
