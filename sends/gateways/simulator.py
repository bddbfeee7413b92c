"""A local gateway over HTTP: message ids, delayed DLRs, MOs and faults on demand, on 127.0.0.1 only.

POST /messages             {to, from, text, reference, validity_minutes} -> {message_id}
GET  /messages/REFERENCE   -> {message_id | null, is_record_whole}
GET  /events?wait=SECONDS  -> {events: [...]}, told again until
POST /events/ack           {event_ids}
POST /replies              {from, text}: a phone writes back

Faults and what becomes of a message belong to `faults`. Nothing here knows of plans or rules; the client is
`http_simulator`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sends.gateways.faults import Faults, fate_of, hits, read_faults
from sends.gateways.received import ReceivedFile
from terms.clock import Clock, to_iso
from terms.errors import UsageError
from terms.identifiers import digest

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class _Pending:
    due: float
    event: Mapping[str, str | None]


class Simulator:
    """The gateway's memory and its HTTP server.

    Args:
        port: TCP port on 127.0.0.1; 0 = a free one.
        faults: what goes wrong.
        received: file that gets a line per message, read again at the next start; None = no durable record.
        clock: of this process.

    Raises:
        OSError: the port is taken, or the record cannot be read or written.
    """

    def __init__(self, port: int, faults: Faults, received: Path | None, clock: Clock) -> None:
        self._faults, self._clock = faults, clock
        self._changed = threading.Condition()
        self._ids: dict[str, str] = {}
        self._pending: dict[str, _Pending] = {}
        self._count = self._replies = 0
        self._record = None if received is None else ReceivedFile(received)
        if self._record is not None:
            self._ids = {line["reference"]: line["gateway_message_id"] for line in self._record.lines}
        self._server = _Server(port, self)

    @property
    def port(self) -> int:
        """Return the port that the server listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://{_HOST}:{self.port}"

    def run(self) -> None:
        """Answer until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop answering and close the record."""
        self._server.shutdown()
        self._server.server_close()
        if self._record is not None:
            self._record.close()

    def take(self, body: Mapping[str, object]) -> tuple[int, dict[str, object] | None]:
        """Take a message in: status and answer, or None for a cut connection. The record is flushed before."""
        faults = self._faults
        time.sleep(faults.slow_seconds)
        with self._changed:
            self._count += 1
            count = self._count
            if hits(faults.error_every, count):
                return 500, {"error": "out of order"}
            if hits(faults.throttle_every, count):
                return 429, {"error": "slower"}
            if hits(faults.refuse_every, count):
                return 422, {"error": "refused"}
            message_id = digest(str(body["reference"]), str(count))[:16]
            self._ids[str(body["reference"])] = message_id
            self._write(body, message_id)
            if count == faults.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self._schedule(body, message_id, count)
        if hits(faults.early_report_every, count):
            time.sleep(0.05)
        return 200, None if hits(faults.silence_every, count) else {"message_id": message_id}

    def find(self, reference: str) -> dict[str, object]:
        """Tell whether a reference was received; the record is whole only where it survives a restart."""
        with self._changed:
            return {"message_id": self._ids.get(reference), "is_record_whole": self._record is not None}

    def events(self, wait_seconds: float) -> dict[str, object]:
        """Return the events that are due and not acknowledged, waiting for the first up to a time."""
        end = time.monotonic() + wait_seconds
        with self._changed:
            while not (due := self._due()) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.05))
        return {"events": due}

    def acknowledge(self, event_ids: list[str]) -> None:
        """Forget events."""
        with self._changed:
            for event_id in event_ids:
                self._pending.pop(event_id, None)

    def reply(self, from_e164: str, text: str) -> None:
        """Let a phone write back."""
        with self._changed:
            self._replies += 1
            event = {"kind": "reply", "from": from_e164, "text": text}
            self._push(event, f"reply{self._replies}", 0.0)

    def _due(self) -> list[Mapping[str, str | None]]:
        now = time.monotonic()
        return [item.event for item in self._pending.values() if item.due <= now][:500]

    def _schedule(self, body: Mapping[str, object], message_id: str, count: int) -> None:
        faults, to = self._faults, str(body["to"])
        status = fate_of(to)
        delay = faults.report_delay_seconds * (10 if hits(faults.late_report_every, count) else 1)
        if hits(faults.early_report_every, count):
            delay = 0.0
        if status is not None and not hits(faults.missing_report_every, count):
            event = {
                "kind": "report",
                "reference": str(body["reference"]),
                "message_id": message_id,
                "status": status.value,
            }
            for copy in range(2 if hits(faults.duplicate_report_every, count) else 1):
                self._push(event, f"{message_id}-{copy}", delay)
        if hits(faults.stop_reply_every, count):
            self._push({"kind": "reply", "from": to, "text": "STOP"}, f"{message_id}-stop", delay)

    def _push(self, event: Mapping[str, str | None], event_id: str, delay: float) -> None:
        whole = {**event, "event_id": digest(event_id)[:16], "at": to_iso(self._clock.now())}
        self._pending[str(whole["event_id"])] = _Pending(time.monotonic() + delay, whole)
        self._changed.notify_all()

    def _write(self, body: Mapping[str, object], message_id: str) -> None:
        if self._record is None:
            return
        line = {name: str(body[name]) for name in ("to", "from", "text", "reference")}
        self._record.write({"at": to_iso(self._clock.now())} | line | {"gateway_message_id": message_id})


def serve(port: int, faults: Path | None, received: Path | None, say: Callable[[str], None]) -> None:
    """Run the simulator until interrupted.

    Args:
        port: TCP port on 127.0.0.1.
        faults: YAML or JSON with what goes wrong (see `Faults`).
        received: file that gets a line per message; read again at the next start, so that its record stays whole.
        say: told the address, once.

    Raises:
        UsageError: the port is taken, or a file cannot be read or written.
    """
    simulator = start(port, read_faults(faults) if faults else Faults(), received, Clock())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=simulator.stop).start())
    say(f"simulator: listening on {simulator.url}")
    simulator.run()


def start(port: int, faults: Faults, received: Path | None, clock: Clock) -> Simulator:
    """Return a simulator that holds its port and does not answer yet; call `run`, in a thread if need be.

    Args:
        port: TCP port on 127.0.0.1; 0 = a free one.
        faults: what goes wrong.
        received: file of the durable record; None = none.
        clock: of this process.

    Raises:
        UsageError: the port is taken, or the record cannot be written.
    """
    try:
        return Simulator(port, faults, received, clock)
    except OSError as error:
        what = f"port {port} of {_HOST}" if received is None else f"port {port} of {_HOST}, or {received},"
        raise UsageError(f"The simulator cannot have {what} ({error.strerror}).", "Choose others.") from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, simulator: Simulator) -> None:
        self.simulator = simulator
        super().__init__((_HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per answer
    server: _Server

    def do_GET(self) -> None:
        """Answer a question."""
        url = urlsplit(self.path)
        if url.path.startswith("/messages/"):
            self._answer(200, self.server.simulator.find(url.path.removeprefix("/messages/")))
        elif url.path == "/events":
            wait = float(parse_qs(url.query).get("wait", ["0"])[0])
            self._answer(200, self.server.simulator.events(wait))
        else:
            self._answer(404, {"error": "no such page"})

    def do_POST(self) -> None:
        """Take a message, an acknowledgement or a reply in."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        if self.path == "/messages":
            self._answer(*self.server.simulator.take(body))
        elif self.path == "/events/ack":
            self.server.simulator.acknowledge(body["event_ids"])
            self._answer(200, {})
        elif self.path == "/replies":
            self.server.simulator.reply(body["from"], body["text"])
            self._answer(200, {})
        else:
            self._answer(404, {"error": "no such page"})

    def _answer(self, status: int, body: Mapping[str, object] | None) -> None:
        if body is None:
            self.close_connection = True
            return
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a request line may hold a reference, its body a number."""
