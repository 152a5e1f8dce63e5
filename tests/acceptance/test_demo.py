"""``make demo``'s script: makes a clip, and stops with one clear line and no server left when a step fails."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from photoplay.media.video import probe

pytestmark = pytest.mark.server


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    place = Path(__file__).parents[2] / "scripts" / "demo.py"
    spec = importlib.util.spec_from_file_location("demo", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    return module


def servers() -> list[psutil.Process]:
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "serve" in child.cmdline()]


def test_it_makes_a_clip_with_sound(demo: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main() == 0
    made = probe(tmp_path / "demo.mp4")
    assert (made.duration_s, made.has_audio, made.height) == (5.0, True, 720)
    said = capsys.readouterr().out.strip().splitlines()[-1]
    for part in ("demo.mp4: made in", " s, ", " MB, 5 s, 960×720, with sound"):
        assert part in said
    assert [path.name for path in tmp_path.iterdir()] == ["demo.mp4"]
    assert servers() == []


def test_a_failed_render_is_one_clear_line(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    monkeypatch.setattr(demo, "PHOTO", broken)
    assert demo.main() == 1
    said = capsys.readouterr().out.strip().splitlines()[-1]
    assert said.startswith("demo failed: render: ")
    assert not (tmp_path / "demo.mp4").exists()
    assert servers() == []


def test_a_server_that_does_not_start_is_one_clear_line(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = demo.environment
    monkeypatch.setattr(
        demo, "environment", lambda: kept() | {"PHOTOPLAY_PORT": "x", "PHOTOPLAY_HOST": "nowhere.invalid"}
    )
    assert demo.main() == 1
    said = capsys.readouterr().out.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("demo failed: the server did not start: ")
    assert servers() == []
