"""What the child process makes of errors."""

from __future__ import annotations

import errno

import pytest

from photoplay.jobs import render_child


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "no space"), True),
        (OSError(errno.EDQUOT, "quota"), True),
        (OSError(errno.EIO, "io"), False),
    ],
)
def test_a_full_disk_is_told_from_other_errors(tmp_path, error, full):
    assert render_child._disk_is_full(error, str(tmp_path)) is full


def test_where_nothing_is_left_every_error_is_the_lack_of_room(tmp_path, monkeypatch):
    monkeypatch.setattr(render_child, "_ROOM_BYTES", 2**62)
    assert render_child._disk_is_full(ValueError("the file is cut off"), str(tmp_path))
    assert not render_child._disk_is_full(ValueError("odd"), str(tmp_path / "nowhere"))
