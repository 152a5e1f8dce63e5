"""The HTTP server: dialects, the page, artifacts, health and docs in one FastAPI app, and how it is run."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from photoplay import __version__
from photoplay.asgi import Rim
from photoplay.dialects import akool, keevx, kling, native, openai
from photoplay.dialects.door import Dialect, Door, as_request_error
from photoplay.dialects.native.errors import is_server_fault
from photoplay.errors import InvalidField, NotFoundError, PhotoplayError, RequestError, SettingsError
from photoplay.jobs.runtime import Role, Runtime
from photoplay.processes import Group
from photoplay.settings import Settings
from photoplay.studio import mount as mount_studio

SERVER_FILE_NAME = "server.json"
"""In the data folder while a server runs: its ``url`` and ``pid``, for scripts that asked for a free port."""
GRACE_S = 10.0
"""How long running requests may take to end when the server stops."""
BACKLOG = 2048
SHOWN_HEADERS = ("x-request-id", "retry-after", "openai-poll-after-ms", "content-disposition", "content-range", "etag")
"""Headers of answers that a web page of another origin may read."""

DESCRIPTION = """Send a photo and a prompt, get a video that moves, with sound.

photoplay answers in several wire APIs at once; a job made through one can be read through any other."""

log = logging.getLogger(__name__)


def dialects(settings: Settings) -> tuple[Dialect, ...]:
    """Every dialect this server speaks. The last one answers for paths that no other claims."""
    return (
        akool.dialect(settings),
        keevx.dialect(settings),
        kling.dialect(settings),
        openai.dialect(settings),
        native.dialect(settings),
    )


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has every dialect write the webhooks of the jobs that came in through it. For every process that sends them."""
    for register in (
        akool.register_callbacks,
        keevx.register_callbacks,
        kling.register_callbacks,
        openai.register_callbacks,
        native.register_callbacks,
    ):
        register(runtime, settings)


def create_app(runtime: Runtime, settings: Settings, *, role: Role = "all") -> FastAPI:
    """The app. ``role`` says what else this process does: ``all`` renders too, ``api`` only answers.

    The runtime is launched when the app starts and closed when it stops.
    """
    spoken = dialects(settings)
    door = Door(runtime, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The runtime is synchronous; its queue refuses to be launched inside an event loop.
        try:
            await asyncio.to_thread(runtime.launch, role)
        except BaseException as error:
            app.state.startup_error = error
            raise
        # What was made until now stays until the end: the collector need not walk through it, for a fifth of a second
        # in which nobody is answered.
        gc.collect()
        gc.freeze()
        try:
            yield
        finally:
            await door.feed.close()
            door.reads.close()
            await door.previews.close()
            await asyncio.to_thread(runtime.close, settings.drain_s)

    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        title="photoplay",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        strict_content_type=False,  # a JSON body without its header is still meant as JSON
    )
    app.state.door = door
    app.state.startup_error = None
    for dialect in spoken:
        app.include_router(dialect.router)
    app.router.routes[:0] = [route for dialect in spoken for route in dialect.busy]  # looked at first
    mount_studio(app, settings, runtime.storage)
    register_callbacks(runtime, settings)
    answer = answer_in(spoken)

    @app.exception_handler(PhotoplayError)
    async def on_error(request: Request, error: PhotoplayError) -> Response:
        if is_server_fault(error):
            log.error("%s %s: %s", request.method, request.url.path, error.message, exc_info=error)
        return answer(request.url.path, error, None)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request.url.path, as_request_error(error.errors()), None)

    @app.exception_handler(HTTPException)
    async def on_refusal(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, PhotoplayError):  # raised while the framework read the body
            return answer(request.url.path, error.__cause__, None)
        if error.status_code == 400:  # the framework could not parse the body
            return answer(request.url.path, InvalidField("body", "the body cannot be read"), None)
        kind = NotFoundError if error.status_code == 404 else RequestError
        response = answer(request.url.path, kind(f"{error.detail}."), error.status_code)
        response.headers.update(error.headers or {})
        return response

    app.add_middleware(Rim, answer=answer, limit_for=limits_of(spoken))
    if settings.cors_origins:
        # The outermost, so that a page can read refusals too.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=SHOWN_HEADERS,
            max_age=86_400,
        )
    return app


def answer_in(spoken: tuple[Dialect, ...]) -> Callable[[str, PhotoplayError, int | None], Response]:
    """What puts an error into the words of the dialect that a path belongs to."""
    by_prefix = sorted(
        ((prefix, dialect) for dialect in spoken for prefix in dialect.prefixes), key=lambda pair: -len(pair[0])
    )

    def answer(path: str, error: PhotoplayError, status: int | None) -> Response:
        dialect = next((dialect for prefix, dialect in by_prefix if path.startswith(prefix)), spoken[-1])
        return dialect.answer(error, status)

    return answer


def limits_of(spoken: tuple[Dialect, ...]) -> Callable[[str], int]:
    """What tells the largest request body of a path, in bytes; paths nobody claims take none to speak of."""
    limits = sorted(
        (pair for dialect in spoken for pair in dialect.max_body_bytes.items()), key=lambda pair: -len(pair[0])
    )

    def limit_for(path: str) -> int:
        return next((limit for prefix, limit in limits if path.startswith(prefix)), 64 * 1024)

    return limit_for


def serve(
    settings: Settings, *, role: Role = "all", processes: int = 1, on_ready: Callable[[str], None] | None = None
) -> None:
    """Runs the server until it is told to stop (SIGINT, SIGTERM). Calls ``on_ready`` with its URL once it answers.

    With several ``processes`` each answers on the same socket, and the first one alone renders where the role says so.
    They are forked from this one, which then only watches over them.

    Raises:
        SettingsError: the address cannot be listened on.
        PhotoplayError: the runtime could not start.
    """
    listening = listen_all(settings.host, settings.port, processes)
    url = url_of(listening[0])

    def ready() -> None:
        write_server_file(settings.data_dir, url)
        log.info("serving at %s", url)
        if on_ready is not None:
            on_ready(url)

    def close(but: int | None = None) -> None:
        for number, each in enumerate(listening):
            if number != but:
                each.close()

    watching = os.getpid()
    try:
        if processes == 1:
            _answer(settings, role, listening[0], ready)
            return
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        place = Group(processes, on_ready=ready, on_stop=close).run()
        if place is not None:
            close(but=place.number)
            _answer(settings, role if place.number == 0 else "api", listening[place.number], place.ready)
            raise SystemExit(0)  # what follows a stop is done once, by the one that watches
    finally:
        close()
        if os.getpid() == watching:
            (settings.data_dir / SERVER_FILE_NAME).unlink(missing_ok=True)


def _answer(settings: Settings, role: Role, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Runs the server in this process."""
    runtime = Runtime.open(settings)
    app = create_app(runtime, settings, role=role)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # the process's own logging
        access_log=False,  # the rim logs, without what is secret in a path
        server_header=False,
        timeout_graceful_shutdown=round(GRACE_S),
    )
    try:
        _Server(config, runtime, ready).run(sockets=[listening])
    except SystemExit:  # how the library says that the app did not start
        raise app.state.startup_error or SettingsError("the server could not start") from None


def url_of(listening: socket.socket) -> str:
    """The URL at which a listening socket can be reached from this machine."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104 - the same
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    return _listen(host, port, shared=False)


def listen_all(host: str, port: int, count: int) -> list[socket.socket]:
    """A listening socket for each of several processes, all on one port.

    Linux gives each its share of the connections; were they all to wait at one socket, whoever wakes first would take
    most of them. Elsewhere they do.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    first = listen(host, port)  # as if alone: fails where another server has the port, shared or not
    if count == 1:
        return [first]
    if sys.platform != "linux":
        return [first, *(first.dup() for _ in range(count - 1))]
    port = first.getsockname()[1]
    first.close()
    return [_listen(host, port, shared=True) for _ in range(count)]


def _listen(host: str, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio turns Nagle's delay off only for sockets that say they are TCP. Without it every
    # small answer on a kept connection waits 40 ms for the client's acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.set_inheritable(False)
    except OSError as error:
        listening.close()
        raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listening


class _Server(uvicorn.Server):
    """Says when it answers, and is told to stop as we mean it."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._on_ready = on_ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._runtime.stopping.set()
        # The library would raise the signal again after it has stopped; to us a stop that was asked for is a success.
        if self.should_exit or sig == signal.SIGINT:  # Ctrl-C, or told a second time: running clips are not waited for
            self._runtime.hurry.set()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        else:
            self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


def write_server_file(data_dir: Path, url: str) -> None:
    """Notes the running server's URL and process id in the data folder, whole or not at all."""
    path = data_dir / SERVER_FILE_NAME
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    draft.replace(path)
