"""``photoplay serve`` and ``photoplay worker``."""

from __future__ import annotations

from typing import Annotated

import typer

from photoplay.cli.console import DataDir, load_settings, out, start_logging


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.", show_default="8000")
    ] = None,
    data_dir: DataDir = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Only answer; leave rendering to workers.")] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer, on one port. The first one renders.")
    ] = 1,
) -> None:
    """Run the server until Ctrl-C.

    Once it answers, its URL is printed and kept in `server.json` in the data folder. With several processes one that
    dies is started anew; any of them answers for any job.
    """
    settings = load_settings(data_dir, host=host, port=port)
    start_logging(settings)
    from photoplay.server import serve as run

    def ready(url: str) -> None:
        # One line that a script can read; rich would style and wrap it.
        print(f"photoplay is serving at {url} (docs: {url}/docs)", flush=True)

    run(settings, role="api" if no_worker else "all", processes=processes, on_ready=ready)
    out.print("stopped")


def worker(
    slots: Annotated[
        int | None, typer.Option(min=1, max=64, help="Clips rendered at the same time.", show_default="1")
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="Take jobs of this engine only. May be repeated.", show_default="all")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Take jobs of this model's pool only. May be repeated.", show_default="all"),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Render jobs until Ctrl-C, without serving HTTP.

    Workers may join and leave at any time. On SIGTERM running clips get the time of the setting `drain_s` to end; what
    is not done by then, and everything on Ctrl-C, goes back into the queue.
    """
    settings = load_settings(
        data_dir, slots=slots, worker_engines=engine and tuple(engine), worker_models=model and tuple(model)
    )
    start_logging(settings)
    from photoplay.jobs.runtime import Runtime
    from photoplay.jobs.signals import StopSignals
    from photoplay.server import register_callbacks

    runtime = Runtime.open(settings)
    told = StopSignals(runtime.hurry)
    try:
        register_callbacks(runtime, settings)
        runtime.launch("worker")
        out.print("photoplay worker is ready")
        told.wait()
    finally:
        runtime.close(settings.drain_s)
    out.print("stopped")
