"""Bearer tokens: those we issue for a client id and secret, and those callers sign themselves with a secret key.

Both are JWTs signed with HS256, the only algorithm accepted. Times are checked by our own clock.
"""

from __future__ import annotations

import math
from typing import Any

import jwt
from jwt.types import Options

from photoplay.accounts.account import Caller
from photoplay.accounts.store import AccountStore, refuse_blocked
from photoplay.clock import Clock, SystemClock
from photoplay.errors import CredentialsInvalid, SignatureInvalid, TokenExpired, TokenNotYetValid
from photoplay.keys import MasterKey

TOKEN_LIFETIME_S = 400 * 86400
"""How long an issued token lasts: the vendor promises more than one year."""

LEEWAY_S = 30
"""How far a caller's clock may be off, for tokens that callers sign."""

_ALGORITHM = "HS256"
_SIGNED: Options = {
    "require": ["exp"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}
_UNSIGNED: Options = {"verify_signature": False}


class Tokens:
    """Issues and checks bearer tokens."""

    def __init__(self, accounts: AccountStore, secret: MasterKey, clock: Clock | None = None) -> None:
        self._accounts = accounts
        self._key = secret.derive("bearer tokens")
        self._clock = clock or SystemClock()

    def issue_token(self, client_id: str, client_secret: str) -> str:
        """A token that stands for that client. It ends with the key it was issued for, or after 400 days.

        The claims ``id``, ``uid``, ``type``, ``from`` and ``firstName`` are those of the vendor's sample; clients
        should not read them.

        Raises:
            CredentialsInvalid: there is no such pair.
            AccountBlocked: the account is blocked.
        """
        caller = self._accounts.by_client_pair(client_id, client_secret)
        now_s = self._clock.now_ms() // 1000
        claims = {
            "id": caller.account.object_id,
            "uid": caller.account.number,
            "type": "user",
            "from": "toB",
            "firstName": caller.account.name,
            "key": caller.key_id,
            "iat": now_s,
            "exp": now_s + TOKEN_LIFETIME_S,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def verify_token(self, token: str) -> Caller:
        """Who an issued token stands for.

        Raises:
            CredentialsInvalid: it was not issued here, was changed, or its key was revoked.
            TokenExpired: its time is over.
            AccountBlocked: the account is blocked.
        """
        claims = _decode(token, self._key)
        key_id = claims.get("key")
        if not isinstance(key_id, str):
            raise CredentialsInvalid
        self._check_times(claims, leeway_s=0)
        return self._accounts.by_key_id(key_id)

    def verify_access_jwt(self, token: str) -> Caller:
        """Who signed a token of their own: ``iss`` is the access key, the signature is by its secret key.

        ``exp`` is required, ``nbf`` is heeded; both with a leeway of 30 s for the caller's clock.

        Raises:
            CredentialsInvalid: it is no such token, or the access key is unknown or revoked.
            SignatureInvalid: it was not signed with that access key's secret.
            TokenExpired, TokenNotYetValid: it is right, but not at this time.
            AccountBlocked: the account is blocked.
        """
        try:
            issuer = jwt.decode(token, options=_UNSIGNED).get("iss")  # whose key it must be; trusted only then
        except (jwt.InvalidTokenError, ValueError) as error:
            raise CredentialsInvalid from error
        if not isinstance(issuer, str):
            raise CredentialsInvalid
        caller, secret_key = self._accounts.by_access_key(issuer)
        claims = _decode(token, secret_key.encode())
        self._check_times(claims, leeway_s=LEEWAY_S)
        return refuse_blocked(caller)

    def _check_times(self, claims: dict[str, Any], *, leeway_s: float) -> None:
        now_s = self._clock.now_ms() / 1000
        if _seconds(claims.get("exp")) + leeway_s <= now_s:
            raise TokenExpired
        if claims.get("nbf") is not None and _seconds(claims["nbf"]) - leeway_s > now_s:
            raise TokenNotYetValid


def _decode(token: str, key: bytes) -> dict[str, Any]:
    try:
        return jwt.decode(token, key, algorithms=[_ALGORITHM], options=_SIGNED)
    except jwt.InvalidSignatureError as error:
        raise SignatureInvalid from error
    except (jwt.InvalidTokenError, ValueError) as error:
        raise CredentialsInvalid from error


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CredentialsInvalid
    return float(value)
