"""Reading an order or a named segment from its YAML file; every error names file, line and field.

The records stand in `sends.orders.order`, the reading of criteria in `sends.orders.audience_file`. A forbidden criterion is
read like any other, so that a check can name its code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from configuration.fields import Document, FileInvalid, Section, parse_document, read_document
from sends.orders.audience_criteria import Audience, Years
from sends.orders.audience_file import read_audience, read_round, read_years
from sends.orders.order import AgreedPrice, Kind, Message, Order, Segment, SignOff, VoiceMessage, VoiceMode
from sends.orders.recordings import measure
from terms.canonical_json import canonical_json
from terms.errors import UsageError
from terms.reasons import Channel, Profile


class OrderInvalid(FileInvalid):
    """An order has a wrong field; the message names file, line and field."""


def read_order(path: Path) -> Order:
    """Read an order file; a call's recording lies beside it and is measured.

    Raises:
        OrderInvalid: a field is missing, unknown or wrong, or the recording is none; the message names file and field.
    """
    order = _as_order(lambda: read_document(path))
    return order if order.message.voice is None else _measured(order, order.message.voice, path)


def parse_order(text: str, file: str) -> Order:
    """Read an order from text, such as the canonical JSON that a plan keeps; `file` is its name in errors.

    Raises:
        OrderInvalid: as `read_order`.
    """
    return _as_order(lambda: parse_document(text, file))


def read_segment(path: Path) -> Segment:
    """Read a named segment.

    Raises:
        FileInvalid: a field is missing, unknown or wrong.
    """
    top = read_document(path).top
    segment = Segment(
        segment_id=top.text("segment_id"),
        channel=top.choice("channel", Channel),
        profile=top.choice("profile", Profile) if top.has("profile") else Profile.STRICT,
        sponsor=top.text("sponsor"),
        audience=read_audience(top.section("audience")),
    )
    top.finish()
    return segment


def is_segment_file(path: Path) -> bool:
    """Return whether a file is a named segment rather than an order.

    Raises:
        FileInvalid: it cannot be read.
    """
    return read_document(path).top.has("segment_id")


def _as_order(read: Callable[[], Document]) -> Order:
    try:
        return _order(read())
    except FileInvalid as error:
        raise OrderInvalid(error.message, error.remedy) from None


def _measured(order: Order, voice: VoiceMessage, path: Path) -> Order:
    """Return the order as a plan keeps it: with length and hash of its recording, so that another one is another order."""
    try:
        recording = measure(path.parent / voice.audio)
    except UsageError as error:
        raise OrderInvalid(f"{path}: message.voice.audio: {error.message}", error.remedy) from None
    plain = json.loads(order.canonical)
    told = plain["message"].get("voice") or plain["message"]
    told |= {"audio_seconds": recording.seconds, "audio_sha256": recording.sha256}
    return parse_order(canonical_json(plain), str(path))


def _order(document: Document) -> Order:
    top = document.top
    window = top.section("window")
    channel = top.choice("channel", Channel)
    order = Order(
        campaign_id=top.text("campaign_id", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
        kind=top.choice("kind", Kind),
        election=top.text("election"),
        round=read_round(top, "round"),
        sponsor=top.text("sponsor"),
        channel=channel,
        voice_mode=top.optional("voice_mode", lambda name: top.choice(name, VoiceMode)),
        profile=top.choice("profile", Profile) if top.has("profile") else Profile.STRICT,
        gateway=top.text("gateway"),
        audience=read_audience(top.section("audience")) if top.has("audience") else Audience(),
        reserve=_reserve(top),
        message=_message(top.section("message"), channel),
        bureau_result_sign_off=_sign_off(top),
        window_from=window.instant("from"),
        window_to=window.instant("to"),
        rate_per_second=top.integer("rate_per_second", 1),
        validity_minutes=top.integer("validity_minutes", 1),
        max_messages=top.optional("max_messages", lambda name: top.integer(name, 1)),
        price=_price(top.section("price")) if top.has("price") else AgreedPrice(),
        canonical=canonical_json(document.plain),
    )
    if order.window_to <= order.window_from:
        raise window.invalid("to", "is not after window.from")
    window.finish()
    _check_kind(order, top)
    top.finish()
    return order


def _check_kind(order: Order, top: Section) -> None:
    if order.kind is Kind.INVITATION and order.max_messages is None:
        raise top.invalid("max_messages", "is missing: an invitation says how many messages it may send")
    if order.kind is Kind.INVITATION and order.reserve is not None:
        raise top.invalid("reserve", "does not belong to an invitation: it reserves contacts, no bureau")
    if order.kind is Kind.SELECTED and order.max_messages is not None:
        raise top.invalid("max_messages", "belongs to an invitation only")
    if (order.channel is Channel.VOICE) != (order.voice_mode is not None):
        raise top.invalid("voice_mode", "goes with channel voice, and only with it")


def _reserve(top: Section) -> Years | None:
    if not top.has("reserve"):
        return None
    section = top.section("reserve")
    years = section.optional("age", lambda name: read_years(section.section(name)))
    section.finish()
    return years


def _message(section: Section, channel: Channel) -> Message:
    message = Message(
        sender=section.optional_text("sender"),
        text=section.optional_text("text"),
        landing_page_text=section.optional_text("landing_page_text"),
        has_new_accusation=section.boolean("has_new_accusation") if section.has("has_new_accusation") else False,
        voice=_voice_of(section, channel),
    )
    if channel is Channel.SMS and (message.sender is None or message.text is None):
        raise section.invalid("sender" if message.sender is None else "text", "is missing")
    section.finish()
    return message


def _voice_of(section: Section, channel: Channel) -> VoiceMessage | None:
    """Read a call under `voice`, or its fields beside the others of the message; an SMS has none."""
    if section.has("voice"):
        if channel is not Channel.VOICE:
            raise section.invalid("voice", "goes with channel voice, and only with it")
        own = section.section("voice")
        voice = _voice(own)
        own.finish()
        return voice
    return _voice(section) if channel is Channel.VOICE else None


def _voice(section: Section) -> VoiceMessage:
    voice = VoiceMessage(
        audio=section.text("audio"),
        caller_id=section.text("caller_id", r"\+\d{6,15}"),
        objection_at_seconds=section.number("objection_at_seconds"),
        audio_seconds=section.optional("audio_seconds", section.number),
        audio_sha256=section.optional_text("audio_sha256", r"[0-9a-f]{64}"),
    )
    if voice.objection_at_seconds < 0:
        raise section.invalid("objection_at_seconds", "is less than 0")
    return voice


def _price(section: Section) -> AgreedPrice:
    agreed = AgreedPrice(
        order_unit_cents=section.optional("order_unit_cents", section.integer),
        discount_open_to_all=section.optional("discount_open_to_all", section.boolean) or False,
        free_messages=section.optional("free_messages", section.integer) or 0,
    )
    section.finish()
    return agreed


def _sign_off(top: Section) -> SignOff | None:
    if not top.has("sign_offs"):
        return None
    section = top.section("sign_offs")
    signed = section.optional("bureau_result_targeting", section.section)
    section.finish()
    if signed is None:
        return None
    sign_off = SignOff(signed.text("dpia_id"), signed.text("by"), signed.day("signed_on"))
    signed.finish()
    return sign_off
