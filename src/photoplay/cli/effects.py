"""``photoplay effects``: the named animations, and what they look like."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, err, load_settings, out, print_json

app = typer.Typer(help="See the effects, and make their previews.", no_args_is_help=True)


@app.command("list")
def list_effects(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the effects: the name for --effect, the code for AKOOL's API, what people call it."""
    from photoplay.catalog import Catalog

    effects = Catalog.load(load_settings(data_dir).catalog_file).effects
    if as_json:
        print_json([{"slug": effect.slug, "code": effect.code, "name": effect.name} for effect in effects])
        return
    for effect in effects:
        out.print(f"{effect.slug:<16} {effect.code:<28} {escape(effect.name)}")


@app.command("preview")
def preview(
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[EFFECT]...", help="Which; all of them when none is named.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make the logos and preview clips that are missing. A server makes each when it is first asked for it."""
    from importlib.resources import as_file

    from photoplay.catalog import Catalog
    from photoplay.engines.motion.engine import MotionEngine
    from photoplay.engines.motion.preview import DEMO_PHOTO, make_previews
    from photoplay.errors import ArtifactNotFound
    from photoplay.jobs.previews import PREVIEW_FILES, preview_key
    from photoplay.storage import open_storage

    settings = load_settings(data_dir)
    catalog = Catalog.load(settings.catalog_file)
    wanted = [catalog.effect(slug).slug for slug in slugs] if slugs else [effect.slug for effect in catalog.effects]
    storage = open_storage(settings.resolved_storage_url)

    def has(slug: str, filename: str) -> bool:
        try:
            storage.stat(preview_key(slug, filename))
        except ArtifactNotFound:
            return False
        return True

    def put(slug: str, filename: str, content: bytes) -> None:
        storage.put_bytes(preview_key(slug, filename), content, PREVIEW_FILES[filename])
        err.print(f"{slug}/{filename}")

    with as_file(DEMO_PHOTO) as photo:
        made = make_previews(MotionEngine(settings.resolved_models_dir), photo, put, slugs=wanted, has=has)
    out.print(f"made {len(made)} of {len(wanted)} previews; the others were there")
