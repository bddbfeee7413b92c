"""A local SMSC over SMPP 3.4: message ids, DLRs, MOs and faults on demand, on 127.0.0.1 only.

A DLR is told until it is acknowledged, across restarts where there is a durable record; told are transceivers,
because the library of the server refuses a receiver's acknowledgements. Faults and what becomes of a message stand in
`faults`. Nothing here knows of plans or rules; the client is `smpp`, and Kannel speaks to it too.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import secrets
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import smpp34
from smpplib import consts

from sends.gateways.faults import Faults, fate_of, hits, read_faults
from sends.gateways.gateway import DlrStatus
from sends.gateways.received import ReceivedFile
from sends.gateways.sms_parts import Parts
from sends.gateways.sms_text import encode_text
from terms.clock import Clock, to_iso
from terms.errors import UsageError

_HOST = "127.0.0.1"

#: A `deliver_sm` that was not acknowledged is tried again after this; so many may wait for their acknowledgement.
_AGAIN_SECONDS, _WINDOW = 0.5, 50

#: message_state of a final report (SMPP 3.4, 5.2.28).
_STATES = {DlrStatus.DELIVERED: 2, DlrStatus.EXPIRED: 3, DlrStatus.UNDELIVERED: 5}

#: Optional parameters of messages and DLRs.
_MARK, _MESSAGE_ID, _STATE = (
    consts.OPTIONAL_PARAMS[name] for name in ("user_message_reference", "receipted_message_id", "message_state")
)

_ESM_RECEIPT, _WANTS_DLR, _INTERNATIONAL = 0x04, 0x01, 1


@dataclass(frozen=True)
class _Message:
    """A submitted message as far as its DLR needs it; `mark` is the sender's user_message_reference."""

    message_id: str
    to: str
    sender: str
    mark: int | None


@dataclass(frozen=True)
class _Pending:
    """One `deliver_sm` that must be acknowledged; `key` names it in the record of acknowledgements."""

    key: str
    phone: str
    to: str
    octets: bytes
    esm_class: int = 0
    coding: int = 0
    tlvs: tuple[smpp34.Tlv, ...] = ()


@dataclass(order=True)
class _Due:
    at: float
    number: int
    pending: _Pending = field(compare=False)


class SmscSimulator:
    """The SMSC's memory and its server; `run` blocks until `stop` is called from another thread.

    Args:
        port: TCP port on 127.0.0.1, a free one.
        faults: what goes wrong.
        received: file that gets a line per message, read again at the next start; None = no durable record.
        clock: of this process.

    Raises:
        OSError: the record cannot be read or written.
    """

    def __init__(self, port: int, faults: Faults, received: Path | None, clock: Clock) -> None:
        self.port, self._faults, self._clock = port, faults, clock
        self._record = None if received is None else ReceivedFile(received)
        self._acknowledged = None if received is None else ReceivedFile(acknowledgements_of(received))
        self._parts = Parts()
        self._receivers: dict[str, smpp34.Esme] = {}
        self._due: list[_Due] = []
        self._count, self._numbers = 0, 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"smpp://{_HOST}:{self.port}"

    def run(self, is_ready: Callable[[], None] = lambda: None) -> None:
        """Answer until stopped; `is_ready` is called when the port is open."""
        asyncio.run(self._serve(is_ready))

    def stop(self) -> None:
        """Stop answering; what was not acknowledged is told again by the next run."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    def reply(self, phone: str, text: str, to: str = "36111") -> None:
        """Let a phone write back.

        Args:
            phone: E.164.
            text: of the MO.
            to: short code that it writes to.
        """
        encoded = encode_text(text)
        pending = _Pending(f"reply.{secrets.token_hex(8)}", phone, to, encoded.octets, coding=int(encoded.coding))
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._push, pending, 0.0)

    async def _serve(self, is_ready: Callable[[], None]) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = smpp34.Server(_HOST, self.port, system_id="SIMULATOR", inbound_capacity=5000)
        await server.start()
        self._tell_again()
        telling = asyncio.create_task(self._deliver_all())
        events = asyncio.create_task(self._take_events(server))
        is_ready()
        await self._stopped.wait()
        for task in (events, telling, *self._tasks):
            task.cancel()
        await server.stop()
        for record in (self._record, self._acknowledged):
            if record is not None:
                record.close()

    def _tell_again(self) -> None:
        """Take up the DLRs that an earlier run owed."""
        if self._record is None or self._acknowledged is None:
            return
        told = {line["key"] for line in self._acknowledged.lines}
        for line in self._record.lines:
            self._count += 1
            mark = int(line["reference"]) if line["reference"] else None
            message = _Message(line["gateway_message_id"], line["to"], line["from"], mark)
            for pending in self._dlrs(message, self._count, datetime.fromisoformat(line["at"])):
                if pending.key not in told:
                    self._push(pending, 0.0)

    async def _take_events(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.SubmitSmEvent):
                self._start(self._take(event))
            elif isinstance(event, smpp34.Unbound):
                self._receivers.pop(event.session_id, None)
            elif event.can_receive:
                self._receivers[event.session_id] = event

    async def _take(self, event: smpp34.SubmitSmEvent) -> None:
        """Take a message in and answer; the record is flushed before."""
        faults = self._faults
        self._count += 1
        count = self._count
        if faults.slow_seconds:
            await asyncio.sleep(faults.slow_seconds)
        refusal = self._refusal(count)
        if refusal is not None:
            event.reject(refusal)
            return
        message = _Message(secrets.token_hex(8), f"+{event.destination_addr}", event.source_addr, _mark(event))
        self._write(event, message)
        if count == faults.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._schedule(event, message, count)
        if hits(faults.early_report_every, count):
            await asyncio.sleep(0.05)
        if hits(faults.silence_every, count):
            await asyncio.Event().wait()  # letting the event go would refuse it
        event.accept(message.message_id)

    def _refusal(self, count: int) -> int | None:
        faults = self._faults
        if hits(faults.error_every, count):
            return int(consts.SMPP_ESME_RSYSERR)
        if hits(faults.throttle_every, count):
            return int(consts.SMPP_ESME_RTHROTTLED)
        return int(consts.SMPP_ESME_RINVDSTADR) if hits(faults.refuse_every, count) else None

    def _write(self, event: smpp34.SubmitSmEvent, message: _Message) -> None:
        text = self._parts.text_of(event)
        if self._record is None or text is None:
            return
        line = {"at": to_iso(self._clock.now()), "to": message.to, "from": message.sender, "text": text}
        reference = "" if message.mark is None else str(message.mark)
        self._record.write({**line, "reference": reference, "gateway_message_id": message.message_id})

    def _schedule(self, event: smpp34.SubmitSmEvent, message: _Message, count: int) -> None:
        faults = self._faults
        delay = faults.report_delay_seconds * (10 if hits(faults.late_report_every, count) else 1)
        if hits(faults.early_report_every, count):
            delay = 0.0
        if event.registered_delivery & _WANTS_DLR:
            for pending in self._dlrs(message, count, self._clock.now()):
                self._push(pending, delay)
        if hits(faults.stop_reply_every, count):
            self._push(_Pending(f"{message.message_id}.stop", message.to, message.sender, b"STOP"), delay)

    def _dlrs(self, message: _Message, count: int, at: datetime) -> list[_Pending]:
        """Return what is told about a message in the end: one DLR, none, or the same twice."""
        status = fate_of(message.to)
        if status is None or hits(self._faults.missing_report_every, count):
            return []
        copies = 2 if hits(self._faults.duplicate_report_every, count) else 1
        return [_dlr(message, status, at, copy) for copy in range(copies)]

    def _push(self, pending: _Pending, delay: float) -> None:
        self._numbers += 1
        heapq.heappush(self._due, _Due(asyncio.get_running_loop().time() + delay, self._numbers, pending))

    async def _deliver_all(self) -> None:
        slots = asyncio.Semaphore(_WINDOW)
        while True:
            now = asyncio.get_running_loop().time()
            if not self._receivers or not self._due or self._due[0].at > now:
                await asyncio.sleep(0.01)
                continue
            await slots.acquire()
            self._start(self._deliver(heapq.heappop(self._due).pending, slots))

    async def _deliver(self, pending: _Pending, slots: asyncio.Semaphore) -> None:
        """Send one `deliver_sm` to some receiver; without its acknowledgement it is told again."""
        try:
            is_acknowledged = await self._tell(pending)
        finally:
            slots.release()
        if not is_acknowledged:
            self._push(pending, _AGAIN_SECONDS)
        elif self._acknowledged is not None:
            self._acknowledged.write({"key": pending.key})

    async def _tell(self, pending: _Pending) -> bool:
        receiver = next(iter(self._receivers.values()), None)
        if receiver is None:
            return False
        try:
            answer = await receiver.deliver_sm(
                destination_addr=pending.to,
                short_message=pending.octets,
                source_addr=pending.phone.removeprefix("+"),
                source_addr_ton=_INTERNATIONAL,
                source_addr_npi=1,
                esm_class=pending.esm_class,
                data_coding=pending.coding,
                tlvs=list(pending.tlvs),
            )
        except smpp34.SmppError:
            return False
        return bool(answer.is_success)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def serve_smsc(port: int, faults: Path | None, received: Path | None, say: Callable[[str], None]) -> None:
    """Run the SMSC until interrupted.

    Args:
        port: TCP port on 127.0.0.1.
        faults: YAML or JSON with what goes wrong (see `Faults`).
        received: file that gets a line per message; read again at the next start. Beside it stands what was acknowledged.
        say: told the address, once.

    Raises:
        UsageError: the port is taken, or a file cannot be read or written.
    """
    smsc = open_smsc(port, read_faults(faults) if faults else Faults(), received, Clock())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: smsc.stop())
    smsc.run(lambda: say(f"simulator: listening on {smsc.url}"))


def open_smsc(port: int, faults: Faults, received: Path | None, clock: Clock) -> SmscSimulator:
    """Return an SMSC that does not answer yet; call `run`, in a thread if need be.

    Args:
        port: TCP port on 127.0.0.1; 0 = a free one.
        faults: what goes wrong.
        received: file of the durable record; None = none.
        clock: of this process.

    Raises:
        UsageError: the port is taken, or the record cannot be written.
    """
    try:
        with socket.socket() as probe:  # the server itself does not tell that a port is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
            return SmscSimulator(probe.getsockname()[1], faults, received, clock)
    except OSError as error:
        what = f"port {port} of {_HOST}" if received is None else f"port {port} of {_HOST}, or {received},"
        raise UsageError(f"The simulator cannot have {what} ({error.strerror}).", "Choose others.") from None


def acknowledgements_of(received: Path) -> Path:
    """Return the file that says which DLRs were acknowledged."""
    return received.with_name(received.name + ".acknowledged")


def _mark(event: smpp34.SubmitSmEvent) -> int | None:
    found = (tlv.as_int() for tlv in event.tlvs if tlv.tag == _MARK)
    return next(found, None)


def _dlr(message: _Message, status: DlrStatus, at: datetime, copy: int) -> _Pending:
    """Return a DLR as operators write it: in words and in optional parameters."""
    when = f"{at:%y%m%d%H%M}"
    words = f"id:{message.message_id} sub:001 dlvrd:001 submit date:{when} done date:{when} stat:{status} err:000 text:"
    tlvs = [
        smpp34.Tlv(_MESSAGE_ID, message.message_id.encode() + b"\0"),
        smpp34.Tlv(_STATE, bytes([_STATES[status]])),
    ]
    if message.mark is not None:
        tlvs.append(smpp34.Tlv(_MARK, message.mark.to_bytes(2, "big")))
    key = f"{message.message_id}.{copy}"
    return _Pending(key, message.to, message.sender, words.encode(), _ESM_RECEIPT, tlvs=tuple(tlvs))
