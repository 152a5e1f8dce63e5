"""``photoplay credits``: grant, balance, audit."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from photoplay.cli.books import open_books
from photoplay.cli.console import AccountOption, AsJson, DataDir, err, load_settings, out, print_json

app = typer.Typer(help="Grant credits, show balances, check the books.", no_args_is_help=True)


@app.command("grant")
def grant(
    amount: Annotated[int, typer.Argument(min=1, help="Credits to give.")],
    account: AccountOption = None,
    note: Annotated[str, typer.Option(help="Why, for the books.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Give an account credits to spend."""
    from photoplay.accounts import Ledger
    from photoplay.db import writing

    with open_books(load_settings(data_dir)) as books:
        chosen = books.account(account)
        with writing(books.engine) as connection:
            Ledger().grant(connection, account_id=chosen.id, amount=amount, note=note)
            balance = Ledger.balance(connection, chosen.id)
    out.print(f"{escape(chosen.name)} has {balance.available} credits to spend, {balance.held} held for jobs.")


@app.command("balance")
def balance(account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what every account has, or one of them."""
    from photoplay.accounts import Ledger

    with open_books(load_settings(data_dir)) as books:
        shown = [books.account(account)] if account is not None else books.accounts.list()
        with books.engine.connect() as connection:
            rows = [(one, Ledger.balance(connection, one.id)) for one in shown]
    if as_json:
        print_json(
            [
                {"account_id": a.id, "name": a.name, "plan": a.plan, "available": b.available, "held": b.held}
                for a, b in rows
            ]
        )
        return
    for one, has in rows:
        out.print(f"{one.id}  {escape(one.name)} ({one.plan}): {has.available} to spend, {has.held} held")


@app.command("audit")
def check_books(data_dir: DataDir = None) -> None:
    """Check that every balance is what its entries say and every job is settled once. Fails when one is not."""
    from photoplay.accounts import audit

    with open_books(load_settings(data_dir)) as books:
        wrong = audit(books.engine)
    for line in wrong:
        err.print(escape(line))
    if wrong:
        raise typer.Exit(1)
    out.print("the books are right")
