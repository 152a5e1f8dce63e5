"""Accounts and their credentials: value objects."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who uses the server."""

    id: str
    name: str
    plan: str  # one of PLAN_NAMES
    number: int  # what some dialects show as user id
    object_id: str  # 24 hex digits: what some dialects show as team id
    blocked: bool
    created_ms: int


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One key of an account, in the forms that the wire APIs ask for.

    The vendor whose API knows a client id and a client secret says that its API key *is* that client secret, so
    they are one value here too. Secrets do not show in ``repr``.
    """

    key_id: str
    account_id: str
    name: str
    client_id: str  # 16 letters and digits
    api_key: str = field(repr=False)  # 24 letters and digits
    access_key: str  # 32 letters and digits
    secret_key: str = field(repr=False)  # 32 letters and digits
    webhook_secret: str = field(repr=False)  # "whsec_" and 32 bytes in base64 (Standard Webhooks)
    created_ms: int

    @property
    def client_secret(self) -> str:
        """The API key under its other name."""
        return self.api_key


@dataclass(frozen=True, kw_only=True)
class KeyInfo:
    """What may be shown of a key after it was made."""

    key_id: str
    account_id: str
    name: str
    client_id: str
    access_key: str
    created_ms: int
    revoked_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request: the account, and the key it came with."""

    account: Account
    key_id: str
    client_id: str
