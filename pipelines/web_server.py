"""The Dagster UI of one home: which requests it answers, and how it is started.

The UI has no login, and whoever may use it can launch runs. It listens on this machine only and answers only its own pages:
a page of another site, opened in the same browser, must not be able to launch a run. Jobs belong to `pipelines.jobs`.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from terms.errors import UsageError
from terms.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: Where the server listens; also the only names under which it answers, so that no foreign name can be pointed at it.
LOOPBACK = "127.0.0.1"
_OWN_NAMES = frozenset({LOOPBACK, "localhost", "::1"})
#: What the browser says of a page of ours, or of an address that a person typed.
_OWN_SITES = frozenset({"same-origin", "none"})
_READS = frozenset({"GET", "HEAD"})
#: Reads any file of this machine that its caller names; no asset of ours is a notebook.
_NEVER = ("/notebook", "/dagit/notebook")
_WORKSPACE = PROJECT_ROOT / "workspace.yaml"


class OwnRequestsOnly:
    """ASGI middleware that refuses, with 403 and a sentence, what does not come from the UI's own pages or a local program."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; a refused WebSocket is closed before it opens."""
        refused = _why_not(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(f"Refused: {refused}\n", status_code=403)(scope, receive, send)


class LocalWebserver(DagsterWebserver[WorkspaceProcessContext, WorkspaceRequestContext]):
    """Dagster's web server, behind `OwnRequestsOnly`."""

    def build_middleware(self) -> list[Middleware]:
        """Return ours before Dagster's own."""
        return [Middleware(OwnRequestsOnly), *super().build_middleware()]


def serve_ui(instance: dg.DagsterInstance, port: int, say: Callable[[str], None]) -> None:
    """Serve the UI and run schedules and sensors until interrupted.

    Args:
        instance: Dagster's instance of the home.
        port: on this machine.
        say: told the address, once it can be opened.

    Raises:
        UsageError: another program has the port.
    """
    listening = _listening(port)
    # uvicorn sends itself the signal again once it has closed: without a handler the daemon would outlive this process
    signal.signal(signal.SIGTERM, _leave)
    target = WorkspaceFileTarget([str(_WORKSPACE)])
    with listening, _daemon(), WorkspaceProcessContext(instance, target) as workspace:
        server = uvicorn.Server(uvicorn.Config(LocalWebserver(workspace).create_asgi_app(), log_level="warning"))
        say(f"The UI is at http://{LOOPBACK}:{port} (Ctrl-C ends it).")
        server.run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    """Return a socket that holds the port: asked before anything is started, which takes a quarter of a minute."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise UsageError(f"The UI cannot have port {port} ({error.strerror}).", "Choose another with --port.") from None


def _leave(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _daemon() -> Iterator[None]:
    """Run Dagster's daemon (schedules, sensors, queued runs) beside the server; it ends with it."""
    daemon = subprocess.Popen([sys.executable, "-m", "dagster._daemon", "run", "-w", str(_WORKSPACE)])
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def _why_not(scope: Scope) -> str | None:
    """Return why a request is not answered, or None."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    foreign = _foreign(headers)
    if foreign is not None:
        return foreign
    if scope["path"].rstrip("/") in _NEVER:
        return "notebooks are not served."
    return _unsafe_query(scope, headers) if scope["type"] == "http" else None


def _foreign(headers: Mapping[str, str]) -> str | None:
    host = headers.get("host", "")
    if _name_of(host) not in _OWN_NAMES:
        return "this server answers under the name of this machine only (127.0.0.1, localhost)."
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "the request comes from a page of another site."
    if headers.get("sec-fetch-site", "none") not in _OWN_SITES and headers.get("sec-fetch-mode") != "navigate":
        return "the request comes from a page of another site."
    return None


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # no address at all
        return None


def _unsafe_query(scope: Scope, headers: Mapping[str, str]) -> str | None:
    """Refuse what a browser sends for any page without asking: a form, and a query within an address."""
    if scope["method"] in _READS:
        asks = scope["query_string"] and scope["path"].rstrip("/").endswith("/graphql")
        return "a query is sent as JSON in a POST request, not within an address." if asks else None
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return "the body of a request is JSON (Content-Type: application/json)."
    return None
