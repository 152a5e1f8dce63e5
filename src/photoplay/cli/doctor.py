"""``photoplay doctor``: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, as_size, load_settings, out, print_json
from photoplay.errors import PhotoplayError

if TYPE_CHECKING:
    from photoplay.settings import Settings

_LOW_DISK_BYTES = 2 * 1000**3
_LOW_MEMORY_BYTES = 2 * 1000**3

State = Literal["ok", "degraded", "broken"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``remedy`` says how to get what is missing."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def doctor(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Check what works on this machine, and say how to get what is missing. Fails when clips cannot be made."""
    settings = load_settings(data_dir)
    findings = [finding for look in LOOKS for finding in _looked(look, settings)]
    broken = any(finding.state == "broken" for finding in findings)
    if as_json:
        print_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    else:
        marks = {"ok": "[green]ok      [/]", "degraded": "[yellow]degraded[/]", "broken": "[bold red]broken  [/]"}
        for finding in findings:
            out.print(f"{marks[finding.state]} {finding.name:<18} {escape(finding.detail)}")
            if finding.remedy:
                out.print(f"         {'':<18} → {escape(finding.remedy)}")
    if broken:
        raise typer.Exit(1)


def _looked(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """What a look finds; what it trips over is a finding too."""
    try:
        yield from look(settings)
    except PhotoplayError as error:
        yield Finding(look.__name__.strip("_").replace("_", " "), "broken", error.message)


def _machine(settings: Settings) -> Iterator[Finding]:
    import psutil  # type: ignore[import-untyped]  # it ships no types

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory()
    low = memory.available < _LOW_MEMORY_BYTES
    yield Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    yield Finding(
        "machine",
        "degraded" if low else "ok",
        f"{cores} CPU cores, {as_size(memory.available)} of {as_size(memory.total)} memory free",
        "4k clips may run out of memory; close other programs" if low else "",
    )


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK):
        yield Finding("data folder", "broken", f"{folder} cannot be written", "give another with --data-dir")
    elif free < _LOW_DISK_BYTES:
        yield Finding("data folder", "degraded", f"{folder}: only {as_size(free)} free", "free some space")
    else:
        yield Finding("data folder", "ok", f"{folder}: {as_size(free)} free")


def _video(settings: Settings) -> Iterator[Finding]:
    import av

    missing = [name for name in ("libx264", "aac") if name not in av.codecs_available]
    yield Finding(
        "video",
        "broken" if missing else "ok",
        f"PyAV {av.__version__} without {', '.join(missing)}" if missing else f"PyAV {av.__version__}, H.264 and AAC",
        "install PyAV's own wheel: pip install --force-reinstall av" if missing else "",
    )


def _engines(settings: Settings) -> Iterator[Finding]:
    from photoplay.engines.registry import BUILT_IN, load

    for name in {**BUILT_IN, **settings.engines}:
        try:
            able = load(name, settings.resolved_models_dir, settings.engines).capability()
        except PhotoplayError as error:
            yield Finding(f"engine {name}", "broken", error.message)
            continue
        yield Finding(f"engine {name}", "ok" if able.available else "broken", able.detail or "ready")


def _weights(settings: Settings) -> Iterator[Finding]:
    from photoplay.models.weights import available, find

    for weights in available():
        here = find(weights.name, settings.resolved_models_dir) is not None
        if not here and not weights.default:
            continue  # an extra that nobody has asked for
        yield Finding(
            f"weights {weights.name}",
            "ok" if here else "degraded",
            weights.purpose if here else f"missing: {weights.purpose}; clips are plainer without",
            "" if here else f"photoplay models pull {weights.name}",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    import sqlalchemy as sa

    from photoplay.db import make_engine

    url = sa.make_url(settings.resolved_database_url)
    name = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        yield Finding("database", "ok", f"{name}: made at first use")
        return
    engine = make_engine(settings.resolved_database_url)
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        yield Finding("database", "broken", f"{name}: {reason}", "check PHOTOPLAY_DATABASE_URL")
    else:
        yield Finding("database", "ok", f"{name}: answers")
    finally:
        engine.dispose()


def _catalog(settings: Settings) -> Iterator[Finding]:
    from photoplay.catalog import Catalog

    catalog = Catalog.load(settings.catalog_file)
    yield Finding("catalog", "ok", f"{len(catalog.models())} models, {len(catalog.effects)} effects")


LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _machine,
    _data_folder,
    _database,
    _catalog,
    _video,
    _engines,
    _weights,
)
