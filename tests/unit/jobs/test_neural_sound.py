"""The operator's text-to-audio pipeline out of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.errors import SettingsError
from photoplay.jobs.neural_sound import text_to_audio_of
from photoplay.settings import Settings


def test_none_unless_named(tmp_path: Path) -> None:
    assert text_to_audio_of(Settings(data_dir=tmp_path, text_to_audio_key="k")) is None


def test_all_of_it_is_handed_on(tmp_path: Path) -> None:
    access = text_to_audio_of(
        Settings(
            data_dir=tmp_path,
            text_to_audio="http://sound.example/v1",
            text_to_audio_key="k",
            text_to_audio_model="m",
            text_to_audio_timeout_s=3.0,
        )
    )
    assert access is not None
    assert (access.source, access.key, access.model, access.timeout_s) == ("http://sound.example/v1", "k", "m", 3.0)
    assert "k" not in repr(access).replace("key", "")


@pytest.mark.parametrize("name", ["mine:Sound", "my.own_package:make.sound", "https://host:8091/v1"])
def test_names_of_both_kinds(tmp_path: Path, name: str) -> None:
    assert Settings(data_dir=tmp_path, text_to_audio=name).text_to_audio == name


@pytest.mark.parametrize("name", ["", "mine", "mine:", ":Sound", "ftp://host/v1", "a b:c"])
def test_other_names_are_wrong_settings(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        Settings.load(data_dir=tmp_path, text_to_audio=name)
