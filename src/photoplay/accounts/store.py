"""Accounts and keys in the database.

A secret that a caller sends is looked up by its keyed hash (HMAC-SHA256) and compared in constant time. Secrets
that we must be able to use again (to sign webhooks and check signatures) are kept encrypted (Fernet). Both keys
derive from the installation's secret, so a stolen database alone opens nothing.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from photoplay import ids
from photoplay.accounts.account import Account, Caller, Credentials, KeyInfo
from photoplay.accounts.callers import Callers
from photoplay.accounts.ledger import Ledger
from photoplay.accounts.plans import DEFAULT_CREDITS, DEFAULT_PLAN, PLAN_NAMES
from photoplay.clock import Clock, SystemClock
from photoplay.db import reading, writing
from photoplay.db.tables import FIRST_ACCOUNT_NUMBER, accounts, api_keys
from photoplay.errors import AccountBlocked, CredentialsInvalid, NotFoundError, SettingsError, UnsupportedValue
from photoplay.keys import MasterKey

API_KEY_CHARS = 24  # one vendor's webhooks encrypt with it as an AES-192 key
CLIENT_ID_CHARS = 16  # and with this as the initialisation vector
ACCESS_KEY_CHARS = 32
SECRET_KEY_CHARS = 32
WEBHOOK_SECRET_BYTES = 32
WEBHOOK_SECRET_PREFIX = "whsec_"  # noqa: S105 - the marker that Standard Webhooks puts before a secret
_NUMBER_LOCK = 0x70686F746F  # advisory lock under which account numbers are drawn; any number that is ours alone

_CALLER = sa.select(accounts, api_keys.c.id.label("key_id"), api_keys.c.client_id, api_keys.c.api_key_hash).join_from(
    api_keys, accounts, api_keys.c.account_id == accounts.c.id
)
_LIVE = api_keys.c.revoked_ms.is_(None)
BY_API_KEY = _CALLER.where(api_keys.c.api_key_hash == sa.bindparam("value"), _LIVE)
BY_CLIENT_ID = _CALLER.where(api_keys.c.client_id == sa.bindparam("value"), _LIVE)
BY_ACCESS_KEY = _CALLER.add_columns(api_keys.c.secret_key_encrypted).where(
    api_keys.c.access_key == sa.bindparam("value"), _LIVE
)
BY_KEY_ID = _CALLER.where(api_keys.c.id == sa.bindparam("value"), _LIVE)


class AccountStore:
    """Makes accounts and keys, and tells who a caller is. Thread-safe."""

    def __init__(self, engine: sa.Engine, secret: MasterKey, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()
        self._ledger = Ledger(self._clock)
        self._lookup_key = secret.derive("api key lookup")
        self._fernet = Fernet(base64.urlsafe_b64encode(secret.derive("stored secrets")))
        self._callers = Callers()

    # Making ------------------------------------------------------------------------------------------------------

    def create(
        self, name: str, plan: str = DEFAULT_PLAN, credits: int = DEFAULT_CREDITS, *, key_name: str = "default"
    ) -> Credentials:
        """A new account with a first key and a grant of credits, in one transaction.

        Raises:
            UnsupportedValue: there is no plan of that name, or the credits are negative.
        """
        with self._opening(name, plan, credits) as (connection, account):
            return self._insert_key(connection, account.id, key_name)

    def create_account(self, name: str, plan: str = DEFAULT_PLAN, credits: int = DEFAULT_CREDITS) -> Account:
        """A new account with a grant of credits, and no key yet.

        Raises:
            UnsupportedValue: there is no plan of that name, or the credits are negative.
        """
        with self._opening(name, plan, credits) as (_, account):
            return account

    @contextmanager
    def _opening(self, name: str, plan: str, credits: int) -> Iterator[tuple[sa.Connection, Account]]:
        check_plan(plan)
        if credits < 0:
            raise UnsupportedValue("credits", "credits cannot be negative")
        with writing(self._engine) as connection:
            account = self._insert_account(connection, name, plan)
            if credits:
                self._ledger.grant(connection, account_id=account.id, amount=credits, note="opening grant")
            yield connection, account

    def _insert_account(self, connection: sa.Connection, name: str, plan: str) -> Account:
        now_ms = self._clock.now_ms()
        if connection.dialect.name == "postgresql":  # SQLite writes one at a time anyway
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_NUMBER_LOCK)))
        last = connection.execute(sa.select(sa.func.max(accounts.c.number))).scalar()
        account = Account(
            id=ids.job_id(now_ms),
            name=name,
            plan=plan,
            number=FIRST_ACCOUNT_NUMBER if last is None else int(last) + 1,
            object_id=ids.object_id(now_ms),
            blocked=False,
            created_ms=now_ms,
        )
        connection.execute(
            sa.insert(accounts).values(
                id=account.id,
                name=name,
                plan=plan,
                number=account.number,
                object_id=account.object_id,
                created_ms=now_ms,
            )
        )
        return account

    def create_key(self, account_id: str, name: str = "default") -> Credentials:
        """A further key for an account. This is the only time that its secrets are told.

        Raises:
            NotFoundError: there is no such account.
        """
        with writing(self._engine) as connection:
            if connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id)).first() is None:
                raise _no_account()
            return self._insert_key(connection, account_id, name)

    def _insert_key(self, connection: sa.Connection, account_id: str, name: str) -> Credentials:
        now_ms = self._clock.now_ms()
        webhook_secret = base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
        made = Credentials(
            key_id=ids.job_id(now_ms),
            account_id=account_id,
            name=name,
            client_id=ids.token(CLIENT_ID_CHARS),
            api_key=ids.token(API_KEY_CHARS),
            access_key=ids.token(ACCESS_KEY_CHARS),
            secret_key=ids.token(SECRET_KEY_CHARS),
            webhook_secret=WEBHOOK_SECRET_PREFIX + webhook_secret,
            created_ms=now_ms,
        )
        connection.execute(
            sa.insert(api_keys).values(
                id=made.key_id,
                account_id=account_id,
                name=name,
                client_id=made.client_id,
                api_key_hash=self._hash(made.api_key),
                access_key=made.access_key,
                api_key_encrypted=self._encrypt(made.api_key),
                secret_key_encrypted=self._encrypt(made.secret_key),
                webhook_secret_encrypted=self._encrypt(made.webhook_secret),
                created_ms=now_ms,
            )
        )
        return made

    # Changing ----------------------------------------------------------------------------------------------------

    def revoke(self, key_id: str) -> None:
        """Ends a key: for this process at once, for others within a second. Revoking it again does nothing.

        Raises:
            NotFoundError: there is no such key.
        """
        with writing(self._engine) as connection:
            changed = connection.execute(
                sa.update(api_keys)
                .where(api_keys.c.id == key_id)
                .values(revoked_ms=sa.func.coalesce(api_keys.c.revoked_ms, self._clock.now_ms()))
            )
            if changed.rowcount == 0:
                raise NotFoundError("There is no such key.")
        self._callers.forget()

    def set_plan(self, account_id: str, plan: str) -> None:
        """Moves an account to another plan.

        Raises:
            UnsupportedValue: there is no plan of that name.
            NotFoundError: there is no such account.
        """
        check_plan(plan)
        self._update_account(account_id, plan=plan)

    def set_blocked(self, account_id: str, blocked: bool) -> None:
        """Blocks an account, or lets it in again. Its running jobs are not touched.

        Raises:
            NotFoundError: there is no such account.
        """
        self._update_account(account_id, blocked=blocked)

    def _update_account(self, account_id: str, **values: object) -> None:
        with writing(self._engine) as connection:
            changed = connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(**values))
            if changed.rowcount == 0:
                raise _no_account()
        self._callers.forget()

    # Reading -----------------------------------------------------------------------------------------------------

    def get(self, account_id: str) -> Account:
        """The account with that id.

        Raises:
            NotFoundError: there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).one_or_none()
        if row is None:
            raise _no_account()
        return _account(row)

    def list(self) -> list[Account]:
        """Every account, oldest first."""
        with self._engine.connect() as connection:
            return [_account(row) for row in connection.execute(sa.select(accounts).order_by(accounts.c.number))]

    def keys(self, account_id: str) -> tuple[KeyInfo, ...]:
        """What may be shown of an account's keys, oldest first, revoked ones too."""
        query = (
            sa.select(api_keys)
            .where(api_keys.c.account_id == account_id)
            .order_by(api_keys.c.created_ms, api_keys.c.id)
        )
        with self._engine.connect() as connection:
            return tuple(
                KeyInfo(
                    key_id=row.id,
                    account_id=row.account_id,
                    name=row.name,
                    client_id=row.client_id,
                    access_key=row.access_key,
                    created_ms=row.created_ms,
                    revoked_ms=row.revoked_ms,
                )
                for row in connection.execute(query)
            )

    def credentials(self, account_id: str, client_id: str | None = None) -> Credentials:
        """The secrets with which what goes out to an account is signed.

        Those of the key ``client_id`` when it is named and live, else of the account's oldest live key: making
        a second key does not change what the first key's owner receives; revoking the first hands over to the second.

        Raises:
            CredentialsInvalid: the account has no live key.
            SettingsError: the secrets were encrypted under another secret key.
        """
        query = (
            sa.select(api_keys)
            .where(api_keys.c.account_id == account_id, _LIVE)
            .order_by((api_keys.c.client_id == (client_id or "")).desc(), api_keys.c.created_ms, api_keys.c.id)
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise CredentialsInvalid("The account has no live key.")
        return Credentials(
            key_id=row.id,
            account_id=row.account_id,
            name=row.name,
            client_id=row.client_id,
            api_key=self._decrypt(row.api_key_encrypted),
            access_key=row.access_key,
            secret_key=self._decrypt(row.secret_key_encrypted),
            webhook_secret=self._decrypt(row.webhook_secret_encrypted),
            created_ms=row.created_ms,
        )

    def check_secret(self) -> None:
        """Makes sure that this installation's secret is the one under which the stored keys were made.

        Raises:
            SettingsError: it is another one; nobody could log in.
        """
        with self._engine.connect() as connection:
            kept = connection.execute(
                sa.select(api_keys.c.api_key_encrypted).order_by(api_keys.c.id.desc()).limit(1)
            ).scalar()
        if kept is not None:
            self._decrypt(kept)

    # Who is it? --------------------------------------------------------------------------------------------------

    def by_api_key(self, api_key: str) -> Caller:
        """Who has that API key. What is answered may be a second old (see :class:`Callers`).

        Raises:
            CredentialsInvalid: nobody, or the key was revoked.
            AccountBlocked: the account is blocked.
        """
        digest = self._hash(api_key)
        kept = self._callers.get(digest)
        if kept is not None:
            return kept
        asked = self._callers.now()
        row = self._one(BY_API_KEY, digest)
        if row is None or not hmac.compare_digest(str(row.api_key_hash), digest):
            raise CredentialsInvalid
        caller = _caller(row)
        self._callers.keep(digest, caller, asked)
        return caller

    def kept_by_api_key(self, api_key: str) -> Caller | None:
        """Who has that API key, if that is known without a look into the database. Never waits."""
        return self._callers.get(self._hash(api_key))

    def by_client_pair(self, client_id: str, client_secret: str) -> Caller:
        """Who has that client id, if the secret is right.

        Raises:
            CredentialsInvalid: nobody, the secret is wrong, or the key was revoked.
            AccountBlocked: the account is blocked.
        """
        row = self._one(BY_CLIENT_ID, client_id)
        digest = self._hash(client_secret)
        # Compared also when there is no row, so that the time taken does not tell which client ids exist.
        known = str(row.api_key_hash) if row is not None else "0" * len(digest)
        if not hmac.compare_digest(known, digest) or row is None:
            raise CredentialsInvalid
        return _caller(row)

    def by_access_key(self, access_key: str) -> tuple[Caller, str]:
        """Who has that access key, and the secret key with which the caller must have signed.

        The account may be blocked: check the signature first, then :func:`refuse_blocked`.

        Raises:
            CredentialsInvalid: nobody, or the key was revoked.
        """
        row = self._one(BY_ACCESS_KEY, access_key)
        if row is None:
            raise CredentialsInvalid
        caller = Caller(account=_account(row), key_id=row.key_id, client_id=row.client_id)
        return caller, self._decrypt(row.secret_key_encrypted)

    def by_key_id(self, key_id: str) -> Caller:
        """Whose key that is.

        Raises:
            CredentialsInvalid: nobody's, or it was revoked.
            AccountBlocked: the account is blocked.
        """
        row = self._one(BY_KEY_ID, key_id)
        if row is None:
            raise CredentialsInvalid
        return _caller(row)

    def _one(self, query: sa.Select[Any], value: str) -> sa.Row[Any] | None:
        if "\x00" in value:  # PostgreSQL cannot take it as text
            return None
        with reading(self._engine) as connection:
            return connection.execute(query, {"value": value}).one_or_none()

    # Secrets -----------------------------------------------------------------------------------------------------

    def _hash(self, secret: str) -> str:
        return hmac.digest(self._lookup_key, secret.encode("utf-8", "surrogatepass"), "sha256").hex()

    def _encrypt(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def _decrypt(self, kept: str) -> str:
        try:
            return self._fernet.decrypt(kept).decode()
        except InvalidToken as error:
            raise SettingsError(
                "the stored keys were made under another secret key; "
                "restore secret.key in the data folder, or the setting secret_key"
            ) from error


def check_plan(plan: str) -> None:
    """Makes sure that there is a plan of that name.

    Raises:
        UnsupportedValue: there is none.
    """
    if plan not in PLAN_NAMES:
        raise UnsupportedValue("plan", f"there is no plan {plan!r}; plans are {', '.join(PLAN_NAMES)}")


def refuse_blocked(caller: Caller) -> Caller:
    """``caller`` itself, unless its account is blocked.

    Raises:
        AccountBlocked: it is.
    """
    if caller.account.blocked:
        raise AccountBlocked
    return caller


def _caller(row: sa.Row[Any]) -> Caller:
    return refuse_blocked(Caller(account=_account(row), key_id=row.key_id, client_id=row.client_id))


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        plan=row.plan,
        number=row.number,
        object_id=row.object_id,
        blocked=row.blocked,
        created_ms=row.created_ms,
    )


def _no_account() -> NotFoundError:
    return NotFoundError("There is no such account.")
