"""Kannel: messages by its `sendsms` page, DLRs and MOs by its callbacks, answered after our commit.

Kannel gives no id of its own and echoes what stands in the callback's address: our reference. It keeps a queue and
repeats towards the SMSC by itself: what its own death doubles is not seen here (config/kannel.conf makes it little).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import requests

from sends.gateways.gateway import (
    Answer,
    DlrStatus,
    EventKind,
    GatewayEvent,
    GatewayUnreachable,
    HandOver,
    HandOverProof,
    Outgoing,
    Proof,
)
from sends.gateways.http_session import open_session, was_refused
from sends.gateways.settings import GatewaySettings
from sends.gateways.sms_text import DataCoding, encode_text
from terms.errors import UsageError
from terms.identifiers import digest

#: Kannel's bits: delivered, failed at the phone, waiting at the SMSC, taken by the SMSC, refused by the SMSC.
_DELIVERED, _FAILED, _BUFFERED, _TAKEN, _REFUSED = 1, 2, 4, 8, 16
_EVERY_DLR = _DELIVERED | _FAILED | _BUFFERED | _TAKEN | _REFUSED

_STATUSES: Mapping[int, DlrStatus] = MappingProxyType(
    {
        _DELIVERED: DlrStatus.DELIVERED,
        _FAILED: DlrStatus.UNDELIVERED,
        _BUFFERED: DlrStatus.ACCEPTED,
        _TAKEN: DlrStatus.ACCEPTED,
        _REFUSED: DlrStatus.UNDELIVERED,
        _FAILED | 32: DlrStatus.EXPIRED,
    }
)

#: What `coding` of `sendsms` calls the alphabets.
_CODINGS: Mapping[DataCoding, str] = MappingProxyType({DataCoding.GSM: "0", DataCoding.UCS_2: "2"})

#: Events told at once.
_AT_ONCE = 500


class Kannel:
    """One Kannel on this machine; its callbacks are heard from the first `events` on."""

    def __init__(self, settings: GatewaySettings, password: str) -> None:
        if settings.kannel is None:
            raise TypeError(f"{settings.name} has no account: `read_gateway` makes sure of it")
        self._settings, self._account, self._password = settings, settings.kannel, password
        self._url = settings.url.rstrip("/")
        self._local = threading.local()
        self._connections: ThreadPoolExecutor | None = None
        self._open: set[Future[HandOver]] = set()
        self._callbacks: _Callbacks | None = None

    def hand_over(self, message: Outgoing) -> Sequence[HandOver]:
        """Hand a message over on one of a few connections, then wait until one of them is free."""
        if self._connections is None:
            self._connections = ThreadPoolExecutor(self._account.connections)
        self._open.add(self._connections.submit(self._send, message))
        if len(self._open) < self._account.connections:
            return ()
        done, self._open = wait(self._open, return_when=FIRST_COMPLETED)
        return [future.result() for future in done]

    def finish(self) -> Sequence[HandOver]:
        """Wait for the answers on all connections."""
        done, self._open = self._open, set()
        return [future.result() for future in done]

    def received(self, reference: str) -> HandOverProof:
        """Return no proof: its spool survives a kill and not a power cut. The DLR "taken by the SMSC" is evidence."""
        return HandOverProof(Proof.NONE)

    def events(self, wait_seconds: float) -> Sequence[GatewayEvent]:
        """Return callbacks that wait for their answer; where none came, Kannel and its SMSC must be there all the same.

        Raises:
            UsageError: another process listens on the callback port.
        """
        if self._callbacks is None:
            self._callbacks = _listen(self._account.callback_port)
        told = self._callbacks.waiting(wait_seconds)
        if not told:
            self._check_alive()
        return told

    def acknowledge(self, events: Sequence[GatewayEvent]) -> None:
        """Answer the callbacks of events; one whose connection is gone comes again and is told again."""
        if self._callbacks is not None:
            self._callbacks.answer({event.event_id for event in events})

    def close(self) -> None:
        """Let the connections go and stop hearing callbacks; Kannel repeats those that were not answered."""
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.shutdown()
        callbacks, self._callbacks = self._callbacks, None
        if callbacks is not None:
            callbacks.stop()

    def _send(self, message: Outgoing) -> HandOver:
        try:
            answer = self._session().get(
                f"{self._url}/cgi-bin/sendsms", params=self._query(message), timeout=self._settings.timeout_seconds
            )
        except requests.ConnectionError as error:
            is_unsent = was_refused(error)
            detail = "connection refused" if is_unsent else "connection lost"
            return HandOver(message.reference, Answer.NOT_SENT if is_unsent else Answer.UNKNOWN, detail=detail)
        except requests.RequestException:
            return HandOver(message.reference, Answer.UNKNOWN, detail="no answer")
        return HandOver(message.reference, _read(answer.status_code), detail=f"http {answer.status_code}")

    def _query(self, message: Outgoing) -> dict[str, str]:
        callback = (
            f"http://127.0.0.1:{self._account.callback_port}/report?reference={message.reference}&status=%d&id=%F"
        )
        return {
            "username": self._account.username,
            "password": self._password,
            "from": message.sender,
            "to": message.to,
            "text": message.text,
            "charset": "UTF-8",
            "coding": _CODINGS[encode_text(message.text).coding],  # without it Kannel replaces what GSM lacks
            "validity": str(message.validity_minutes),
            "account": message.reference,
            "dlr-mask": str(_EVERY_DLR),
            "dlr-url": callback,
        }

    def _check_alive(self) -> None:
        """Ask the bearerbox whether it runs and its SMSC is online: else a STOP could not reach us.

        Raises:
            GatewayUnreachable: one of them is not.
        """
        url = f"http://{self._settings.host}:{self._account.admin_port}/status.txt"
        try:
            answer = self._session().get(
                url, params={"password": self._password}, timeout=self._settings.timeout_seconds
            )
        except requests.RequestException:
            raise GatewayUnreachable("Kannel's bearerbox does not answer.") from None
        if answer.status_code != 200 or "Status: running" not in answer.text or "(online" not in answer.text:
            raise GatewayUnreachable("Kannel has no SMSC.")

    def _session(self) -> requests.Session:
        """Return this thread's connection."""
        if not hasattr(self._local, "session"):
            self._local.session = open_session()
        session: requests.Session = self._local.session
        return session


def _read(status: int) -> Answer:
    """Return what an answer means: 202 = in Kannel's spool, whether its SMSC is there or not."""
    if status == 202:
        return Answer.ACCEPTED
    return Answer.REJECTED if 400 <= status < 500 else Answer.UNKNOWN


class _Waiting:
    """One callback whose connection is held open until its event is acknowledged."""

    def __init__(self, event: GatewayEvent) -> None:
        self.event, self.is_answered = event, threading.Event()


class _Callbacks(ThreadingHTTPServer):
    """Kannel's callbacks: each is held until acknowledged, then answered."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, port: int) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self.is_stopped = False
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def waiting(self, wait_seconds: float) -> list[GatewayEvent]:
        """Return the events that wait, each once, after waiting for the first up to a time."""
        end = time.monotonic() + wait_seconds
        with self._changed:
            while not self._waiting and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return list({item.event.event_id: item.event for item in self._waiting[:_AT_ONCE]}.values())

    def answer(self, event_ids: set[str]) -> None:
        """Let the callbacks of events be answered."""
        with self._changed:
            for item in self._waiting:
                if item.event.event_id in event_ids:
                    item.is_answered.set()
            self._waiting = [item for item in self._waiting if not item.is_answered.is_set()]

    def hold(self, event: GatewayEvent) -> bool:
        """Hold a callback until its event is acknowledged; False where we stopped before."""
        item = _Waiting(event)
        with self._changed:
            self._waiting.append(item)
            self._changed.notify_all()
        while not item.is_answered.wait(0.2):
            if self.is_stopped:
                return False
        return True

    def stop(self) -> None:
        """Close the port; what is held gets no answer."""
        self.is_stopped = True
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Callbacks

    def do_GET(self) -> None:
        """Hold a callback until its event is committed here, then answer it."""
        url = urlsplit(self.path)
        event = _read_callback(url.path, url.query)
        if event is not None and not self.server.hold(event):
            self.close_connection = True
            return
        self.send_response(200 if event is not None else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a request line holds a number and a text."""


def _read_callback(path: str, query: str) -> GatewayEvent | None:
    if path == "/report":
        fields = parse_qs(query)
        reference, status = fields["reference"][0], int(fields["status"][0])
        return GatewayEvent(
            event_id=digest(reference, str(status))[:32],  # %I is new at each callback
            kind=EventKind.DLR,
            reference=reference,
            status=_STATUSES.get(status),
            gateway_message_id=fields.get("id", [None])[0],
        )
    if path == "/reply":
        raw = parse_qs(query, keep_blank_values=True, encoding="latin-1")
        charset = raw["charset"][0]
        text = (
            raw.get("text", [""])[0]
            .encode("latin-1")
            .decode("utf-16-be" if charset == "UTF-16BE" else "utf-8", "replace")
        )
        phone = raw["phone"][0].replace(" ", "+")
        return GatewayEvent(uuid4().hex, EventKind.MO, phone=phone, text=text)
    return None


def _listen(port: int) -> _Callbacks:
    try:
        return _Callbacks(port)
    except OSError:
        raise UsageError(
            f"Port {port} of 127.0.0.1 is taken: Kannel's callbacks could not be heard.", "End the other listener."
        ) from None
