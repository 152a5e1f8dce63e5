"""What the child process can do: render a picture, give a picture its sound, show what an effect looks like.

A task takes the document that the worker sent and a progress callback, and returns JSON. Paths are local to the job's
working folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

Progress = Callable[[float, str], None]
_PREVIEW_NICENESS = 10
Ready = Literal["render", "sound"]  # what a child can be kept ready for
Task = Callable[[Mapping[str, Any], Progress], dict[str, Any]]


def render(document: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Renders the silent video.

    ``engine``: its name; ``engines``: the operator's own; ``models_dir``; ``cache_dir`` (or null): where
    what was understood of photos is kept; ``request``: a RenderRequest.
    Returns a RenderResult.
    """
    from photoplay.engines.base import RenderRequest
    from photoplay.engines.registry import load

    kept = document.get("cache_dir")
    engine = load(
        document["engine"],
        Path(document["models_dir"]),
        document["engines"],
        cache_dir=None if kept is None else Path(kept),
    )
    request = RenderRequest.model_validate(document["request"])
    result = engine.render(request, Path(document["work_dir"]), progress)
    return result.model_dump(mode="json")


def sound(document: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Makes the soundtrack, joins it to the picture, makes the thumbnail where there is none.

    ``video``, ``watermarked`` (or null): videos whose picture is copied; ``sound``: a SoundRequest; ``thumbnail``:
    one that was made of this picture before, or null.
    Returns ``files``: kind to path, size and SHA-256; ``notes``: plain words for the user.
    """
    from photoplay.media.mux import mux

    work_dir = Path(document["work_dir"])
    samples, packets = None, None
    notes: tuple[str, ...] = ()
    if document["sound"]["mode"] != "none":
        from photoplay.sound import SoundRequest, make_soundtrack

        made = make_soundtrack(
            SoundRequest.model_validate(document["sound"]), lambda share, word: progress(0.6 * share, word)
        )
        samples, packets, notes = made.samples.T, made.packets, made.notes
    progress(0.6, "sound")
    files: dict[str, Path] = {}
    for kind in ("video", "watermarked"):
        silent = document[kind]
        if silent is not None:
            files[kind] = work_dir / f"final-{kind}.mp4"
            mux(Path(silent), samples, files[kind], packets)
            packets = None  # used up
    progress(0.8, "mux")
    if document.get("thumbnail"):
        files["thumbnail"] = Path(document["thumbnail"])
    else:
        from photoplay.media.video import thumbnail

        files["thumbnail"] = work_dir / "thumbnail.webp"
        files["thumbnail"].write_bytes(thumbnail(files["video"]))
    progress(1.0, "thumbnail")
    return {"files": {kind: _described(path) for kind, path in files.items()}, "notes": list(notes)}


def load_sound(models_dir: Path | None) -> None:
    """Loads what :func:`sound` needs, before there is something to do: modules, word tables, the sound font."""
    import photoplay.media.mux
    import photoplay.media.video  # noqa: F401 - loading it is the point
    from photoplay.sound.soundtrack import warm_up

    warm_up(models_dir)


def load_render(models_dir: Path | None) -> None:
    """Loads what the built-in engine's :func:`render` needs: modules, word tables, networks."""
    from photoplay.engines.motion.warm import warm_up

    warm_up(models_dir)


def preview(document: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Makes an effect's logo and preview clip from the photo that comes with the engine.

    ``slug``: the effect; ``models_dir``. Returns ``files``: name to path.
    """
    from importlib.resources import as_file

    from photoplay.engines.motion.engine import MotionEngine
    from photoplay.engines.motion.preview import DEMO_PHOTO, make_preview

    os.nice(_PREVIEW_NICENESS)  # jobs come first
    work_dir = Path(document["work_dir"])
    with as_file(DEMO_PHOTO) as photo:
        made = make_preview(MotionEngine(Path(document["models_dir"])), document["slug"], photo)
    files = {"logo.png": made.logo, "preview.mp4": made.video}
    for name, content in files.items():
        (work_dir / name).write_bytes(content)
    progress(1.0, "preview")
    return {"files": {name: str(work_dir / name) for name in files}}


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file, ThreadPoolExecutor(1) as beside:
        # The store waits until the file is on the disk: it gets there while its checksum is made.
        written = beside.submit(os.fsync, file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        written.result()
    return {"path": str(path), "size_bytes": path.stat().st_size, "sha256": digest}


LOADERS: Mapping[str, Callable[[Path | None], None]] = {"sound": load_sound, "render": load_render}
TASKS: Mapping[str, Task] = {"render": render, "sound": sound, "preview": preview}
