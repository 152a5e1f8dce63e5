"""Who writes a callback: each dialect registers a writer for the jobs that came in through it; and one dialect writes
what the endpoints of an account are told, whichever way the job came in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photoplay.accounts import AccountStore, Credentials
from photoplay.jobs.job import Artifact, Job
from photoplay.jobs.store import JobStore
from photoplay.notify.delivery import Delivery
from photoplay.notify.endpoints import Endpoint, Endpoints
from photoplay.notify.outbox import Event

ArtifactUrl = Callable[[Artifact], str]
"""A signed link to a stored file, valid from now for as long as links are."""


@dataclass(frozen=True)
class JobEvent:
    """What is told: ``id`` is the same on every try; ``name`` is the state the job came to."""

    id: str
    name: str
    created_ms: int


CallbackWriter = Callable[[Job, JobEvent, Credentials, ArtifactUrl], Delivery | None]
"""Writes the message about a job as it was at the event. Called anew for every try, so that signatures are fresh.
None: this dialect does not tell of that event. The credentials are those of the key that ``request.face["client_id"]``
names, or of the account's oldest key. Links begin with the setting ``public_url``, or ``request.face["base_url"]``."""

AccountWriter = Callable[[Job, JobEvent, Endpoint, str], Delivery | None]
"""Writes what an account's endpoint is told about a job as it was at the event, signed with the endpoint's secret."""


class Callbacks:
    """The writers by dialect."""

    def __init__(
        self,
        *,
        store: JobStore,
        accounts: AccountStore,
        endpoints: Endpoints,
        artifact_url: Callable[[Artifact, str | None], str],
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._endpoints = endpoints
        self._account_writer: AccountWriter | None = None
        self._artifact_url = artifact_url
        self._writers: dict[str, CallbackWriter] = {}

    def register(self, dialect: str, writer: CallbackWriter) -> None:
        """Says who writes for a dialect's jobs. Every process that sends (worker, all) must know all of them."""
        self._writers[dialect] = writer

    def register_account(self, writer: AccountWriter) -> None:
        """Says who writes for the endpoints of accounts."""
        self._account_writer = writer

    def compose(self, event: Event) -> Delivery | None:
        """The message for an event of the outbox; None when nobody wants it."""
        if event.endpoint_id:
            return self._to_endpoint(event)
        writer = self._writers.get(event.dialect)
        now = self._store.load(event.job_id)
        if writer is None or now is None or now.request.callback_url is None:
            return None
        told = Job.model_validate({**event.snapshot, "request": now.request})
        credentials = self._accounts.credentials(event.account_id, _text(now.request.face.get("client_id")))
        base_url = _text(now.request.face.get("base_url"))

        def link(artifact: Artifact) -> str:
            return self._artifact_url(artifact, base_url)

        return writer(told, JobEvent(event.id, event.event, event.created_ms), credentials, link)

    def _to_endpoint(self, event: Event) -> Delivery | None:
        opened = self._endpoints.opened(event.endpoint_id)
        now = self._store.load(event.job_id)
        if opened is None or now is None or self._account_writer is None:
            return None
        told = Job.model_validate({**event.snapshot, "request": now.request})
        return self._account_writer(told, JobEvent(event.id, event.event, event.created_ms), *opened)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
