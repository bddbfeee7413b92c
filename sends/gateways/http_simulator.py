"""Client of the local HTTP simulator; one connection, no retries of any library.

What the simulator does with a message belongs to `simulator`; nothing here may reach beyond this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

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
from terms.errors import Refused


class HttpSimulator:
    """Talks to the simulator named by a gateway's settings.

    Raises:
        Refused: the settings do not name an address of this machine.
    """

    def __init__(self, settings: GatewaySettings, _password: str) -> None:
        if not settings.is_local_simulator:
            raise Refused(f"{settings.name} is not a simulator on this machine.", "Correct its url.")
        self._url, self._timeout = settings.url.rstrip("/"), settings.timeout_seconds
        self._session = open_session()

    def hand_over(self, message: Outgoing) -> Sequence[HandOver]:
        """Post a message and return its answer."""
        return [self._post(message)]

    def finish(self) -> Sequence[HandOver]:
        """Return nothing: every message was answered when it was posted."""
        return ()

    def received(self, reference: str) -> HandOverProof:
        """Ask whether a reference arrived; absence counts only where the simulator's record is whole."""
        try:
            answer = self._session.get(f"{self._url}/messages/{reference}", timeout=self._timeout)
            found = answer.json() if answer.status_code == 200 else {}
        except (requests.RequestException, ValueError):
            return HandOverProof(Proof.NONE)
        if found.get("message_id"):
            return HandOverProof(Proof.RECEIVED, str(found["message_id"]))
        return HandOverProof(Proof.ABSENT if found.get("is_record_whole") else Proof.NONE)

    def events(self, wait_seconds: float) -> Sequence[GatewayEvent]:
        """Poll for events; they come again until acknowledged."""
        try:
            answer = self._session.get(
                f"{self._url}/events", params={"wait": str(wait_seconds)}, timeout=wait_seconds + self._timeout
            )
            answer.raise_for_status()
            return [_event(item) for item in answer.json()["events"]]
        except (requests.RequestException, ValueError, KeyError):
            raise GatewayUnreachable("The simulator does not tell its events.") from None

    def acknowledge(self, events: Sequence[GatewayEvent]) -> None:
        """Acknowledge events."""
        try:
            ids = [event.event_id for event in events]
            self._session.post(
                f"{self._url}/events/ack", json={"event_ids": ids}, timeout=self._timeout
            ).raise_for_status()
        except requests.RequestException:
            raise GatewayUnreachable("The simulator does not take an acknowledgement.") from None

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _post(self, message: Outgoing) -> HandOver:
        body = {
            "to": message.to,
            "from": message.sender,
            "text": message.text,
            "reference": message.reference,
            "validity_minutes": message.validity_minutes,
        }
        try:
            answer = self._session.post(f"{self._url}/messages", json=body, timeout=self._timeout)
        except requests.ConnectionError as error:
            is_unsent = was_refused(error)
            detail = "connection refused" if is_unsent else "connection lost"
            return HandOver(message.reference, Answer.NOT_SENT if is_unsent else Answer.UNKNOWN, detail=detail)
        except requests.RequestException:
            return HandOver(message.reference, Answer.UNKNOWN, detail="no answer")
        return _read_answer(message.reference, answer)


def _read_answer(reference: str, answer: requests.Response) -> HandOver:
    detail = f"http {answer.status_code}"
    if answer.status_code == 429:
        return HandOver(reference, Answer.THROTTLED, detail=detail)
    if 400 <= answer.status_code < 500:
        return HandOver(reference, Answer.REJECTED, detail=detail)
    try:
        message_id = answer.json().get("message_id") if answer.status_code == 200 else None
    except ValueError:
        message_id = None
    if message_id is None:
        return HandOver(reference, Answer.UNKNOWN, detail=detail)
    return HandOver(reference, Answer.ACCEPTED, str(message_id), detail)


def _event(item: Mapping[str, str | None]) -> GatewayEvent:
    status = item.get("status")
    return GatewayEvent(
        event_id=str(item["event_id"]),
        kind=EventKind(str(item["kind"])),
        at=datetime.fromisoformat(str(item["at"])),
        reference=item.get("reference"),
        status=None if status is None else DlrStatus(status),
        gateway_message_id=item.get("message_id"),
        phone=item.get("from"),
        text=item.get("text"),
    )
