"""Who calls photoplay's own API: ``Authorization: Bearer <API key>``, or the header ``x-api-key``."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.concurrency import run_in_threadpool

from photoplay.accounts import Caller
from photoplay.dialects.door import door_of
from photoplay.errors import CredentialsInvalid, CredentialsMissing

_JWT_DOTS = 2

_bearer = HTTPBearer(auto_error=False, description="An API key")
_header = APIKeyHeader(name="x-api-key", auto_error=False, description="An API key")


async def calling(request: Request) -> Caller:
    """Who the request's key belongs to.

    Raises:
        CredentialsMissing: there is no key.
        CredentialsInvalid, TokenExpired: the key or token is unknown, revoked or over.
        AccountBlocked, RateLimited: not this account, or not now.
    """
    authorization = request.headers.get("authorization", "")
    scheme, _, key = authorization.partition(" ")
    if authorization and (scheme.lower() != "bearer" or not key.strip()):
        raise CredentialsInvalid("the Authorization header must be: Bearer <API key>")
    key = key.strip() or request.headers.get("x-api-key", "").strip()
    if not key:
        raise CredentialsMissing("give an API key: Authorization: Bearer <API key>")
    door = door_of(request)
    # A token that another wire API gave for the same key is as good: a client of that API can upload with it.
    if key.count(".") == _JWT_DOTS:
        return door.counted(await run_in_threadpool(door.runtime.tokens.verify_token, key))
    return await door.caller_of(key)


Calling = Annotated[Caller, Depends(calling)]
documented = [Security(_bearer), Security(_header)]
"""Only for the OpenAPI page: the two schemes above."""
