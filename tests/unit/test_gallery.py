"""The gallery's content, its judgements and its page: a part of it is rendered, with the photo that is at hand."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "scripts" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def test_twelve_photos_are_filmed_with_every_shot_and_every_effect_is_shown(gallery: ModuleType) -> None:
    content = gallery.read_content()
    made = list(gallery.entries(content))
    assert len({entry.group for entry in made}) == 12 + 2
    assert len({entry.key for entry in made}) == len(made)
    names = {photo["name"] for photo in content["photos"]}
    assert {name for entry in made for name in (*entry.images, entry.last_image)} <= {*names, None}


def test_every_photo_says_whose_it_is_and_where_it_comes_from(gallery: ModuleType) -> None:
    for photo in gallery.read_content()["photos"]:
        assert photo["licence"]
        assert photo["credit"]
        assert "path" in photo or {"registry", "package", "version", "member", "sha256"} <= photo.keys()


def test_every_entry_is_judged_and_nothing_else(gallery: ModuleType) -> None:
    notes = gallery.read_notes()
    assert set(notes) == {entry.key for entry in gallery.entries(gallery.read_content())}
    assert {judgement.verdict for judgement in notes.values()} <= set(gallery.VERDICTS)
    assert all(judgement.why for judgement in notes.values() if judgement.verdict != "good")


def test_a_part_of_it_is_rendered_into_a_page_of_its_own(gallery: ModuleType, tmp_path: Path) -> None:
    arguments = ["--photo", "raccoon", "--only", "life", "--only", "truck", "--size", "240"]
    out = tmp_path / "gallery"
    assert gallery.main([*arguments, "--out", str(out), "--cache", str(tmp_path / "cache")]) == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 3  # what is seen, and two sheets
    assert not re.search(r"(src|href)='(https?:|//)", page)
    assert "truck right" in page
    assert {path.name for path in (out / "clips" / "raccoon").iterdir()} == {"life.mp4", "truck.mp4"}


def test_a_name_that_is_not_in_it_is_an_error(gallery: ModuleType, tmp_path: Path) -> None:
    assert gallery.main(["--only", "loop", "--out", str(tmp_path)]) == 1
    assert not (tmp_path / "index.html").exists()


def test_a_photo_of_other_content_is_fetched_anew(gallery: ModuleType, tmp_path: Path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(gallery, "fetch", lambda group, folder: asked.append([one.name for one in group]))
    file = tmp_path / "cat" / "chelsea.png"
    file.parent.mkdir()
    file.write_bytes(b"something else")
    found = gallery.gather(gallery.read_content(), {"cat", "raccoon"}, tmp_path)
    assert asked == [["cat"]]
    assert found["cat"].path == file
    assert "CC0" in found["cat"].source
