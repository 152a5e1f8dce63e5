"""Roles and composed scenes of real photos with the real networks; skipped where the weights were not pulled."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import skimage.data

from photoplay.engines.motion import photo as photos
from photoplay.engines.motion.ensemble.cutout import cut_out
from photoplay.engines.motion.ensemble.party import Assembly, assemble
from photoplay.engines.motion.ensemble.roles import Role
from photoplay.engines.motion.ensemble.words import wishes
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.types import Photo, SceneMap
from photoplay.models.weights import find
from photoplay.settings import Settings

MODELS = Settings.load().resolved_models_dir
PHOTOS = Path(skimage.data.__file__).parent
S, B, C = Role.SUBJECT, Role.BACKDROP, Role.SCENE


@cache
def seen(name: str) -> tuple[Photo, SceneMap]:
    for weights in ("u2netp", "face_box", "face_mesh"):
        if find(weights, MODELS) is None:
            pytest.skip(f"weights {weights} are not installed (make setup)")
    photo = photos.load(PHOTOS / name, 10_000_000)
    return photo, analyze(photo, MODELS)


def together(names: tuple[str, ...], prompt: str = "") -> Assembly:
    return assemble(len(names), lambda index: seen(names[index]), wishes(prompt), short_side=360)


@pytest.mark.parametrize(
    ("names", "prompt", "roles"),
    [
        (("astronaut.png", "coffee.png"), "", (S, S)),
        (("coffee.png", "rocket.jpg"), "", (S, B)),
        (("astronaut.png", "chelsea.png"), "", (C, C)),  # a close-up of a cat is nobody to be placed
        (("astronaut.png", "coffee.png", "grass.png"), "", (S, S, B)),
        (("motorcycle_left.png", "coffee.png"), "", (B, S)),
        (("motorcycle_left.png", "coffee.png"), "together on the beach", (S, S)),
        (("coffee.png", "astronaut.png"), "image 2 is the background", (S, B)),
        (("rocket.jpg", "moon.png"), "", (C, C)),
        (("astronaut.png", "coffee.png"), "one after another", (C, C)),
    ],
)
def test_roles_of_known_photos(names: tuple[str, ...], prompt: str, roles: tuple[Role, ...]) -> None:
    made = together(names, prompt)
    assert made.casting.roles == roles
    assert (made.party is not None) is (S in roles)


def test_the_astronaut_is_a_person_who_goes_on_below_the_frame() -> None:
    made = together(("astronaut.png", "coffee.png"), "on the beach")
    uses = {use.number: use for use in made.uses}
    assert uses[1].shows == "person"
    assert uses[1].where is not None
    assert "frame" in uses[1].where
    assert uses[2].where is not None
    assert uses[2].where.startswith("stands")
    assert made.party is not None
    assert len(made.party.scene.faces) == 1, "her face is known in the new scene"
    face = made.party.scene.faces[0].box
    subject = made.party.scene.subject
    assert subject is not None
    assert subject.x0 < face.x0 < face.x1 < subject.x1


def test_a_cup_stands_below_the_horizon() -> None:
    made = together(("coffee.png",) * 2, "a meadow")
    assert made.party is not None
    scene = made.party.scene
    assert scene.subject is not None
    assert scene.horizon is not None
    assert scene.subject.y1 > scene.horizon + 0.1


def test_the_old_background_stays_behind() -> None:
    """The cup stood on brown wood: little of that colour is left at its rim."""
    photo, scene = seen("coffee.png")
    cut = cut_out(photo, scene, 400)
    assert cut is not None
    rim = (cut.alpha > 40) & (cut.alpha < 215)
    inside = cut.alpha > 250
    assert 0 < rim.mean() < 0.06, "a decided edge"
    assert inside.mean() > 0.4


def test_seven_images_within_memory(tmp_path: Path) -> None:
    seen("astronaut.png")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from photoplay.engines.base import RenderRequest\n"
        "from photoplay.engines.motion.engine import MotionEngine\n"
        "images = tuple(Path(name) for name in sys.argv[3:])\n"
        "request = RenderRequest(images=images, prompt='a meadow', short_side=1080, duration_s=0.5, fps=8)\n"
        "done = MotionEngine(Path(sys.argv[1])).render(request, Path(sys.argv[2]), lambda share, doing: None)\n"
        "assert len([use for use in done.plan.images if use.role == 'subject']) >= 5, done.plan.images\n"
        # Not getrusage: what that tells begins with the memory of the process that started this one.
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    names = (
        "astronaut.png",
        "coffee.png",
        "motorcycle_left.png",
        "horse.png",
        "coffee.png",
        "astronaut.png",
        "grass.png",
    )
    arguments = [str(MODELS), str(tmp_path), *(str(PHOTOS / name) for name in names)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 800e6, "as for one photo, and a little for each subject"
