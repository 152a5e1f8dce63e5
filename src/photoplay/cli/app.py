"""The command tree and the way out of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from photoplay import __version__
from photoplay.cli import animate, cluster, credits, doctor, effects, jobs, keys, migrate, models, plan, serve, webhooks
from photoplay.cli.console import INTERRUPTED, database_failure, err, exit_code, out, report
from photoplay.errors import PhotoplayError

app = typer.Typer(
    name="photoplay",
    help="Turns a photo and a prompt into a video that moves, with sound.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        out.print(f"photoplay {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Turns a photo and a prompt into a video that moves, with sound."""


app.command("animate")(animate.animate)
app.command("plan")(plan.plan)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("cluster")(cluster.cluster)
app.add_typer(keys.app, name="key")
app.add_typer(credits.app, name="credits")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(effects.app, name="effects")
app.add_typer(webhooks.app, name="webhooks")
app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Runs the command line and ends the process."""
    try:
        app(prog_name="photoplay")
    except PhotoplayError as error:
        report(error)
        sys.exit(exit_code(error))
    except Exception as error:  # the rim of the process: a database that fails is no defect of ours, the rest is
        failure = database_failure(error)
        if failure is None:
            raise
        report(failure)
        sys.exit(exit_code(failure))
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(INTERRUPTED)
