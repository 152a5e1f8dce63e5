"""The operator's prompt extender out of the settings."""

from __future__ import annotations

from pathlib import Path

from photoplay.jobs.extender import extender_of
from photoplay.settings import Settings


def test_none_unless_named(tmp_path: Path) -> None:
    assert extender_of(Settings(data_dir=tmp_path, extend_prompt_key="k")) is None


def test_all_of_it_is_handed_on(tmp_path: Path) -> None:
    access = extender_of(
        Settings(
            data_dir=tmp_path,
            extend_prompt_url="http://chat.example/v1",
            extend_prompt_key="k",
            extend_prompt_model="m",
            extend_prompt_timeout_s=3.0,
        )
    )
    assert access is not None
    assert (access.url, access.key, access.model, access.timeout_s) == ("http://chat.example/v1", "k", "m", 3.0)
