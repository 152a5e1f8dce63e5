"""``photoplay webhooks``: what was told to whom, telling it again, and the endpoints of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.books import Books, open_books
from photoplay.cli.console import AccountOption, AsJson, DataDir, load_settings, out, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from photoplay.notify.endpoints import Endpoint, Endpoints
    from photoplay.notify.outbox import Event, Outbox

app = typer.Typer(help="See and resend webhooks, and keep the endpoints of accounts.", no_args_is_help=True)
endpoints_app = typer.Typer(
    help="URLs of an account that are told of the end of all its videos, in the form of OpenAI's webhooks.",
    no_args_is_help=True,
)
app.add_typer(endpoints_app, name="endpoints")

STATES = ("pending", "delivered", "skipped", "dead")
EVENT_PREFIX = "evt_"  # how receivers see the id of an account's event

JobOption = Annotated[str | None, typer.Option("--job", help="Only those about this job.", show_default=False)]
StateOption = Annotated[
    str | None, typer.Option("--state", help=f"Only these: {', '.join(STATES)}.", show_default=False)
]


@contextmanager
def _opened(data_dir: Path | None) -> Iterator[tuple[Books, Outbox, Endpoints]]:
    from photoplay import keys
    from photoplay.clock import SystemClock
    from photoplay.notify.endpoints import Endpoints
    from photoplay.notify.outbox import Outbox

    settings = load_settings(data_dir)
    with open_books(settings) as books:
        clock = SystemClock()
        yield (
            books,
            Outbox(books.engine, clock),
            Endpoints(books.engine, keys.load_or_create(settings), clock),
        )


def _found(
    books: Books, outbox: Outbox, *, account: str | None, job: str | None, state: str | None, limit: int
) -> list[Event]:
    from photoplay.errors import UnsupportedValue

    if state is not None and state not in STATES:
        raise UnsupportedValue("state", f"there is no state {state!r}; states are {', '.join(STATES)}")
    owner = None if account is None else books.account(account).id
    return outbox.list(account_id=owner, job_id=job, state=state, limit=limit)


# Deliveries --------------------------------------------------------------------------------------------------------


@app.command("list")
def list_webhooks(
    job: JobOption = None,
    state: StateOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    account: AccountOption = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what was told or is still to be told, newest first: every account's, or one account's."""
    from photoplay.clock import iso

    with _opened(data_dir) as (books, outbox, endpoints):
        events = _found(books, outbox, account=account, job=job, state=state, limit=limit)
        urls = {endpoint.id: endpoint.url for endpoint in endpoints.list()}
    if as_json:
        print_json([describe(event, urls) for event in events])
        return
    for event in events:
        answer = event.last_error if event.last_status is None else str(event.last_status)
        told = f"tries {event.attempts}{f', last answer {answer}' if answer else ''}"
        until = f", next try {iso(max(event.due_ms, event.created_ms))}" if event.state == "pending" else ""
        out.print(f"{event.id}  {event.state:<9}  {escape(told + until)}")
        out.print(f"    job {event.job_id} {event.event}  {escape(_receiver(event, urls) or '')}")


@app.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="From `photoplay webhooks list`.")] = None,
    job: JobOption = None,
    state: StateOption = None,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Send webhooks again, each under the id it had before: the named ones, or all that the options leave.

    A running server sends them within a second, with a full set of tries.
    """
    from photoplay.errors import MissingField, NotFoundError

    if not ids and job is None and state is None and account is None:
        raise MissingField("id", "say which: ids, or --job, --state or --account")
    with _opened(data_dir) as (books, outbox, _):
        if ids:
            owner = None if account is None else books.account(account).id
            chosen = [given.removeprefix(EVENT_PREFIX) for given in ids]
        else:
            owner = None
            chosen = [
                event.id for event in _found(books, outbox, account=account, job=job, state=state, limit=1_000_000)
            ]
        sent = 0
        for event_id in reversed(chosen):  # the oldest first
            if outbox.replay(event_id, owner):
                sent += 1
            elif ids:
                raise NotFoundError(f"There is no webhook {event_id[:80]!r}.")
    out.print(f"{sent} to be sent again")


def _receiver(event: Event, urls: dict[str, str]) -> str | None:
    """Where it goes; for the URL of a request only known once it was tried."""
    return urls.get(event.endpoint_id, "(removed endpoint)") if event.endpoint_id else event.url


def describe(event: Event, urls: dict[str, str]) -> dict[str, object]:
    """A delivery as the command line shows it."""
    from photoplay.clock import iso

    return {
        "id": event.id,
        "job_id": event.job_id,
        "account_id": event.account_id,
        "endpoint_id": event.endpoint_id or None,
        "event": event.event,
        "state": event.state,
        "url": _receiver(event, urls),
        "tries": event.attempts,
        "last_status": event.last_status,
        "last_error": event.last_error,
        "created_at": iso(event.created_ms),
        "next_try_at": iso(max(event.due_ms, event.created_ms)) if event.state == "pending" else None,
        "finished_at": None if event.finished_ms is None else iso(event.finished_ms),
    }


# Endpoints ---------------------------------------------------------------------------------------------------------


@endpoints_app.command("add")
def add_endpoint(
    url: Annotated[str, typer.Argument(help="Where to tell: an http or https URL.")],
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="video.completed or video.failed; may be repeated.", show_default="both"),
    ] = None,
    account: AccountOption = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Have a URL told of the end of all videos of an account. Its signing secret is shown once, and never again."""
    from photoplay.notify.endpoints import EVENTS

    with _opened(data_dir) as (books, _, endpoints):
        made, secret = endpoints.add(books.account(account).id, url, event or EVENTS)
    if as_json:
        print_json(_endpoint(made) | {"secret": secret})
        return
    out.print(f"{made.id}  {escape(made.url)}  {', '.join(made.events)}")
    out.print(f"Keep its signing secret; it is not shown again: {secret}")


@endpoints_app.command("list")
def list_endpoints(account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the endpoints: every account's, or one account's."""
    with _opened(data_dir) as (books, _, endpoints):
        found = endpoints.list(None if account is None else books.account(account).id)
    if as_json:
        print_json([_endpoint(endpoint) for endpoint in found])
        return
    for endpoint in found:
        out.print(f"{endpoint.id}  {escape(endpoint.url)}  {', '.join(endpoint.events)}")


@endpoints_app.command("remove")
def remove_endpoint(
    endpoint_id: Annotated[str, typer.Argument(metavar="ID", help="From `photoplay webhooks endpoints list`.")],
    data_dir: DataDir = None,
) -> None:
    """End an endpoint; what still waits for it is not sent."""
    with _opened(data_dir) as (_, _, endpoints):
        gone = endpoints.remove(endpoint_id)
    out.print(f"{escape(gone.url)} is not told any more")


def _endpoint(endpoint: Endpoint) -> dict[str, object]:
    from photoplay.clock import iso

    return {
        "id": endpoint.id,
        "account_id": endpoint.account_id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "created_at": iso(endpoint.created_ms),
    }
