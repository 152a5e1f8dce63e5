"""Accounts and their books, opened without the rest of a server: commands that need no more start quickly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photoplay.errors import NotFoundError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from photoplay.accounts import Account, AccountStore
    from photoplay.settings import Settings


@dataclass(frozen=True)
class Books:
    """The database and the accounts in it."""

    engine: sa.Engine
    accounts: AccountStore

    def account(self, wanted: str | None) -> Account:
        """The account that an option names by id or name; without it, the only one.

        Raises:
            NotFoundError: there is none, or the name fits several, or none is named and there are several.
        """
        found = [a for a in self.accounts.list() if wanted is None or wanted in (a.id, a.object_id, a.name)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{account.name} ({account.id})" for account in found[:5])
            raise NotFoundError(f"Say which account with --account: {names}")
        raise NotFoundError(
            "There is no account yet; make one with: photoplay key create"
            if wanted is None
            else f"There is no account {wanted!r}."
        )


@contextmanager
def open_books(settings: Settings) -> Iterator[Books]:
    """Opens the database, brought up to date, for the length of a ``with`` block."""
    from photoplay import keys
    from photoplay.accounts import AccountStore
    from photoplay.db import make_engine, migrate

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.resolved_database_url)
    try:
        migrate(engine)
        yield Books(engine, AccountStore(engine, keys.load_or_create(settings)))
    finally:
        engine.dispose()
