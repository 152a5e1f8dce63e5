"""``photoplay key``: accounts and their keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from photoplay.cli.books import open_books
from photoplay.cli.console import AccountOption, AsJson, DataDir, load_settings, out, print_json
from photoplay.errors import InvalidField

app = typer.Typer(help="Make and revoke the keys with which programs reach the server.", no_args_is_help=True)

# Shown in the help, which must not wait for the accounts room to load; a test holds them to what is true there.
DEFAULTS = {"plan": "free", "credits": "1000"}
_SHOWN = ("account_id", "api_key", "client_id", "client_secret", "access_key", "secret_key", "webhook_secret")


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="Name of the new account, or of the further key.")] = "default",
    plan: Annotated[
        str | None,
        typer.Option(help="free, starter, pro, pro-max, business or enterprise.", show_default=DEFAULTS["plan"]),
    ] = None,
    credits: Annotated[
        int | None, typer.Option(min=0, help="Credits to start with.", show_default=DEFAULTS["credits"])
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Make a further key for this account (id or name) instead.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account and a key with its secrets. They are shown once, and never again."""
    from photoplay.accounts import DEFAULT_CREDITS, DEFAULT_PLAN

    if account is not None and (plan is not None or credits is not None):
        raise InvalidField("account", "--plan and --credits are for a new account; leave them out with --account")
    with open_books(load_settings(data_dir)) as books:
        if account is not None:
            made = books.accounts.create_key(books.account(account).id, name)
        else:
            made = books.accounts.create(
                name, DEFAULT_PLAN if plan is None else plan, DEFAULT_CREDITS if credits is None else credits
            )
        owner = books.accounts.get(made.account_id)
    if as_json:
        print_json({field: getattr(made, field) for field in _SHOWN})
        return
    out.print(f"Account [bold]{escape(owner.name)}[/] on plan {owner.plan}. Keep these; they are not shown again:")
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
