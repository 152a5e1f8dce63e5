"""``photoplay animate --server``: another machine's photoplay makes the video; this one only shows and fetches it.

Speaks photoplay's own API: one create that carries the files, reads until the job has ended, one download. The create
bears an idempotency key, so it is sent again after a network failure without a second charge. Ctrl-C cancels the job
on the server.
"""

from __future__ import annotations

import json
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from photoplay.cli.console import note
from photoplay.errors import (
    CredentialsInvalid,
    CredentialsMissing,
    EngineUnavailable,
    InvalidField,
    LimitError,
    MissingField,
    PhotoplayError,
    RenderFailed,
    StorageError,
    UnsupportedValue,
    by_code,
)

if TYPE_CHECKING:
    import httpx

    from photoplay.cli.animate import Show

TIMEOUT_S = 60.0  # of one request, not of the job
CONNECT_TIMEOUT_S = 10.0
CANCEL_TIMEOUT_S = 15.0  # whoever pressed Ctrl-C wants to leave
POLL_S = (0.3, 2.0)  # first, longest
PATIENCE_S = 120.0  # how long the server may be away while a job runs
CREATE_TRIES = 4
RETRY_S = 1.0
_MAX_WAIT_S = 60.0
_CHUNK_BYTES = 256 * 1024
_FINAL = ("succeeded", "failed", "canceled", "expired", "deleted")
_DOING = {"gather": "reading the photo", "render": "rendering", "sound": "making sound", "publish": "writing"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is asked of the server: the JSON body, and the files of the form by (name of the part, path)."""

    body: Mapping[str, Any]
    files: tuple[tuple[str, Path], ...]


class Server:
    """A photoplay server, spoken to with one API key."""

    def __init__(
        self,
        client: httpx.Client,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``client`` knows the server's URL and carries the key."""
        self._client = client
        self._sleep = sleep
        self._now = now

    def make(self, wanted: Wanted, target: Path, show: Show) -> Json:
        """Has the video made and writes it to ``target``, whole or not at all. Returns the job as it ended.

        Raises:
            PhotoplayError: what the server refused, in the class of its code; or the job failed.
            EngineUnavailable: the server cannot be reached, or is none of photoplay's.
            StorageError: ``target`` cannot be written.
        """
        job: Json | None = None
        with heeding_ctrl_c() as heed:
            try:
                job = self.create(wanted)
                job = self.wait(job, show, heed)
                if job["state"] != "succeeded":
                    raise ended_badly(job)
                self.download(job, target)
            except KeyboardInterrupt:
                if job is None:
                    note("the server may have taken the job all the same")
                else:
                    self.cancel(str(job["id"]))
                raise
        return job

    def create(self, wanted: Wanted) -> Json:
        """Asks for the job. A network failure is tried again under the same idempotency key."""
        import httpx

        headers = {"idempotency-key": secrets.token_urlsafe(24)}
        for left in reversed(range(CREATE_TRIES)):
            with ExitStack() as stack:
                files = [
                    (part, (path.name, stack.enter_context(path.open("rb")), "application/octet-stream"))
                    for part, path in wanted.files
                ]
                try:
                    answer = self._client.post(
                        "/v1/jobs", data={"request": json.dumps(wanted.body)}, files=files, headers=headers
                    )
                except httpx.TransportError as error:
                    if left == 0 or isinstance(error, httpx.UnsupportedProtocol):
                        raise self._away(error) from error
                else:
                    if answer.status_code < 500 or left == 0:
                        return self._answer(answer)
            self._sleep(RETRY_S)
        raise AssertionError("the last try returned or raised")

    def wait(self, job: Json, show: Show, heed: Callable[[], None] = lambda: None) -> Json:
        """Reads the job until it has ended. A server that is away for a while is waited for.

        ``heed`` is called before every pause, and may raise to end the wait.
        """
        import httpx

        pause_s, away_since = POLL_S[0], None
        while job["state"] not in _FINAL:
            show(float(job["progress"]), doing(job))
            heed()
            self._sleep(pause_s)
            pause_s = min(POLL_S[1], pause_s * 1.3)
            try:
                answer = self._client.get(f"/v1/jobs/{job['id']}")
                if answer.status_code == 429:
                    self._sleep(min(_MAX_WAIT_S, _retry_after_s(answer)))
                    continue
                job, away_since = self._answer(answer), None
            except (httpx.TransportError, EngineUnavailable) as error:
                away_since = self._now() if away_since is None else away_since
                if self._now() - away_since > PATIENCE_S:
                    note(f"the job may still be made: {job['id']}")
                    raise self._away(error) from error
        show(float(job["progress"]), doing(job))
        return job

    def download(self, job: Json, target: Path) -> None:
        """Writes the job's video to ``target``."""
        import httpx

        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with self._client.stream("GET", f"/v1/jobs/{job['id']}/artifacts/video", follow_redirects=True) as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._answer(answer)
                with draft.open("wb") as file:
                    for piece in answer.iter_bytes(_CHUNK_BYTES):
                        file.write(piece)
            draft.replace(target)
        except httpx.HTTPError as error:
            note(f"the video is made, but could not be fetched: {job['video_url']}")
            raise self._away(error) from error
        except OSError as error:
            raise StorageError(f"cannot write {target}: {error.strerror}") from error
        finally:
            draft.unlink(missing_ok=True)

    def cancel(self, job_id: str) -> None:
        """Ends the job on the server, and says how that went."""
        import httpx

        try:
            answer = self._client.post(f"/v1/jobs/{job_id}/cancel", timeout=CANCEL_TIMEOUT_S)
        except httpx.HTTPError as error:
            note(f"the job {job_id} could not be canceled: {error}")
            return
        if answer.status_code == 200:
            note(f"the job {job_id} was canceled; its credits went back")
        else:
            note(f"the job {job_id} was not canceled: {_problem(answer).get('detail', answer.status_code)}")

    def _answer(self, answer: httpx.Response) -> Json:
        """The body of a success.

        Raises:
            PhotoplayError: it is none.
        """
        body = _problem(answer)
        if answer.status_code in (200, 201) and "id" in body and "state" in body:
            return body
        if answer.status_code >= 500:
            raise EngineUnavailable(f"{self._client.base_url} answered {answer.status_code}")
        raise self._refusal(answer)

    def _refusal(self, answer: httpx.Response) -> PhotoplayError:
        problem = _problem(answer)
        detail = str(problem.get("detail") or "")
        code = str(problem.get("code") or "")
        if not code:
            return EngineUnavailable(
                f"{self._client.base_url} answered {answer.status_code}, and not as a photoplay server does"
            )
        if answer.status_code == 401:
            kind = CredentialsMissing if code == CredentialsMissing.code else CredentialsInvalid
            return kind(f"the server does not take the API key (--api-key or PHOTOPLAY_API_KEY): {detail}")
        if answer.status_code == 429:
            wait_s = _retry_after_s(answer)
            return LimitError(f"the server asks to wait {wait_s:g} s: {detail}", retry_after_s=wait_s)
        return as_error(code, detail)

    def _away(self, error: Exception) -> EngineUnavailable:
        if isinstance(error, EngineUnavailable):
            return error
        return EngineUnavailable(f"cannot reach {self._client.base_url}: {str(error) or type(error).__name__}")


@contextmanager
def connected(url: str, api_key: str | None) -> Iterator[Server]:
    """A server for the length of a ``with`` block.

    Raises:
        InvalidField: ``url`` is none.
        CredentialsMissing: there is no key.
    """
    import httpx

    if not api_key:
        raise CredentialsMissing("--server needs an API key: give --api-key, or set PHOTOPLAY_API_KEY")
    try:
        base_url = httpx.URL(url.rstrip("/"))
        usable = base_url.scheme in ("http", "https") and bool(base_url.host)
        headers = httpx.Headers({"authorization": f"Bearer {api_key}"})
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidField("server", "--server must be an http or https URL, and the API key plain text") from error
    if not usable:
        raise InvalidField("server", f"--server must be an http or https URL, not {url!r}")
    timeout = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    with httpx.Client(base_url=base_url, headers=headers, timeout=timeout) as client:
        yield Server(client)


@contextmanager
def heeding_ctrl_c() -> Iterator[Callable[[], None]]:
    """Ctrl-C raises KeyboardInterrupt at once, as always; what is yielded raises it again where it was lost.

    For it is raised wherever the program happens to be, and in a finalizer or a callback of a library it ends there.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield lambda: None  # somebody else minds it, or it is ignored, as in a shell's background
        return
    pressed = False

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def heed() -> None:
        if pressed:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hear)
    try:
        yield heed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def doing(job: Mapping[str, Any]) -> str:
    """What a job is about, in words."""
    if job["state"] == "queued":
        before = job.get("queue_position")
        return f"waiting, {before} before" if before else "waiting"
    return _DOING.get(str(job.get("phase")), "working")


def ended_badly(job: Mapping[str, Any]) -> PhotoplayError:
    """The error of a job that came to nothing."""
    error = job.get("error")
    if isinstance(error, dict):
        return as_error(str(error.get("code")), str(error.get("message") or "The clip could not be rendered."))
    return RenderFailed(f"the job was {job['state']} on the server")


def as_error(code: str, message: str) -> PhotoplayError:
    """An error of the server as ours, so that the command ends with its status."""
    kind = by_code(code)
    if issubclass(kind, MissingField | InvalidField | UnsupportedValue):  # these want the field first
        return kind("request", message)
    return kind(message)


def _problem(answer: httpx.Response) -> Json:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after_s(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else POLL_S[1]
