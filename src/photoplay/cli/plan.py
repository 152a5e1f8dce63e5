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
    photo: Annotated[
        Path | None, typer.Argument(help="The photo; some choices depend on it.", show_default=False)
    ] = None,
    negative_prompt: Annotated[str, typer.Option(help="What should not happen.", show_default=False)] = "",
    duration: Annotated[float, typer.Option(min=0.5, max=60, help="Length of the clip in seconds.")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Decides the side of a move that none is given for.")] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what is understood of a prompt: camera moves, motion in the photo, sounds; and what is not."""
    settings = load_settings(data_dir)
    if photo is not None and not photo.is_file():
        raise InputError(f"{photo} is not a file")
    made = understand(settings, prompt, negative_prompt, photo, duration, seed)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    from photoplay.engines.motion.language.plantext import render_plan_text

    out.print(escape(render_plan_text(made, duration)))


def understand(
    settings: Settings, prompt: str, negative_prompt: str, photo: Path | None, duration_s: float, seed: int
) -> Plan:
    """What the motion engine understands of a prompt, with what it sees in the photo if there is one.

    Raises:
        InputError: the photo cannot be used.
    """
    from photoplay.engines.motion.language import plan_from_prompt, shared_meaning

    facts = None
    if photo is not None:
        from photoplay.engines.motion.language.facts import facts_of
        from photoplay.engines.motion.photo import load
        from photoplay.engines.motion.scene import analyze

        decoded = load(photo, settings.max_image_pixels)
        facts = facts_of(analyze(decoded, settings.resolved_models_dir), decoded.rgb)
    return plan_from_prompt(
        prompt, negative_prompt, facts=facts, duration_s=duration_s, seed=seed, meaning=shared_meaning()
    )
