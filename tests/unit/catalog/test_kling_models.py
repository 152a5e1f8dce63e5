"""What a model can say besides sizes and lengths, as the models with Kling's names do; and what a mistake is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photoplay.catalog import Catalog
from photoplay.errors import SettingsError, UnsupportedValue
from photoplay.jobs.job import BrushRequest, JobRequest, MediaRef
from photoplay.shot import Shot

PHOTO = MediaRef(url="https://example.com/photo.jpg")


def load(folder: Path, text: str) -> Catalog:
    path = folder / "catalog.toml"
    path.write_text(text)
    return Catalog.load(path)


def asked(**fields: Any) -> JobRequest:
    return JobRequest(**{"images": (PHOTO,), "model": "kling-v1", "resolution": "720p", **fields})


def test_the_quote_says_what_the_model_says() -> None:
    quote = Catalog.load().quote(asked(), plan="free")
    assert quote.retention_s == 30 * 86400
    assert quote.image_rules.formats == ("image/jpeg", "image/png")
    assert (quote.image_rules.max_bytes, quote.image_rules.min_side, quote.image_rules.max_shape) == (
        10 * 1024**2, 300, 2.5
    )  # fmt: skip


def test_a_model_without_rules_has_none() -> None:
    quote = Catalog.load().quote(asked(model="motion"), plan="free")
    assert (quote.image_rules.formats, quote.image_rules.max_bytes, quote.image_rules.min_side) == ((), None, None)


@pytest.mark.parametrize(
    ("line", "fields", "field"),
    [
        ("brushes = false", {"brushes": (BrushRequest(mask=PHOTO),)}, "brushes"),
        ("camera = false", {"shot": Shot()}, "shot"),
        ("last_frame = false", {"last_image": PHOTO}, "last_image"),
        ("qualities.std.last_frame = false", {"last_image": PHOTO}, "last_image"),
    ],
)
def test_what_an_operator_takes_away(tmp_path: Path, line: str, fields: dict[str, Any], field: str) -> None:
    Catalog.load().quote(asked(**fields), plan="free")
    catalog = load(tmp_path, f"[models.kling-v1]\n{line}\n")
    catalog.quote(asked(), plan="free")
    with pytest.raises(UnsupportedValue) as caught:
        catalog.quote(asked(**fields), plan="free")
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('qualities.std.resolution = "8k"', "no resolution '8k'"),
        ("image_rules.max_shape = 0.5", "image_rules.max_shape"),
        ("image_rules.colour = 1", "unknown key"),
        ("retention_s = 60", "retention_s"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(tmp_path, f"[models.kling-v1]\n{line}\n")


def test_an_operators_units(tmp_path: Path) -> None:
    catalog = load(
        tmp_path, "[prices.kling.video]\n720p = [{ up_to_s = 5, credits = 2 }, { up_to_s = 15, credits = 9 }]\n"
    )
    assert [catalog.quote(asked(duration_s=s), plan="pro").credits for s in (5, 10)] == [2, 9]
