"""Who calls, in AKOOL's ways: ``Authorization: Bearer <token>`` and ``x-api-key``.

The token comes from ``getToken``; an API key works there too, as the vendor's page calls that header "your API Key".
When both headers are there, Authorization decides and ``x-api-key`` is not looked at.
"""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from photoplay.accounts import Caller
from photoplay.dialects.akool import errors as codes
from photoplay.dialects.door import Door, door_of
from photoplay.errors import CredentialsInvalid, CredentialsMissing

_JWT_DOTS = 2
_bearer = HTTPBearer(auto_error=False, description="A token from getToken")
_key = APIKeyHeader(name="x-api-key", auto_error=False, description="An API key")

DOCUMENTED = [Security(_bearer), Security(_key)]
"""Has a route's description show both ways."""


def _calling(request: Request) -> Caller:
    """Who calls.

    Raises:
        CredentialsMissing: neither header is there (1102).
        CredentialsInvalid, TokenExpired: the Authorization header is not good (1101).
        UnknownApiKey: the API key is unknown (1109).
        AccountBlocked: 1200. RateLimited: 1005.
    """
    door = door_of(request)
    authorization = request.headers.get("authorization", "").strip()
    if authorization:
        return door.counted(_by_authorization(door, authorization))
    api_key = request.headers.get("x-api-key", "").strip()
    if not api_key:
        raise CredentialsMissing
    try:
        return door.counted(door.runtime.accounts.by_api_key(api_key))
    except CredentialsInvalid as error:
        raise codes.UnknownApiKey from error


def _by_authorization(door: Door, authorization: str) -> Caller:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise CredentialsInvalid("The Authorization header must be: Bearer <token>")
    if token.count(".") == _JWT_DOTS:
        return door.runtime.tokens.verify_token(token)
    return door.runtime.accounts.by_api_key(token)


Calling = Annotated[Caller, Depends(_calling)]
"""Parameter of a route: the account and the key that the request came with."""
