"""The command that serves the Dagster UI; which requests it answers is decided in `pipelines.web_server`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.answers import opened_stores, say


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(ui)


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000,
) -> None:
    """Serve the Dagster UI of this home, with its schedule and its sensor, on 127.0.0.1 only.

    Example: filiation ui --port 3000
    """
    import dagster as dg

    from pipelines.instance import use_instance
    from pipelines.web_server import serve_ui

    use_instance(opened_stores().home)
    with dg.DagsterInstance.get() as instance:
        serve_ui(instance, port, say)
