"""What an effect looks like: its preview clip and its logo, made by the engine itself from a photo."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path

import av
from PIL import Image

from photoplay.engines.base import RenderRequest
from photoplay.engines.motion.effects.registry import effects, find
from photoplay.engines.motion.engine import MotionEngine
from photoplay.errors import RenderFailed

DEMO_PHOTO: Traversable = files("photoplay.engines.motion") / "assets" / "demo.jpg"
"""A raccoon, public domain (see examples/photos/README.md); open it with :func:`importlib.resources.as_file`."""

LOGO_SIDE = 256  # pixels
SHORT_SIDE = 360  # pixels of the clip's short side
DURATION_S = 4.0
FPS = 24


@dataclass(frozen=True, slots=True)
class Preview:
    """``logo``: a PNG, ``LOGO_SIDE`` pixels square. ``video``: an MP4 without sound."""

    logo: bytes
    video: bytes


def make_preview(engine: MotionEngine, slug: str, photo: Path, seed: int = 0) -> Preview:
    """The preview of one effect on a photo. The same photo, weights and version give the same bytes.

    Raises:
        UnknownEffect: there is no such effect.
        RenderFailed: the engine could not render it.
    """
    effect = find(slug)
    request = RenderRequest(
        images=(photo,), effect=slug, duration_s=DURATION_S, short_side=SHORT_SIDE, fps=FPS, seed=seed
    )
    with tempfile.TemporaryDirectory(prefix="photoplay-preview-") as folder:
        result = engine.render(request, Path(folder), lambda _share, _word: None)
        return Preview(logo=_logo(result.video, effect.logo_at), video=result.video.read_bytes())


def make_previews(
    engine: MotionEngine,
    photo: Path,
    put: Callable[[str, str, bytes], None],
    *,
    slugs: Iterable[str] | None = None,
    has: Callable[[str, str], bool] | None = None,
) -> tuple[str, ...]:
    """Previews of many effects, handed over one by one as ``put(slug, filename, content)``.

    Args:
        engine: makes them.
        photo: what they are made of.
        put: keeps ``logo.png`` and ``preview.mp4``.
        slugs: which effects; all when None.
        has: whether a file is there already; such effects are left alone. None makes all of them anew.

    Returns:
        The slugs of the effects whose previews were made.
    """
    made = []
    for slug in effects() if slugs is None else slugs:
        if has is not None and has(slug, "logo.png") and has(slug, "preview.mp4"):
            continue
        preview = make_preview(engine, slug, photo)
        put(slug, "preview.mp4", preview.video)
        put(slug, "logo.png", preview.logo)
        made.append(slug)
    return tuple(made)


def _logo(video: Path, moment: float) -> bytes:
    """The square middle of the clip's frame at a moment 0..1."""
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(container.streams.video[0])]
    if not frames:
        raise RenderFailed("the preview has no frames")
    shown = frames[round(moment * (len(frames) - 1))]
    height, width = shown.shape[:2]
    side = min(height, width)
    x, y = (width - side) // 2, (height - side) // 2
    square = Image.fromarray(shown[y : y + side, x : x + side])
    out = BytesIO()
    square.resize((LOGO_SIDE, LOGO_SIDE), Image.Resampling.LANCZOS).save(out, format="PNG", optimize=True)
    return out.getvalue()
