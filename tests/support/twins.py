"""The two ways in which the product keeps its things: embedded on one machine, and for a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.postgres import PostgresServer
from support.s3 import S3Server


@dataclass(frozen=True)
class Twin:
    """SQLite with a folder, or running servers of PostgreSQL and S3."""

    postgres: PostgresServer | None = None
    s3: S3Server | None = None

    @property
    def name(self) -> str:
        """``embedded`` or ``cluster``."""
        return "cluster" if self.postgres else "embedded"

    def database(self, folder: Path, *, prepared: bool = True) -> AbstractContextManager[str]:
        """The URL of a database that goes when the block ends.

        Args:
            folder: where SQLite's file goes.
            prepared: False: an empty one for certain. True: its tables may have been made already, which saves time.
        """
        return self.postgres.database(prepared=prepared) if self.postgres else _sqlite(folder)

    @contextmanager
    def settings(self, folder: Path) -> Iterator[dict[str, str]]:
        """The settings ``database_url`` and ``storage_url`` of places that are empty and nobody else's."""
        with self.database(folder) as url:
            storage_url = self.s3.url() if self.s3 else (folder / "artifacts").as_uri()
            yield {"database_url": url, "storage_url": storage_url}


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'test.sqlite'}"
