"""What every dialect shares: who calls, which URLs are ours, and the shape of a dialect itself.

A dialect translates between its wire and the domain and does nothing else. It raises the domain's errors; the
server finds the dialect by the path of the request and has it put the error into its own words.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from photoplay.accounts import Caller
from photoplay.catalog import Effect
from photoplay.clock import Clock
from photoplay.errors import ArtifactNotFound, InvalidField, MissingField, PhotoplayError, RequestError
from photoplay.jobs.feed import Feed
from photoplay.jobs.job import Job, MediaRef
from photoplay.jobs.previews import Previews
from photoplay.jobs.reads import Reads
from photoplay.jobs.runtime import Runtime
from photoplay.jobs.uploads import Upload
from photoplay.settings import Settings

ARTIFACTS_PATH = "/artifacts"
EFFECTS_PATH = "/effects"
MAX_URL_CHARS = 4096
_LINK_STEP_S = 3600
"""Links are signed to a whole hour, so that a client that polls sees the same link and its cache works."""

IdempotencyKey = Annotated[
    str | None,
    Header(description="Repeat a request with the same key, and it is answered as the first time and charged once"),
]
"""A parameter of every route that makes jobs, to be handed to the service with what it submits."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the HTTP request being answered; empty outside one."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire API: where it lives, its routes, and how it says that something went wrong.

    ``answer`` takes the error and, when the server itself refused the request before a route ran (unknown path,
    wrong method, unexpected fault), the HTTP status of that refusal.
    """

    name: str
    prefixes: tuple[str, ...]
    router: APIRouter
    answer: Callable[[PhotoplayError, int | None], Response]
    max_body_bytes: Mapping[str, int]  # path prefix -> limit; the longest match wins
    busy: tuple[Route, ...] = ()  # see busy_route


def busy_route(method: str, path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    """A second, short way to a route of the dialect's router that is asked far more often than others.

    The framework looks through every route of every dialect, and works out anew for each request what a route's
    parameters are; here that is more work than to answer. ``answer`` reads the few parameters itself and calls the
    documented route's own function, so there is one of that.
    """
    route = Route(path, answer, methods=[method], include_in_schema=False)
    route.methods = {method}  # the library adds HEAD to GET, which the documented route has not
    return route


class Door:
    """The server as dialects see it."""

    def __init__(self, runtime: Runtime, settings: Settings, clock: Clock | None = None) -> None:
        self.runtime = runtime
        self.settings = settings
        self.clock = clock or runtime.clock
        self.previews = Previews(settings, runtime.storage)
        self.reads = Reads(runtime.store, runtime.service.waits)
        self.signs_afar = not settings.resolved_storage_url.startswith("file:")
        self.feed = Feed(
            runtime.store,
            runtime.estimates,
            per_account=settings.event_streams,
            stopping=runtime.stopping.is_set,
        )

    def base_url(self, request: Request) -> str:
        """The URL under which this client reaches the server, without a slash at the end."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")

    def link(self, base_url: str, key: str, *, filename: str, content_type: str, until_ms: int | None = None) -> str:
        """A signed link to a stored file: valid for ``artifact_url_ttl_s``, but not beyond ``until_ms``."""
        end_ms = self.clock.now_ms() + self.settings.artifact_url_ttl_s * 1000
        end_ms = math.ceil(end_ms / (_LINK_STEP_S * 1000)) * _LINK_STEP_S * 1000
        if until_ms is not None:
            end_ms = min(end_ms, until_ms)
        token = self.runtime.signer.sign(key, end_ms, content_type=content_type, filename=filename)
        return f"{base_url}{ARTIFACTS_PATH}/{token}/{quote(filename)}"

    def artifact_link(self, base_url: str, job: Job, kind: str, *, stem: str | None = None) -> str | None:
        """A signed link to an artifact of a job, or ``None`` when the job has none of that kind.

        Where the store signs links of its own, this is one of them: the file does not pass through the server.
        """
        artifact = job.artifact(kind)
        if artifact is None:
            return None
        left_s = self.settings.artifact_url_ttl_s
        if job.expires_ms is not None:
            left_s = min(left_s, (job.expires_ms - self.clock.now_ms()) // 1000)
        presigned = self.runtime.storage.presigned_url(artifact.key, left_s)
        if presigned is not None:
            return presigned
        ending = artifact.key.rpartition(".")[2]
        name = f"{stem or job.id}.{ending}" if kind == "video" else f"{stem or job.id}-{kind}.{ending}"
        return self.link(
            base_url, artifact.key, filename=name, content_type=artifact.content_type, until_ms=job.expires_ms
        )

    def upload_link(self, base_url: str, upload: Upload) -> str:
        """A signed link to an upload."""
        return self.link(
            base_url,
            upload.key,
            filename=_file_name(upload.name) or upload.id,
            content_type=upload.content_type,
            until_ms=upload.expires_ms,
        )

    def effect(self, slug: str) -> Effect | None:
        """The catalog's effect of that slug, if it still has it."""
        return next((effect for effect in self.runtime.catalog.effects if effect.slug == slug), None)

    @staticmethod
    def effect_link(base_url: str, slug: str, filename: str) -> str:
        """Where an effect's logo or preview is served: an open link that does not end."""
        return f"{base_url}{EFFECTS_PATH}/{slug}/{filename}"

    async def caller_of(self, api_key: str) -> Caller:
        """Who has that API key, its request counted. Only a key that was not seen of late takes a thread.

        Raises:
            CredentialsInvalid, AccountBlocked: nobody, or not this account.
            RateLimited: it sends too many requests.
        """
        accounts = self.runtime.accounts
        known = accounts.kept_by_api_key(api_key)
        return self.counted(known if known is not None else await run_in_threadpool(accounts.by_api_key, api_key))

    def counted(self, caller: Caller) -> Caller:
        """``caller`` itself, after its request was counted against its plan's rate.

        Raises:
            RateLimited: it sends too many requests.
        """
        account = caller.account
        self.runtime.limiter.check(account.id, self.runtime.catalog.plan(account.plan).requests_per_minute)
        return caller

    def media(self, url: str, account_id: str, field: str) -> MediaRef:
        """What a URL in a request stands for.

        One of our own links to a file of the same account is read from the store directly: fetching it back over
        the network would need a way in from outside, which the guard against private addresses refuses.

        Raises:
            InvalidField: it is not an http or https URL.
            ArtifactNotFound: it is a link of ours that has ended.
        """
        if len(url) > MAX_URL_CHARS:
            raise InvalidField(field, f"{field} is longer than {MAX_URL_CHARS} characters")
        try:
            parts = urlsplit(url.strip())
            host = parts.hostname
        except ValueError as error:
            raise InvalidField(field, f"{field} is not a valid URL") from error
        if parts.scheme not in ("http", "https") or not host:
            raise InvalidField(field, f"{field} must be an http or https URL")
        segments = parts.path.split("/")
        name = segments[-1][:200]
        if len(segments) >= 3 and segments[-3] == ARTIFACTS_PATH.strip("/"):
            try:
                key = self.runtime.signer.verify(segments[-2]).key
            except ArtifactNotFound:
                if self.settings.public_url and url.startswith(self.settings.public_url.rstrip("/") + "/"):
                    raise
                key = ""  # somebody else's /artifacts/…: an ordinary URL
            if key and self.runtime.service.owns_key(account_id, key):
                return MediaRef(key=key, name=name)
        return MediaRef(url=url.strip(), name=name)


def _file_name(name: str) -> str:
    """What of a caller's file name may stand at the end of a URL: no folders, nothing that a browser would not show."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable() and char not in '"?#%')[:100].strip(". ")


def door_of(request: Request) -> Door:
    """The door of the app that answers this request."""
    door = request.app.state.door
    if not isinstance(door, Door):
        raise TypeError("the app was not built by create_app")
    return door


def callback_url(url: str, field: str) -> str:
    """``url`` itself, if it can be called back (its address is checked when it is called).

    Raises:
        InvalidField: it is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= MAX_URL_CHARS
    except ValueError:
        usable = False
    if not usable:
        raise InvalidField(field, f"{field} must be an http or https URL")
    return url


def as_request_error(found: Sequence[Mapping[str, Any]]) -> RequestError:
    """The first of pydantic's findings as a domain error, in plain words."""
    first = found[0]
    where = [str(part) for part in first.get("loc", ()) if part not in ("body", "query", "path", "header")]
    kind = str(first.get("type", ""))
    if kind == "json_invalid":
        return InvalidField("body", "the body is not valid JSON")
    field = ".".join(where) or "body"
    if kind == "missing":
        return MissingField(field)
    message = str(first.get("msg", "is invalid")).removeprefix("Value error, ")
    return InvalidField(field, f"{field}: {message}")
