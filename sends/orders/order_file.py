"""An order or a named segment as its YAML file writes it; every fault names file, line and key.

The records that the rest uses are in `sends.orders.order`, the criteria as they are written in `sends.orders.audience_file`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from configuration.documents import Document, parse_document, read_document
from configuration.field_types import Count, Exactly, Instant, Means, NullIs, Number, Text, Unfit, YesNo, written
from sends.orders.audience_criteria import Audience, RoundNumber, Years
from sends.orders.audience_file import AudienceFile
from sends.orders.order import (
    AgreedPrice,
    CallerId,
    Kind,
    Message,
    Order,
    Seconds,
    Segment,
    Sha256,
    SignOff,
    VoiceMessage,
    VoiceMode,
)
from sends.orders.recordings import measure
from terms.canonical_json import canonical_json
from terms.errors import UsageError
from terms.reasons import Channel, Profile

#: The keys of a call, which may stand under `voice` or beside the others of the message.
_CALL = ("audio", "caller_id", "objection_at_seconds", "audio_seconds", "audio_sha256")
_CALL_NEEDS = _CALL[:3]


@written(keys={"starts_at": "from", "ends_at": "to"})
@dataclass(frozen=True)
class WindowFile:
    """From when until when messages may be handed over."""

    starts_at: Instant
    ends_at: Instant

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.ends_at <= self.starts_at:
            raise Unfit("is not after window.from", "to")


@written()
@dataclass(frozen=True)
class MessageFile:
    """What is sent: `sender` and `text` of an SMS; a call under `voice`, or its keys beside the others."""

    sender: Annotated[Text | None, Means("letters, or letters and digits, at most 11")] = None
    text: Text | None = None
    landing_page_text: Text | None = None
    has_new_accusation: Annotated[YesNo, NullIs(False)] = False
    voice: VoiceMessage | None = None
    audio: Annotated[Text | None, Means("a PCM WAV beside the order")] = None
    caller_id: CallerId | None = None
    objection_at_seconds: Seconds | None = None
    audio_seconds: Annotated[Number | None, Means("measured; in the order as a plan keeps it")] = None
    audio_sha256: Sha256 | None = None

    def check(self, channel: Channel) -> None:
        """Refuse what the channel does not send, and a message without what it sends.

        Raises:
            Unfit: with the key, from the order on.
        """
        if channel is Channel.SMS:
            self._need("sender", "text")
            self._refuse("goes with channel voice, and only with it", "voice", *_CALL)
        elif self.voice is None:
            self._need(*_CALL_NEEDS)
        else:
            self._refuse("is given beside message.voice, which says it", *_CALL)

    def to_message(self) -> Message:
        """Return the message."""
        voice = self.voice
        if voice is None and self.audio is not None:
            voice = VoiceMessage(**{name: getattr(self, name) for name in _CALL})
        return Message(self.sender, self.text, self.landing_page_text, self.has_new_accusation, voice)

    def _need(self, *names: str) -> None:
        for name in names:
            if getattr(self, name) is None:
                raise Unfit("is missing", "message", name)

    def _refuse(self, what: str, *names: str) -> None:
        for name in names:
            if getattr(self, name) is not None:
                raise Unfit(what, "message", name)


@written()
@dataclass(frozen=True)
class ReserveFile:
    """Which part of each bureau is reserved: years on polling day."""

    age: Years | None = None


@written()
@dataclass(frozen=True)
class SignOffsFile:
    """What somebody signed for this order."""

    bureau_result_targeting: SignOff | None = None


_NULL = {"type": "null"}


def _where(key: str, value: str, then: Mapping[str, object], otherwise: Mapping[str, object]) -> Mapping[str, object]:
    """Return what the published schema says of an order where a key has a value, and where it has another."""
    return {"if": {"properties": {key: {"const": value}}}, "then": then, "else": otherwise}


def _message(given: tuple[str, ...], absent: tuple[str, ...]) -> Mapping[str, object]:
    told: dict[str, object] = {name: {"not": _NULL} for name in given}
    return {"properties": told | dict.fromkeys(absent, _NULL), "required": list(given)}


_BETWEEN_KEYS = {
    "allOf": [
        _where(
            "channel",
            "sms",
            {"properties": {"message": _message(("sender", "text"), ("voice", *_CALL)), "voice_mode": _NULL}},
            {
                "properties": {
                    "message": {"anyOf": [_message(("voice",), _CALL), _message(_CALL_NEEDS, ("voice",))]},
                    "voice_mode": {"not": _NULL},
                },
                "required": ["voice_mode"],
            },
        ),
        _where(
            "kind",
            "invitation",
            {"properties": {"max_messages": {"not": _NULL}, "reserve": _NULL}, "required": ["max_messages"]},
            {"properties": {"max_messages": _NULL}},
        ),
    ]
}


@written(title="Order of a campaign (config/campaigns/)", schema=_BETWEEN_KEYS)
@dataclass(frozen=True)
class OrderFile:
    """An order as its file writes it."""

    campaign_id: Annotated[str, Exactly(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")]
    kind: Kind
    election: Text
    round: RoundNumber
    sponsor: Text
    channel: Channel
    gateway: Text
    message: MessageFile
    window: WindowFile
    rate_per_second: Count
    validity_minutes: Count
    voice_mode: VoiceMode | None = None
    profile: Annotated[Profile, NullIs(Profile.STRICT)] = Profile.STRICT
    audience: AudienceFile | None = None
    reserve: Annotated[ReserveFile | None, Means("years on polling day: only this part of each bureau")] = None
    sign_offs: SignOffsFile | None = None
    max_messages: Count | None = None
    price: Annotated[AgreedPrice | None, Means("without it the public list's price")] = None

    def __post_init__(self) -> None:
        """Refuse keys that the kind or the channel does not have."""
        self.message.check(self.channel)
        if self.kind is Kind.INVITATION and self.max_messages is None:
            raise Unfit("is missing: an invitation says how many messages it may send", "max_messages")
        if self.kind is Kind.INVITATION and self.reserve is not None:
            raise Unfit("does not belong to an invitation: it reserves contacts, no bureau", "reserve")
        if self.kind is Kind.SELECTED and self.max_messages is not None:
            raise Unfit("belongs to an invitation only", "max_messages")
        if (self.channel is Channel.VOICE) != (self.voice_mode is not None):
            raise Unfit("goes with channel voice, and only with it", "voice_mode")

    def to_order(self, canonical: str) -> Order:
        """Return the order; `canonical` is the same as canonical JSON."""
        return Order(
            campaign_id=self.campaign_id,
            kind=self.kind,
            election=self.election,
            round=self.round,
            sponsor=self.sponsor,
            channel=self.channel,
            voice_mode=self.voice_mode,
            profile=self.profile,
            gateway=self.gateway,
            audience=self.audience.to_audience() if self.audience else Audience(),
            reserve=self.reserve.age if self.reserve else None,
            message=self.message.to_message(),
            bureau_result_sign_off=self.sign_offs.bureau_result_targeting if self.sign_offs else None,
            window_from=self.window.starts_at,
            window_to=self.window.ends_at,
            rate_per_second=self.rate_per_second,
            validity_minutes=self.validity_minutes,
            max_messages=self.max_messages,
            price=self.price or AgreedPrice(),
            canonical=canonical,
        )


@written()
@dataclass(frozen=True)
class SegmentFile:
    """A named segment as its file writes it."""

    segment_id: Text
    channel: Channel
    sponsor: Text
    audience: AudienceFile
    profile: Annotated[Profile, NullIs(Profile.STRICT)] = Profile.STRICT


def read_order(path: Path) -> Order:
    """Read an order file; a call's recording lies beside it and is measured.

    Raises:
        DocumentInvalid: a key is missing, unknown or wrong, or the recording is none; the message names file and key.
    """
    document = read_document(path, OrderFile)
    order = _order(document)
    return order if order.message.voice is None else _measured(document, order.message.voice, path)


def parse_order(text: str, file: str) -> Order:
    """Read an order from text, such as the canonical JSON that a plan keeps; `file` is its name in errors.

    Raises:
        DocumentInvalid: as `read_order`.
    """
    return _order(parse_document(text, file, OrderFile))


def read_segment(path: Path) -> Segment:
    """Read a named segment.

    Raises:
        DocumentInvalid: a key is missing, unknown or wrong.
    """
    found = read_document(path, SegmentFile).record
    return Segment(found.segment_id, found.channel, found.profile, found.sponsor, found.audience.to_audience())


def is_segment_file(path: Path) -> bool:
    """Return whether a file is a named segment rather than an order.

    Raises:
        DocumentInvalid: it cannot be read.
    """
    return "segment_id" in read_document(path, dict[str, object]).record


def _order(document: Document[OrderFile]) -> Order:
    return document.record.to_order(canonical_json(document.plain))


def _measured(document: Document[OrderFile], voice: VoiceMessage, path: Path) -> Order:
    """Return the order as a plan keeps it: with length and hash of its recording, so that another one is another order."""
    place = ("message", "voice", "audio") if document.record.message.voice else ("message", "audio")
    try:
        recording = measure(path.parent / voice.audio)
    except UsageError as error:
        raise document.invalid(f"cannot be used: {error.message} {error.remedy}".rstrip("."), *place) from None
    plain = json.loads(canonical_json(document.plain))
    told = plain["message"].get("voice") or plain["message"]
    told |= {"audio_seconds": recording.seconds, "audio_sha256": recording.sha256}
    return parse_order(canonical_json(plain), str(path))
