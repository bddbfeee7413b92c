"""SMPP 3.4 direct: a window of `submit_sm` one way, `deliver_sm` acknowledged after our commit the other way.

Sender and listener are two processes, so they bind as two sessions, transmitter and receiver. The library sends and
parses PDUs; it repeats nothing. Reading what a DLR says belongs to `smpp_events`.

One message is one `submit_sm`, a long text in its `message_payload`: parts of our own would be several hand-overs, of
which a crash can lose some.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from smpplib import consts, exceptions, smpp
from smpplib.client import Client
from smpplib.command import Command

from sends.gateways.gateway import (
    Answer,
    GatewayEvent,
    GatewayUnreachable,
    HandOver,
    HandOverProof,
    Outgoing,
    Proof,
    mark_of,
)
from sends.gateways.settings import GatewaySettings, SmppSettings
from sends.gateways.smpp_events import read_deliver
from sends.gateways.sms_text import encode_text

#: Answers that say "not now": the message was not taken.
_NOT_NOW = (consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL)

#: Answers after which nobody knows: the other side failed in the middle.
_DOUBTFUL = (consts.SMPP_ESME_RSYSERR, consts.SMPP_ESME_RUNKNOWNERR)

#: Octets that fit `short_message` as one SMS; more go into `message_payload`.
_SHORT = 140

#: Linux alone has it, and forgets it after a while.
_ACKNOWLEDGE_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)

#: Events told at once, as many as one commit takes well.
_AT_ONCE = 500


class _Lost(Exception):
    """The session ended under us, or none could be made; says why in a word."""


class SmppGateway:
    """One route over SMPP; each direction binds at its first use and again after its session was lost."""

    def __init__(self, settings: GatewaySettings, password: str) -> None:
        self._window, self._timeout = _account(settings).window, settings.timeout_seconds
        self._transmitter = _Session(settings, password, "bind_transmitter")
        self._receiver = _Session(settings, password, f"bind_{_account(settings).listens_as}")
        self._flight = _Flight(self._transmitter, self._timeout)
        self._held: dict[str, _Held] = {}
        self._asked_at: float | None = None

    def hand_over(self, message: Outgoing) -> Sequence[HandOver]:
        """Submit a message, then wait until a slot of the window is free; a slot is always free when this is called."""
        answers = [*self._flight.answers_here(), *self._flight.submit(message)]
        while self._flight.count >= self._window:
            answers += self._flight.next_answers()
        return answers

    def finish(self) -> Sequence[HandOver]:
        """Wait until the window is empty."""
        answers: list[HandOver] = []
        while self._flight.count:
            answers += self._flight.next_answers()
        return answers

    def received(self, reference: str) -> HandOverProof:
        """Return no proof: SMPP's query_sm needs the id that an unknown message lacks. A DLR is the evidence."""
        return HandOverProof(Proof.NONE)

    def events(self, wait_seconds: float) -> Sequence[GatewayEvent]:
        """Return what was delivered and not acknowledged; an idle link is asked whether it lives."""
        try:
            self._receiver.bind()
            self._ask_if_idle()
            while len(self._held) < _AT_ONCE and self._receiver.is_readable(0 if self._held else wait_seconds):
                self._take(self._receiver.read())
        except _Lost:
            self._forget()
            raise GatewayUnreachable("The SMPP session for DLRs and MOs was lost.") from None
        return [held.event for held in self._held.values()]

    def acknowledge(self, events: Sequence[GatewayEvent]) -> None:
        """Answer the `deliver_sm` of events."""
        try:
            for event in events:
                for sequence in self._held.pop(event.event_id).sequences:
                    self._receiver.respond("deliver_sm_resp", sequence)
        except (_Lost, KeyError):
            self._forget()
            raise GatewayUnreachable("The SMPP session was lost before an acknowledgement.") from None

    def close(self) -> None:
        """Unbind both sessions."""
        self._transmitter.close()
        self._receiver.close()
        self._forget()

    def _take(self, pdu: Command) -> None:
        self._asked_at = None
        if pdu.command == "generic_nack":
            self._receiver.drop()
            raise _Lost("what we said was not understood")
        if pdu.command != "deliver_sm":
            return
        event = read_deliver(pdu)
        self._held.setdefault(event.event_id, _Held(event)).sequences.append(pdu.sequence)

    def _ask_if_idle(self) -> None:
        """Ask a link on which nothing came since the last call: a dead one would look like a silent one."""
        now = time.monotonic()
        if self._asked_at is not None and now - self._asked_at > self._timeout:
            self._receiver.drop()
            raise _Lost("no answer")
        if self._asked_at is None and not self._receiver.is_readable(0):
            self._receiver.ask()
            self._asked_at = now

    def _forget(self) -> None:
        self._held.clear()
        self._asked_at = None


@dataclass
class _Held:
    """An event told and not acknowledged, and the sequence numbers under which it came."""

    event: GatewayEvent
    sequences: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Submitted:
    reference: str
    at: float


class _Flight:
    """The messages that were submitted and not answered yet."""

    def __init__(self, session: _Session, timeout: float) -> None:
        self._session, self._timeout = session, timeout
        self._open: dict[int, _Submitted] = {}

    @property
    def count(self) -> int:
        """Return how many wait for their answer."""
        return len(self._open)

    def submit(self, message: Outgoing) -> Sequence[HandOver]:
        """Submit one message; an answer at once means that it did not leave, or that nobody knows."""
        try:
            if not self._open:
                self._session.catch_up()
            self._session.bind()
        except _Lost as reason:
            return [HandOver(message.reference, Answer.NOT_SENT, detail=str(reason))]
        try:
            sequence = self._session.submit(message)
        except _Lost:
            return [HandOver(message.reference, Answer.UNKNOWN, detail="connection lost")]
        self._open[sequence] = _Submitted(message.reference, time.monotonic())
        return ()

    def answers_here(self) -> Sequence[HandOver]:
        """Return the answers that can be read without waiting, and UNKNOWN for each that is overdue."""
        return self._answers(until=time.monotonic())

    def next_answers(self) -> Sequence[HandOver]:
        """Wait for one answer at least, or until the oldest is overdue; return what came and UNKNOWN for the overdue."""
        oldest = next(iter(self._open.values()))
        return self._answers(until=oldest.at + self._timeout)

    def _answers(self, until: float) -> list[HandOver]:
        """Read answers, waiting for the first until an instant of `time.monotonic`; a lost session makes all UNKNOWN."""
        answers: list[HandOver] = []
        try:
            while self._open and self._session.is_readable(0.0 if answers else max(0.0, until - time.monotonic())):
                answers += self._read(self._session.read())
        except _Lost:
            answers += self._give_up(tuple(self._open), "connection lost")
        limit = time.monotonic() - self._timeout
        return answers + self._give_up([key for key, sent in self._open.items() if sent.at <= limit], "no answer")

    def _read(self, pdu: Command) -> Sequence[HandOver]:
        sent = self._open.pop(pdu.sequence, None) if pdu.command in ("submit_sm_resp", "generic_nack") else None
        if sent is None:
            return ()  # an answer that came after we gave its message up
        if pdu.status == consts.SMPP_ESME_ROK and pdu.command == "submit_sm_resp" and pdu.message_id:
            return [HandOver(sent.reference, Answer.ACCEPTED, pdu.message_id.decode("ascii", "replace"))]
        return [HandOver(sent.reference, _refusal(pdu), detail=f"smpp status 0x{pdu.status:08x}")]

    def _give_up(self, sequences: Sequence[int], why: str) -> list[HandOver]:
        return [HandOver(self._open.pop(sequence).reference, Answer.UNKNOWN, detail=why) for sequence in sequences]


def _refusal(pdu: Command) -> Answer:
    if pdu.status in _NOT_NOW:
        return Answer.THROTTLED
    if pdu.command == "generic_nack" or pdu.status in (consts.SMPP_ESME_ROK, *_DOUBTFUL):
        return Answer.UNKNOWN
    return Answer.REJECTED


class _Session:
    """One bound session; every failure of the link closes it and is told as `_Lost`."""

    def __init__(self, settings: GatewaySettings, password: str, bind_command: str) -> None:
        self._settings, self._account, self._password = settings, _account(settings), password
        self._bind_command = bind_command
        self._client: Client | None = None

    def bind(self) -> None:
        """Connect and bind where no session stands."""
        if self._client is not None:
            return
        client = Client(
            self._settings.host, self._settings.port, self._settings.timeout_seconds, allow_unknown_opt_params=True
        )
        client.logger.disabled = True  # it would log whole messages
        self._client = client
        with self._watched("connection refused"):
            client.connect()
            client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._watched("bind refused"):
            bind = {
                "bind_transmitter": client.bind_transmitter,
                "bind_receiver": client.bind_receiver,
                "bind_transceiver": client.bind_transceiver,
            }
            bind[self._bind_command](system_id=self._account.system_id, password=self._password, interface_version=0x34)

    def catch_up(self) -> None:
        """Read what came while nobody waited; a link that ended meanwhile is dropped, so that nothing is written into it."""
        try:
            while self._client is not None and self.is_readable(0):
                self.read()
        except _Lost:
            return

    def submit(self, message: Outgoing) -> int:
        """Write one `submit_sm` and return its sequence number."""
        encoded = encode_text(message.text)
        is_short = len(encoded.octets) <= _SHORT or (encoded.coding == 0 and len(encoded.octets) <= 160)
        pdu = smpp.make_pdu(
            "submit_sm",
            client=self._open(),
            **_source(message.sender),
            dest_addr_ton=consts.SMPP_TON_INTL,
            dest_addr_npi=consts.SMPP_NPI_ISDN,
            destination_addr=message.to.removeprefix("+"),
            data_coding=int(encoded.coding),
            registered_delivery=consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH,
            validity_period=_validity(message.validity_minutes),
            user_message_reference=mark_of(message.reference),
            **({"short_message": encoded.octets} if is_short else {"message_payload": encoded.octets}),
        )
        self._send(pdu)
        return int(pdu.sequence)

    def respond(self, command: str, sequence: int) -> None:
        """Answer a PDU of the other side."""
        pdu = smpp.make_pdu(command, client=self._open())
        pdu.sequence = sequence
        self._send(pdu)

    def ask(self) -> None:
        """Send `enquire_link`."""
        self._send(smpp.make_pdu("enquire_link", client=self._open()))

    def is_readable(self, wait_seconds: float) -> bool:
        """Return whether a PDU, or the end of the link, can be read within a time.

        Before a wait, what came is acknowledged at once: an SMSC may hold its next answers back until then, and Linux would take
        its time, 40 ms a window.
        """
        connection = self._open()._socket
        if wait_seconds > 0 and _ACKNOWLEDGE_AT_ONCE is not None:
            connection.setsockopt(socket.IPPROTO_TCP, _ACKNOWLEDGE_AT_ONCE, 1)
        return bool(select.select([connection], [], [], wait_seconds)[0])

    def read(self) -> Command:
        """Read one PDU; what belongs to the link itself is answered here."""
        with self._watched():
            pdu = self._open().read_pdu()
        if pdu.command == "enquire_link":
            self.respond("enquire_link_resp", pdu.sequence)
        if pdu.command == "unbind":
            self.respond("unbind_resp", pdu.sequence)
            self.drop()
            raise _Lost("unbound by the other side")
        return pdu

    def drop(self) -> None:
        """Close the link without a word."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    def close(self) -> None:
        """Unbind and close."""
        if self._client is None:
            return
        try:
            self._send(smpp.make_pdu("unbind", client=self._client))
        except _Lost:
            return
        self.drop()

    def _send(self, pdu: Command) -> None:
        with self._watched():
            self._open().send_pdu(pdu)

    def _open(self) -> Client:
        if self._client is None:
            raise _Lost("no session")
        return self._client

    @contextmanager
    def _watched(self, why: str = "connection lost") -> Iterator[None]:
        try:
            yield
        except (exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError, OSError):
            self.drop()
            raise _Lost(why) from None


def _account(settings: GatewaySettings) -> SmppSettings:
    if settings.smpp is None:
        raise TypeError(f"{settings.name} has no account: `read_gateway` makes sure of it")
    return settings.smpp


def _source(sender: str) -> dict[str, object]:
    """Return the fields of a sender: letters, or a short code of digits, or none."""
    if not sender:
        return {"source_addr_ton": consts.SMPP_TON_UNK, "source_addr_npi": consts.SMPP_NPI_UNK, "source_addr": ""}
    ton = consts.SMPP_TON_NWSPEC if sender.isdigit() else consts.SMPP_TON_ALNUM
    return {"source_addr_ton": ton, "source_addr_npi": consts.SMPP_NPI_UNK, "source_addr": sender}


def _validity(minutes: int) -> str:
    """Return a validity relative to now, in SMPP's form YYMMDDhhmmsstnnR."""
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{day:02}{hour:02}{minute:02}00000R"
