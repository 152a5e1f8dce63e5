"""``photoplay key``: accounts and their keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from photoplay.cli.books import open_books
from photoplay.cli.console import AccountOption, AsJson, DataDir, load_settings, out, print_json

app = typer.Typer(help="Make and revoke the keys with which programs reach the server.", no_args_is_help=True)

_SHOWN = ("account_id", "api_key", "client_id", "client_secret", "access_key", "secret_key", "webhook_secret")


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="Name of the account; one of that name gets a further key.")] = "default",
    plan: Annotated[
        str | None,
        typer.Option(help="free, starter, pro, pro-max, business or enterprise.", show_default="free"),
    ] = None,
    credits: Annotated[
        int | None, typer.Option(min=0, help="Credits that a new account starts with.", show_default="1000")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account and a key with its secrets. They are shown once, and never again."""
    from photoplay.accounts import DEFAULT_CREDITS, DEFAULT_PLAN

    with open_books(load_settings(data_dir)) as books:
        made = books.accounts.create(
            name, DEFAULT_PLAN if plan is None else plan, DEFAULT_CREDITS if credits is None else credits
        )
        account = books.accounts.get(made.account_id)
    if as_json:
        print_json({field: getattr(made, field) for field in _SHOWN})
        return
    out.print(f"Account [bold]{escape(account.name)}[/] on plan {account.plan}. Keep these; they are not shown again:")
    for field in _SHOWN:
        out.print(f"  {field:<15} {getattr(made, field)}")


@app.command("list")
def list_keys(account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List an account's keys, without their secrets."""
    from photoplay.clock import iso

    with open_books(load_settings(data_dir)) as books:
        keys = books.accounts.keys(books.account(account).id)
    if as_json:
        print_json([vars(key) for key in keys])
        return
    for key in keys:
        state = "live" if key.revoked_ms is None else f"revoked {iso(key.revoked_ms)}"
        out.print(f"{key.key_id}  client {key.client_id}  made {iso(key.created_ms)}  {state}")


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="From `photoplay key list`.")], data_dir: DataDir = None) -> None:
    """End a key at once."""

    with open_books(load_settings(data_dir)) as books:
        books.accounts.revoke(key_id)
    out.print("revoked")
