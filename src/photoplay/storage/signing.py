"""Links to artifacts that carry their own permission and end by themselves.

The token in a link is a JWT (HS256) that names the key, the type and the end. Who has the link may read that
one file until then; nothing else can be read with it. Tokens are deterministic: the same file and end give
the same link, so caches work.
"""

from __future__ import annotations

from dataclasses import dataclass

import jwt

from photoplay.clock import Clock, SystemClock
from photoplay.errors import ArtifactNotFound, StorageError
from photoplay.keys import MasterKey
from photoplay.storage.base import check_key

_PURPOSE = "artifact links"
_ALGORITHM = "HS256"


@dataclass(frozen=True, kw_only=True)
class ArtifactClaims:
    """What a verified link allows."""

    key: str
    expires_ms: int  # since the epoch, a whole second
    content_type: str | None = None
    filename: str | None = None  # what a browser should call the file when it saves it


class ArtifactSigner:
    """Makes and checks the tokens of artifact links."""

    def __init__(self, secret: MasterKey, clock: Clock | None = None) -> None:
        self._key = secret.derive(_PURPOSE)
        self._clock = clock or SystemClock()

    def sign(self, key: str, expires_ms: int, *, content_type: str | None = None, filename: str | None = None) -> str:
        """A token for ``key`` that is good until ``expires_ms`` (since the epoch, rounded up to a second).

        Raises:
            StorageError: ``key`` is not a storage key.
        """
        claims: dict[str, str | int] = {"sub": check_key(key), "exp": -(-expires_ms // 1000)}
        if content_type:
            claims["typ"] = content_type
        if filename:
            claims["fn"] = filename
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def verify(self, token: str) -> ArtifactClaims:
        """What ``token`` allows.

        Raises:
            ArtifactNotFound: it was not made here, was changed, or has ended.
        """
        try:
            # The end is checked below, by our clock.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            verified = ArtifactClaims(
                key=check_key(claims["sub"]),
                expires_ms=int(claims["exp"]) * 1000,
                content_type=claims.get("typ"),
                filename=claims.get("fn"),
            )
        except (jwt.InvalidTokenError, StorageError, TypeError, ValueError) as error:
            raise ArtifactNotFound("The link is not valid.") from error
        if verified.expires_ms <= self._clock.now_ms():
            raise ArtifactNotFound("The link has expired.")
        return verified
