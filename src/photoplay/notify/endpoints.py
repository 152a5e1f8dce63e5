"""Webhook endpoints: URLs of an account that are told of the end of all its jobs, whichever way they came in.

The events have the names, and the messages the form, of the one wire API that has account-wide webhooks (OpenAI's).
Each endpoint has a signing secret of its own, kept encrypted and shown once.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import accounts, webhook_endpoints
from photoplay.errors import InvalidField, NotFoundError, SettingsError, UnsupportedValue
from photoplay.keys import MasterKey

COMPLETED = "video.completed"
FAILED = "video.failed"
EVENTS = (COMPLETED, FAILED)
EVENT_OF_STATE = {"succeeded": COMPLETED, "failed": FAILED, "canceled": FAILED}
"""What is told, by the state a job came to. There is no word for a canceled one; that it starts is not told."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the marker that Standard Webhooks puts before a secret
_SECRET_BYTES = 32
_MAX_URL_CHARS = 4096
MAX_ENDPOINTS = 20  # of one account


@dataclass(frozen=True)
class Endpoint:
    """One URL of an account. ``events`` are among :data:`EVENTS`."""

    id: str
    account_id: str
    url: str
    events: tuple[str, ...]
    created_ms: int


class Endpoints:
    """Keeps the endpoints."""

    def __init__(self, engine: sa.Engine, secret: MasterKey, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._fernet = Fernet(base64.urlsafe_b64encode(secret.derive("webhook endpoint secrets")))

    def add(self, account_id: str, url: str, events: Sequence[str] = EVENTS) -> tuple[Endpoint, str]:
        """A new endpoint, and its signing secret. This is the only time that the secret is told.

        Raises:
            InvalidField: the URL is none, or there are no events.
            UnsupportedValue: there is no such event, or the account has too many endpoints.
            NotFoundError: there is no such account.
        """
        chosen = tuple(dict.fromkeys(events))
        if not chosen:
            raise InvalidField("events", f"an endpoint needs at least one event of {', '.join(EVENTS)}")
        for name in chosen:
            if name not in EVENTS:
                raise UnsupportedValue("events", f"there is no event {name[:80]!r}; events are {', '.join(EVENTS)}")
        _check_url(url)
        made = Endpoint(
            id=ids.job_id(self._clock.now_ms()),
            account_id=account_id,
            url=url,
            events=chosen,
            created_ms=self._clock.now_ms(),
        )
        signing = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        with writing(self._engine) as connection:
            owner = sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
            if connection.execute(owner).first() is None:
                raise NotFoundError("There is no such account.")
            if len(self._rows(connection, account_id)) >= MAX_ENDPOINTS:
                raise UnsupportedValue("url", f"an account can have {MAX_ENDPOINTS} endpoints; remove one first")
            connection.execute(
                sa.insert(webhook_endpoints).values(
                    id=made.id,
                    account_id=account_id,
                    url=url,
                    events=list(chosen),
                    secret_encrypted=self._fernet.encrypt(signing.encode()).decode(),
                    created_ms=made.created_ms,
                )
            )
        return made, signing

    def list(self, account_id: str | None = None) -> list[Endpoint]:
        """The endpoints of an account, or everybody's, oldest first."""
        with self._engine.connect() as connection:
            return [_endpoint(row) for row in self._rows(connection, account_id)]

    def remove(self, endpoint_id: str) -> Endpoint:
        """Ends an endpoint: what still waits for it is not sent any more.

        Raises:
            NotFoundError: there is none of that id.
        """
        with writing(self._engine) as connection:
            row = (
                connection.execute(
                    sa.update(webhook_endpoints)
                    .where(webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.removed_ms.is_(None))
                    .values(removed_ms=self._clock.now_ms())
                    .returning(*webhook_endpoints.c)
                )
                .mappings()
                .one_or_none()
            )
        if row is None:
            raise NotFoundError(f"There is no webhook endpoint {endpoint_id[:80]!r}.")
        return _endpoint(row)

    def wanting(self, connection: sa.Connection, account_id: str, event: str) -> tuple[str, ...]:
        """Ids of the account's endpoints that are told of ``event``; read in the caller's transaction."""
        return tuple(row["id"] for row in self._rows(connection, account_id) if event in row["events"])

    def opened(self, endpoint_id: str) -> tuple[Endpoint, str] | None:
        """The endpoint with its signing secret; None when it was removed.

        Raises:
            SettingsError: the secret was encrypted under another installation's key.
        """
        query = sa.select(webhook_endpoints).where(
            webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.removed_ms.is_(None)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        try:
            signing = self._fernet.decrypt(row["secret_encrypted"]).decode()
        except InvalidToken as error:
            raise SettingsError("a webhook endpoint's secret cannot be read: the secret key has changed") from error
        return _endpoint(row), signing

    @staticmethod
    def _rows(connection: sa.Connection, account_id: str | None) -> Sequence[sa.RowMapping]:
        query = sa.select(webhook_endpoints).where(webhook_endpoints.c.removed_ms.is_(None))
        if account_id is not None:
            query = query.where(webhook_endpoints.c.account_id == account_id)
        return connection.execute(query.order_by(webhook_endpoints.c.id)).mappings().all()


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=row["id"],
        account_id=row["account_id"],
        url=row["url"],
        events=tuple(row["events"]),
        created_ms=row["created_ms"],
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or len(url) > _MAX_URL_CHARS:
        raise InvalidField("url", "an endpoint is an http or https URL without credentials in it")
