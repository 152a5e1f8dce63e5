"""``photoplay migrate``: from one machine's SQLite and folder to PostgreSQL and S3."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, as_size, err, load_settings, note, out, print_json
from photoplay.errors import SettingsError, StateError

if TYPE_CHECKING:
    from photoplay.jobs.moving import Moved, Place
    from photoplay.settings import Settings

ToDatabase = Annotated[
    str, typer.Option(help="URL of the new database (`postgresql://…`). Must have none of photoplay's data yet.")
]
ToStorage = Annotated[
    str | None,
    typer.Option(
        help="URL of the new store (`s3://bucket/prefix`). Default: files stay where they are.", show_default=False
    ),
]


def migrate(
    to_database: ToDatabase, to_storage: ToStorage = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Move everything to another database and store.

    Accounts, keys, credits, webhooks and finished jobs with their files are moved; what is here stays as it is. Stop
    the server and the workers before, and let no job be unfinished. If the move breaks off, make it again.
    """
    from photoplay import keys
    from photoplay.accounts import AccountStore
    from photoplay.clock import SystemClock
    from photoplay.db import make_engine
    from photoplay.db import migrate as bring_up_to_date
    from photoplay.jobs import moving
    from photoplay.storage import open_storage

    settings = load_settings(data_dir)
    _check(settings, to_database, to_storage)
    source, target = make_engine(settings.resolved_database_url), make_engine(to_database)
    try:
        bring_up_to_date(source)
        AccountStore(source, keys.load_or_create(settings)).check_secret()
        in_the_way = moving.obstacles(source, SystemClock(), settings.data_dir, ttl_s=settings.executor_ttl_s)
        if in_the_way:
            for line in in_the_way[1:]:
                err.print(escape(line))
            raise StateError(f"nothing was moved: {in_the_way[0]}")
        store = open_storage(settings.resolved_storage_url)
        moved = _move(
            moving.Place(source, store),
            moving.Place(target, store if to_storage is None else open_storage(to_storage)),
            settings,
        )
    finally:
        source.dispose()
        target.dispose()
    for key in moved.missing:
        note(f"the file {key} was missing before the move already")
    if as_json:
        print_json({"rows": moved.rows, "files": moved.files, "copied": moved.copied, "missing": list(moved.missing)})
        return
    _say(moved, settings, to_database, to_storage)


def _check(settings: Settings, to_database: str, to_storage: str | None) -> None:
    """The two places must be two."""
    if not settings.resolved_database_url.startswith("sqlite"):
        raise SettingsError("only an installation on SQLite can be moved; use PostgreSQL's own tools for this one")
    if to_database == settings.resolved_database_url:
        raise SettingsError("--to-database names the database that is moved")
    if to_storage is not None and to_storage == settings.resolved_storage_url:
        raise SettingsError("--to-storage names the store that is moved; leave it out to keep the files there")


def _move(source: Place, target: Place, settings: Settings) -> Moved:
    """Moves, with a bar on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from photoplay.jobs import moving

    columns = (TextColumn("{task.description:>20}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not sys.stderr.isatty()) as progress:
        bars: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        return moving.move(source, target, tell=tell, work_dir=settings.data_dir / "tmp")


def _say(moved: Moved, settings: Settings, to_database: str, to_storage: str | None) -> None:
    """What was done, and what is to be done now."""
    from photoplay.keys import KEY_FILE_NAME

    shown = ", ".join(f"{moved.rows[name]} {words}" for name, words in _SHOWN.items())
    out.print(f"moved {shown}; {moved.files} files ({as_size(moved.copied_bytes)} copied). The books are right.")
    out.print("Start every server and worker with these from now on:")
    out.print(f"  PHOTOPLAY_DATABASE_URL: {_hidden(to_database)}", markup=False)
    if to_storage is not None:
        out.print(f"  PHOTOPLAY_STORAGE_URL: {to_storage}", markup=False)
    where = "as it is set here" if settings.secret_key else f"what {settings.data_dir / KEY_FILE_NAME} holds"
    out.print(f"  PHOTOPLAY_SECRET_KEY: {where}; with another, no API key works", markup=False)
    if to_storage is None:
        out.print("The files stay where they are: every server and worker must reach that same place.")
    out.print("What was here is unchanged; do not start a server on it again.")


_SHOWN = {
    "accounts": "accounts",
    "api_keys": "keys",
    "jobs": "jobs",
    "ledger": "entries of the books",
    "webhook_endpoints": "webhook endpoints",
    "webhooks": "webhooks",
}


def _hidden(url: str) -> str:
    """The URL without its password."""
    import sqlalchemy as sa

    return sa.make_url(url).render_as_string(hide_password=True)
