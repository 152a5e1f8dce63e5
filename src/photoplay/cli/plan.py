"""``photoplay plan``: what is understood of a prompt, without rendering."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, load_settings, out, print_json
from photoplay.errors import InputError

if TYPE_CHECKING:
    from photoplay.settings import Settings
    from photoplay.shot import Plan


def plan(
    prompt: Annotated[str, typer.Argument(help="What should happen, in plain words.")],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PHOTO]...",
            help="The photo; some choices depend on it. Of several, what each is used as is shown.",
            show_default=False,
        ),
    ] = None,
    negative_prompt: Annotated[str, typer.Option(help="What should not happen.", show_default=False)] = "",
    duration: Annotated[float, typer.Option(min=0.5, max=60, help="Length of the clip in seconds.")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Decides the side of a move that none is given for.")] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what is understood of a prompt: camera moves, motion in the photo, sounds; and what is not."""
    settings = load_settings(data_dir)
    for photo in photos or ():
        if not photo.is_file():
            raise InputError(f"{photo} is not a file")
    from photoplay.sound.hearing import with_heard

    made = with_heard(understand(settings, prompt, negative_prompt, photos or [], duration, seed))
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    from photoplay.engines.motion.language.plantext import render_plan_text

    out.print(escape(render_plan_text(made, duration)))


def understand(
    settings: Settings, prompt: str, negative_prompt: str, photos: list[Path], duration_s: float, seed: int
) -> Plan:
    """What the motion engine understands of a prompt, with what it sees in the photos if there are any.

    Raises:
        InputError: a photo cannot be used.
        RequestError: there are too many photos.
    """
    from photoplay.cli.animate import build_request
    from photoplay.engines.motion.language import plan_from_prompt, shared_meaning

    if not photos:
        return plan_from_prompt(prompt, negative_prompt, duration_s=duration_s, seed=seed, meaning=shared_meaning())
    from photoplay.engines.base import RenderRequest
    from photoplay.engines.motion.engine import MotionEngine
    from photoplay.jobs.job import MediaRef

    build_request(images=tuple(MediaRef(key=photo.name) for photo in photos), prompt=prompt, duration_s=duration_s)
    request = RenderRequest(
        images=tuple(photos),
        prompt=prompt,
        negative_prompt=negative_prompt,
        duration_s=duration_s,
        seed=seed,
        max_pixels=settings.max_image_pixels,
    )
    engine = MotionEngine(settings.resolved_models_dir)
    return engine.plan_for(request, engine.opening(request))
