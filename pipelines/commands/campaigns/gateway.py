"""Commands about gateways: the local simulator, and taking in reports and replies; and a STOP from any source.

Protocols belong to `sends.gateways`.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import opened_stores, say
from terms.environment import SIMULATED_SENDING, parse_environment
from terms.errors import UsageError

app = typer.Typer(help="Run a local gateway, take in reports and replies.", no_args_is_help=True)


@app.command()
def listen(name: Annotated[str, typer.Argument(metavar="NAME", help="A file of config/gateways/.")]) -> None:
    """Receive delivery reports and replies of a gateway until stopped. Nothing is sent while nobody listens.

    Example: filiation gateway listen simulator
    """
    from sends.inbound.listener import listen as listen_to

    listen_to(opened_stores(), name, say)


class Protocol(StrEnum):
    """What the local simulator speaks."""

    HTTP = "http"
    SMPP = "smpp"


_PORTS = {Protocol.HTTP: 8025, Protocol.SMPP: 2775}


@app.command()
def simulator(
    protocol: Annotated[
        Protocol, typer.Option(help="What it speaks: its own HTTP, or an SMSC's SMPP.")
    ] = Protocol.HTTP,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1; default 8025, SMPP 2775.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Faults on demand.")] = None,
    received: Annotated[Path | None, typer.Option(help="Gets a line per message received.")] = None,
) -> None:
    """Run a local gateway to send to: message ids, delivery reports, replies, faults.

    Example: filiation gateway simulator --received received.jsonl
    """
    environment = parse_environment(os.environ.get("FILIATION_ENV"))
    if not SIMULATED_SENDING[environment]:
        raise UsageError(
            f"{environment} has no simulator: it would keep real numbers in clear.", "Use FILIATION_ENV=test."
        )
    from sends.gateways.simulator import serve
    from sends.gateways.smsc_simulator import serve_smsc

    servers = {Protocol.HTTP: serve, Protocol.SMPP: serve_smsc}
    servers[protocol](port or _PORTS[protocol], faults, received, say)


def optout(number: str, source: Annotated[str, typer.Option(help="Where the STOP came from; recorded.")]) -> None:
    """Record a STOP from any source. It counts for all sponsors at once.

    Example: filiation optout "06 39 98 00 42" --source "letter of 24 November"
    """
    from sends.inbound.opt_outs import opt_out

    opt_out(opened_stores(), number, source)
    say("The opt-out is effective for all sponsors.")
