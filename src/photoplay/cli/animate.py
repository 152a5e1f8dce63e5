"""``photoplay animate``: a photo becomes a video on this machine, without a server."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from photoplay.cli.console import DataDir, err, load_settings, megabytes, note, out
from photoplay.errors import InputError, InvalidField, RequestError, StorageError

if TYPE_CHECKING:
    from photoplay.settings import Settings

MODEL = "motion"
_SEED_BITS = 31
_RENDER_SHARE = 0.9  # of the bar; the rest is sound and writing the file
_DOING = {
    "scene": "looking at the photo",
    "frames": "rendering",
    "sound": "making sound",
    "mux": "writing",
    "thumbnail": "writing",
}


def animate(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="One photo, or several.", show_default=False)],
    prompt: Annotated[str, typer.Option(help="What should happen, in plain words.", show_default=False)] = "",
    negative_prompt: Annotated[str, typer.Option(help="What should not happen.", show_default=False)] = "",
    effect: Annotated[str | None, typer.Option(help="Name of an effect.", show_default=False)] = None,
    duration: Annotated[float, typer.Option(min=0.5, max=60, help="Length in seconds.")] = 5.0,
    resolution: Annotated[str, typer.Option(help="720p, 1080p or 4k: the short side. Or WIDTHxHEIGHT.")] = "720p",
    aspect_ratio: Annotated[
        str, typer.Option(help="auto keeps the photo's shape; or 16:9, 9:16, 1:1, 4:3, 3:4, 3:2, 2:3, 21:9.")
    ] = "auto",
    audio: Annotated[
        str, typer.Option(metavar="none|generate|FILE", help="No sound, fitting sound, or your own file.")
    ] = "generate",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same photo, request and seed: same video.", show_default="drawn")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The video to write.", show_default="the photo's name .mp4")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Turn a photo into a video.

    Ends with 0 when the video is there, 2 for a wrong request, 7 for a photo that cannot be used, 8 when
    rendering failed, 9 when model weights are damaged.
    """
    settings = load_settings(data_dir)
    target = output or free_name(Path.cwd() / f"{images[0].stem}.mp4")
    check_output(target)
    for image in images:
        if not image.is_file():
            raise InputError(f"{image} is not a file")
    chosen_seed = secrets.randbits(_SEED_BITS) if seed is None else seed
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="photoplay-") as folder, _bar() as show:
        made = render(
            settings,
            {
                "images": [str(image.absolute()) for image in images],
                "prompt": prompt,
                "negative_prompt": negative_prompt,
                "effect": effect,
                "duration_s": duration,
                "aspect_ratio": aspect_ratio,
                "seed": chosen_seed,
                **size_of(settings, resolution),
            },
            audio,
            Path(folder),
            show,
        )
        deliver(made.video, target)
    out.print(f"[bold green]{escape(str(target))}[/]")
    out.print(describe(target))
    out.print(f"took {time.perf_counter() - started:.1f} s, seed {chosen_seed}")
    for text in made.notes:
        note(text)
    for fragment in made.ignored:
        note(f"not understood: {fragment}")
