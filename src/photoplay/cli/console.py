"""What commands share: where they print, how they end, the options that several take."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from photoplay import errors

if TYPE_CHECKING:
    from photoplay.settings import Settings

EXIT_CODES: dict[type[errors.PhotoplayError], int] = {
    errors.PhotoplayError: 1,
    errors.RequestError: 2,
    errors.AccessError: 3,
    errors.LimitError: 4,
    errors.NotFoundError: 5,
    errors.StateError: 6,
    errors.InputError: 7,
    errors.RenderError: 8,
    errors.WeightsError: 9,
    errors.StorageError: 10,
    errors.SettingsError: 11,
}
"""Exit status by the branch of the error tree; 0 is success, 2 also wrong usage, 130 an interrupt."""
INTERRUPTED = 130

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Data folder.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="Account id or name. Needed when there is more than one.", show_default=False),
]


def exit_code(error: errors.PhotoplayError) -> int:
    """The exit status for an error."""
    return next(EXIT_CODES[cls] for cls in type(error).__mro__ if cls in EXIT_CODES)


def report(error: errors.PhotoplayError) -> None:
    """Prints one clear line about an error to standard error."""
    err.print(f"[bold red]photoplay:[/] {escape(error.message)}")


def database_failure(error: Exception) -> errors.StorageError | None:
    """What to say of an error of the database; ``None`` when it is something else."""
    library = sys.modules.get("sqlalchemy")  # not loaded: then it cannot have failed
    if library is None or not isinstance(error, library.exc.SQLAlchemyError):
        return None
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return errors.StorageError(f"the database cannot be used: {reason[0] if reason else type(error).__name__}")


def note(text: str) -> None:
    """Prints a remark to standard error, so that standard output stays clean."""
    err.print(f"[yellow]note:[/] {escape(text)}")


def print_json(value: Any) -> None:
    """Prints a value as JSON to standard output, in plain text."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def load_settings(data_dir: Path | None, **given: Any) -> Settings:
    """The settings of this command."""
    from photoplay.settings import Settings

    return Settings.load(data_dir=data_dir, **given)


def start_logging(settings: Settings) -> None:
    """Sends log lines of a serving process to standard error.

    Raises:
        SettingsError: there is no such level.
    """
    level = logging.getLevelNamesMapping().get(settings.log_level.upper())
    if level is None:
        raise errors.SettingsError(f"setting log_level: there is no level {settings.log_level!r}")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for chatty in ("alembic", "dbos", "httpcore", "httpx", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def as_size(size_bytes: float) -> str:
    """A size in bytes as people read it."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor / 10:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1e3:.1f} kB"
