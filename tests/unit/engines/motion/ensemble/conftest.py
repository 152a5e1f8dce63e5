"""Photos and scenes made in code; no weights are needed, because subjects bring their own opacity."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.engines.motion import photo as photos
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.types import Photo, SceneMap
from support.cutouts import figure, save, view

RED, BLUE, WHITE = (200, 40, 40), (40, 60, 190), (250, 250, 250)


class Album:
    """Names to photos with their scenes."""

    def __init__(self, folder: Path) -> None:
        self.paths = {
            "red": save(folder / "red.png", figure(RED)),
            "blue": save(folder / "blue.png", figure(BLUE)),
            "bust": save(folder / "bust.png", figure((170, 120, 60), bust=True)),
            "wide": save(folder / "wide.png", figure((90, 160, 90), (420, 300))),
            "view": save(folder / "view.png", view()),
            "other": save(folder / "other.png", view((500, 300), 9)),
        }
        self._models = folder / "no-models"
        self._seen: dict[str, tuple[Photo, SceneMap]] = {}

    def __call__(self, name: str) -> tuple[Photo, SceneMap]:
        if name not in self._seen:
            photo = photos.load(self.paths[name], 10_000_000)
            self._seen[name] = photo, analyze(photo, self._models)
        return self._seen[name]


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    return Album(tmp_path_factory.mktemp("album"))
