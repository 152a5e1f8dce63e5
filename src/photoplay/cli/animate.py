"""``photoplay animate``: a photo becomes a video on this machine, or on a server (see :mod:`photoplay.cli.remote`)."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import DataDir, as_size, err, load_settings, note, out
from photoplay.errors import AudioUnreadable, InputError, InvalidField, StorageError

if TYPE_CHECKING:
    from photoplay.engines.base import RenderResult
    from photoplay.jobs.job import JobRequest
    from photoplay.settings import Settings

_SEED_BITS = 31
_RENDER_SHARE = 0.9  # of the bar; the rest is sound and writing the file
_DOING = {
    "scene": "looking at the photo",
    "stage": "setting the stage",
    "frames": "rendering",
    "sound": "making sound",
    "mux": "writing",
    "thumbnail": "writing",
}

Show = Callable[[float, str], None]
"""Told how far the whole is, 0..1, and what is being done."""


def animate(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="One photo, or several.", show_default=False)
    ],
    prompt: Annotated[str, typer.Option(help="What should happen, in plain words.", show_default=False)] = "",
    negative_prompt: Annotated[str, typer.Option(help="What should not happen.", show_default=False)] = "",
    camera: Annotated[
        str | None,
        typer.Option(
            help="Camera moves as written in the motion language, in place of the prompt's: "
            "'dolly in 1.2, then pan left 0.5 slow'.",
            show_default=False,
        ),
    ] = None,
    effect: Annotated[str | None, typer.Option(help="Name of an effect.", show_default=False)] = None,
    extend_prompt: Annotated[
        bool, typer.Option("--extend-prompt", help="Add what suits the photo to the prompt.")
    ] = False,
    duration: Annotated[float, typer.Option(min=0.5, max=60, help="Length in seconds.")] = 5.0,
    resolution: Annotated[
        str, typer.Option(help="Short side of the video: 480p, 720p, 1080p, 1440p or 4k. Or WIDTHxHEIGHT.")
    ] = "720p",
    aspect_ratio: Annotated[
        str, typer.Option(help="auto keeps the photo's shape; or 16:9, 9:16, 1:1, 4:3, 3:4, 3:2, 2:3, 21:9.")
    ] = "auto",
    audio: Annotated[
        str, typer.Option(metavar="none|generate|FILE", help="No sound, sound that fits, or your own file.")
    ] = "generate",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same photo, request and seed give the same video.", show_default="drawn"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The video to write.", show_default="the photo's name, .mp4")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="PHOTOPLAY_SERVER",
            help="URL of a photoplay server that makes the video; also PHOTOPLAY_SERVER.",
            show_default="this machine",
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="PHOTOPLAY_API_KEY", help="API key for --server; also PHOTOPLAY_API_KEY.", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model of the --server.", show_default="the server's default model")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Turn a photo into a video, on this machine or on a server.

    Ends with 0 when the video is there, 2 when the request is wrong, 7 when a file cannot be used, 8 when
    rendering failed or the server is away, 130 when interrupted; that cancels the job on the server, too.
    """
    from photoplay.engines.motion.language.shotscript import parse_shot
    from photoplay.jobs.job import AudioRequest, MediaRef

    if model is not None and server is None:
        raise InvalidField("model", "--model is for --server; this machine has one model")
    settings = load_settings(data_dir)
    for image in images:
        if not image.is_file():
            raise InputError(f"{image} is not a file")
    sound_file = None if audio in ("none", "generate") else Path(audio)
    if sound_file is not None and not sound_file.is_file():
        raise AudioUnreadable(f"--audio must be none, generate or a file; {audio} is none of them")
    target = output or free_name(Path.cwd(), images[0].stem)
    check_output(target)
    request = build_request(
        images=tuple(MediaRef(key=image.name) for image in images),
        prompt=prompt,
        negative_prompt=negative_prompt,
        extend_prompt=extend_prompt,
        shot=None if camera is None else parse_shot(camera),
        effect=effect,
        duration_s=duration,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        seed=secrets.randbits(_SEED_BITS) if seed is None else seed,
        audio=AudioRequest(mode="none" if audio == "none" else "file" if sound_file else "generate"),
    )
    if server is not None:
        animate_there(server, api_key, request, model, images, sound_file, target)
        return
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="photoplay-") as folder, progress_bar() as show:
        clip = make_clip(settings, request, images, sound_file, Path(folder), show)
        deliver(clip.video, target)
    took_s = time.perf_counter() - started
    out.print(f"[bold green]{escape(str(target))}[/]")
    out.print(
        f"{clip.result.width}×{clip.result.height}, {clip.result.duration_s:g} s, {clip.result.fps} frames/s, "
        f"{'with sound' if clip.sounding else 'no sound'}, {as_size(target.stat().st_size)}"
    )
    out.print(f"made in {took_s:.1f} s, seed {request.seed}")
    for text in clip.notes:
        note(text)
    from photoplay.sound.hearing import with_heard

    plan = with_heard(clip.result.plan) if audio == "generate" else clip.result.plan
    for fragment in plan.ignored:
        note(f"not understood or not possible: {fragment}")


def animate_there(
    server: str,
    api_key: str | None,
    request: JobRequest,
    model: str | None,
    images: list[Path],
    sound_file: Path | None,
    target: Path,
) -> None:
    """Has a server make the video, and says what came of it. Raises what :meth:`remote.Server.make` raises."""
    from photoplay.cli import remote

    said = request.model_dump(
        mode="json",
        include={
            "prompt", "negative_prompt", "extend_prompt", "shot", "effect", "duration_s", "resolution",
            "aspect_ratio", "seed",
        },
        exclude_none=True,
    )  # fmt: skip
    if sound_file is None:
        said["audio"] = request.audio.mode
    if model is not None:
        said["model"] = model
    files = [("images", image) for image in images]
    if sound_file is not None:
        files.append(("audio", sound_file))
    started = time.perf_counter()
    with remote.connected(server, api_key) as there, progress_bar() as show:
        job = there.make(remote.Wanted(said, tuple(files)), target, show)
    took_s = time.perf_counter() - started
    out.print(f"[bold green]{escape(str(target))}[/]")
    out.print(
        f"{job['width']}×{job['height']}, {job['duration_s']:g} s, {job['fps']} frames/s, "
        f"{as_size(target.stat().st_size)}"
    )
    out.print(f"made in {took_s:.1f} s, seed {request.seed}, {job['credits']} credits, job {escape(job['id'])}")
    for text in job["notes"]:
        note(text)
    for fragment in (job["plan"] or {}).get("ignored", ()):
        note(f"not understood or not possible: {fragment}")


def build_request(**fields: object) -> JobRequest:
    """The request, checked.

    Raises:
        RequestError: a value is wrong; the message names the option.
    """
    from pydantic import ValidationError

    from photoplay.jobs.job import JobRequest

    try:
        return JobRequest.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        option = str(first["loc"][0]).removesuffix("_s").replace("_", "-")
        raise InvalidField(option, f"--{option}: {first['msg']}") from error


@dataclass(frozen=True)
class Clip:
    """A finished clip. ``result`` is what the engine told of the picture."""

    video: Path
    result: RenderResult
    sounding: bool
    notes: tuple[str, ...]


def make_clip(
    settings: Settings, request: JobRequest, images: list[Path], sound_file: Path | None, work_dir: Path, show: Show
) -> Clip:
    """Renders a clip and gives it its sound, by the same tasks that a server's render processes do.

    Raises:
        RequestError: what is asked for is not offered.
        InputError, RenderError, WeightsError: see :class:`photoplay.engines.base.Engine`.
    """
    from photoplay.catalog import Catalog
    from photoplay.engines.base import RenderRequest, RenderResult
    from photoplay.jobs import tasks
    from photoplay.jobs.extender import extender_of
    from photoplay.jobs.neural_sound import text_to_audio_of
    from photoplay.media.video import probe
    from photoplay.sound import SoundRequest

    catalog = Catalog.load(settings.catalog_file, limits=False)
    quote = catalog.quote(request.model_copy(update={"model": catalog.default_model}), plan="enterprise")
    render = RenderRequest(
        images=tuple(image.absolute() for image in images),
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        extend_prompt=request.extend_prompt,
        extender=extender_of(settings),
        shot=request.shot,
        effect=quote.effect,
        duration_s=request.duration_s,
        short_side=quote.short_side,
        aspect_ratio=request.aspect_ratio,
        size=quote.size,
        fps=quote.fps,
        seed=request.seed or 0,
        quality=quote.quality,
        max_pixels=settings.max_image_pixels,
    )
    result = RenderResult.model_validate(
        tasks.render(
            {
                "engine": quote.engine,
                "engines": dict(settings.engines),
                "models_dir": str(settings.resolved_models_dir),
                "request": render.model_dump(mode="json"),
                "work_dir": str(work_dir),
            },
            lambda share, doing: show(share * _RENDER_SHARE, doing),
        )
    )
    sound = SoundRequest(
        mode=request.audio.mode,
        plan=result.plan,
        cues=result.cues,
        prompt=request.prompt,
        duration_s=result.duration_s,
        seed=render.seed,
        file=None if sound_file is None else sound_file.absolute(),
        models_dir=settings.resolved_models_dir,
        engine_soundtrack=result.soundtrack,
        scene=result.scene,
        text_to_audio=text_to_audio_of(settings),
    )
    told = tasks.sound(
        {
            "video": str(result.video),
            "watermarked": None,
            "sound": sound.model_dump(mode="json"),
            "work_dir": str(work_dir),
        },
        lambda share, doing: show(_RENDER_SHARE + share * (1 - _RENDER_SHARE), doing),
    )
    video = Path(told["files"]["video"]["path"])
    return Clip(video=video, result=result, sounding=probe(video).has_audio, notes=(*result.notes, *told["notes"]))


@contextmanager
def progress_bar() -> Iterator[Show]:
    """A bar on standard error: it moves with the frames that are done, and is gone afterwards."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<20}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def show(share: float, doing: str) -> None:
            bar.update(task, completed=share, description=_DOING.get(doing, doing))

        yield show


def free_name(folder: Path, stem: str) -> Path:
    """``stem.mp4`` in the folder, or ``stem-2.mp4`` and so on: a file that nobody named is never overwritten."""
    candidate = folder / f"{stem}.mp4"
    number = 2
    while candidate.exists():
        candidate = folder / f"{stem}-{number}.mp4"
        number += 1
    return candidate


def check_output(target: Path) -> None:
    """Finds out before rendering whether the video can be written.

    Raises:
        StorageError: the folder is missing or closed, or the name is a folder's.
    """
    if target.is_dir():
        raise StorageError(f"{target} is a folder; name a file")
    if not target.parent.is_dir():
        raise StorageError(f"the folder {target.parent} does not exist")
    if not os.access(target.parent, os.W_OK):
        raise StorageError(f"cannot write into {target.parent}")


def deliver(made: Path, target: Path) -> None:
    """Moves the finished video to its place, whole or not at all.

    Raises:
        StorageError: it cannot be written, for instance because the disk is full.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        shutil.copyfile(made, draft)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(f"cannot write {target}: {error.strerror}") from error
