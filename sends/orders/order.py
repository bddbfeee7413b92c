"""The order of a campaign: typed records of the whole order file, and reading it with line and field in errors.

What an order asks for is judged elsewhere (`plan`); a forbidden criterion is a known key here, so that the plan
can name its code. Fields keep the meaning of the shared contract page and of rules page §3.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from configuration.fields import Document, FileInvalid, Section, parse_document, read_document
from sends.orders.recordings import measure
from terms.canonical_json import canonical_json
from terms.errors import UsageError
from terms.identifiers import digest
from terms.reasons import Channel, Profile

COMMUNE = r"\d[0-9AB]\d{3}"
DEPARTEMENT = r"\d[0-9AB]|9[78]\d"
BUREAU = r"[0-9Z][0-9A-Z]{4}_.{4}"
IRIS = r"\d[0-9AB]\d{7}"


class OrderInvalid(FileInvalid):
    """An order has a wrong field; the message names file, line and field."""


class Kind(StrEnum):
    """What an order sends: a message to a selection, or a first message that asks for agreement."""

    SELECTED = "selected"
    INVITATION = "invitation"


class Sex(StrEnum):
    """Sex as partners deliver it."""

    F = "F"
    M = "M"


class VoiceMode(StrEnum):
    """How a call is made."""

    PRERECORDED = "prerecorded"
    LIVE = "live"


class CriterionKind(StrEnum):
    """By what a person is selected, in the words of a notice's `targeting_by`."""

    ADDRESS = "address"
    AGE = "age"
    SEX = "sex"
    AREA_RESULTS = "area_results"
    AREA_INCOME = "area_income"


@dataclass(frozen=True)
class Years:
    """Ages in completed years, bounds included; None = open."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class Amount:
    """A range of shares (0 to 1) or euros a year, bounds included; None = open."""

    least: float | None
    most: float | None


@dataclass(frozen=True)
class BureauVote:
    """Whole bureaux by a candidate's share of the valid votes in one round."""

    election: str
    round: int
    candidate: str
    share: Amount


@dataclass(frozen=True)
class Exclusion:
    """Who is left out; excluding is targeting (R-70)."""

    bureaux: tuple[str, ...] = ()
    sex: Sex | None = None


@dataclass(frozen=True)
class ForbiddenCriterion:
    """A criterion that no order may use: its key and its reason code."""

    key: str
    code: str


@dataclass(frozen=True)
class Audience:
    """Criteria: keys narrow, values within a key widen; None = no such criterion."""

    communes: tuple[str, ...] | None = None
    departements: tuple[str, ...] | None = None
    bureaux: tuple[str, ...] | None = None
    iris: tuple[str, ...] | None = None
    sex: Sex | None = None
    age: Years | None = None
    bureau_vote: BureauVote | None = None
    iris_income: Amount | None = None
    exclude: Exclusion | None = None
    forbidden: tuple[ForbiddenCriterion, ...] = ()

    def criterion_kinds(self) -> tuple[CriterionKind, ...]:
        """Return by what the audience selects, without repeats (rules page §4, `TARGETING_NOT_CONSENTED`)."""
        excluded = self.exclude or Exclusion()
        territories = (self.communes, self.departements, self.bureaux, self.iris, excluded.bureaux or None)
        used = {
            CriterionKind.ADDRESS: any(territories),
            CriterionKind.AGE: self.age is not None,
            CriterionKind.SEX: self.sex is not None or excluded.sex is not None,
            CriterionKind.AREA_RESULTS: self.bureau_vote is not None,
            CriterionKind.AREA_INCOME: self.iris_income is not None,
        }
        return tuple(kind for kind, is_used in used.items() if is_used)


@dataclass(frozen=True)
class VoiceMessage:
    """What a voice order plays, from which number, and when it says how to object (seconds from the start).

    `audio` is a file beside the order; `audio_seconds` and `audio_sha256` are what was measured of it when the order
    was read from its file, and stand in the order as a plan keeps it. None = not measured.
    """

    audio: str
    caller_id: str
    objection_at_seconds: float
    audio_seconds: float | None = None
    audio_sha256: str | None = None


@dataclass(frozen=True)
class Message:
    """What is sent: `text` for SMS, `voice` for calls; `has_new_accusation` is a person's finding."""

    sender: str | None
    text: str | None
    landing_page_text: str | None
    has_new_accusation: bool
    voice: VoiceMessage | None


@dataclass(frozen=True)
class SignOff:
    """The data-protection officer's signature under targeting by bureau results."""

    dpia_id: str
    by: str
    signed_on: date


@dataclass(frozen=True)
class AgreedPrice:
    """What an order says of its price in cents per message; by itself, that it is the list's (`order_unit_cents` None)."""

    order_unit_cents: int | None = None
    discount_open_to_all: bool = False
    free_messages: int = 0

    def unit_cents_of(self, list_unit_cents: int) -> int:
        """Return the price of one message, where the list has another or the same."""
        return list_unit_cents if self.order_unit_cents is None else self.order_unit_cents


@dataclass(frozen=True)
class Order:
    """One campaign order as typed by a person.

    `canonical` is the order as canonical JSON: two files that say the same have the same `sha256`.
    """

    campaign_id: str
    kind: Kind
    election: str
    round: int
    sponsor: str
    channel: Channel
    voice_mode: VoiceMode | None
    profile: Profile
    gateway: str
    audience: Audience
    reserve: Years | None
    message: Message
    bureau_result_sign_off: SignOff | None
    window_from: datetime
    window_to: datetime
    rate_per_second: int
    validity_minutes: int
    max_messages: int | None
    price: AgreedPrice
    canonical: str

    @property
    def sha256(self) -> str:
        """Return the hash of the order."""
        return digest(self.canonical)

    @property
    def is_selection(self) -> bool:
        """Return whether people are selected: by kind, or by any criterion whatever the kind says (rules page §2.4)."""
        return self.kind is Kind.SELECTED or bool(self.audience.criterion_kinds() or self.audience.forbidden)

    def judged_kinds(self) -> tuple[CriterionKind, ...]:
        """Return the criteria kinds to judge by; a selection without criteria still reserves bureaux: address."""
        kinds = self.audience.criterion_kinds()
        return kinds or ((CriterionKind.ADDRESS,) if self.is_selection else ())


@dataclass(frozen=True)
class Segment:
    """A named segment: the audience of an order, kept under a name."""

    segment_id: str
    channel: Channel
    profile: Profile
    sponsor: str
    audience: Audience


#: Criteria that no order may use, and the code that says why (rules page §3 and §4).
_FORBIDDEN = {
    "family_names": "FORBIDDEN_NAME",
    "given_name_origin": "FORBIDDEN_NAME",
    "birth_places": "FORBIDDEN_BIRTHPLACE",
    "nationalities": "FORBIDDEN_BIRTHPLACE",
    "source_partners": "FORBIDDEN_SOURCE_AS_CRITERION",
    "around": "FORBIDDEN_PLACE",
    "lookalike_of": "SPECIAL_CATEGORY_SEED",
    "enriched_with": "ROLL_NOT_DIRECT",
}


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
        audience=_audience(top.section("audience")),
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
        round=_round(top, "round"),
        sponsor=top.text("sponsor"),
        channel=channel,
        voice_mode=top.optional("voice_mode", lambda name: top.choice(name, VoiceMode)),
        profile=top.choice("profile", Profile) if top.has("profile") else Profile.STRICT,
        gateway=top.text("gateway"),
        audience=_audience(top.section("audience")) if top.has("audience") else Audience(),
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


def _round(section: Section, name: str) -> int:
    value = section.integer(name, 1)
    if value > 2:
        raise section.invalid(name, "is neither 1 nor 2")
    return value


def _audience(section: Section) -> Audience:
    audience = Audience(
        communes=_codes(section, "communes", COMMUNE),
        departements=_codes(section, "departements", DEPARTEMENT),
        bureaux=_codes(section, "bureaux", BUREAU),
        iris=_codes(section, "iris", IRIS),
        sex=section.optional("sex", lambda name: section.choice(name, Sex)),
        age=section.optional("age", lambda name: _years(section.section(name))),
        bureau_vote=section.optional("bureau_vote", lambda name: _bureau_vote(section.section(name))),
        iris_income=section.optional("iris_income", lambda name: _income(section.section(name))),
        exclude=section.optional("exclude", lambda name: _exclusion(section.section(name))),
        forbidden=tuple(ForbiddenCriterion(key, code) for key, code in _FORBIDDEN.items() if section.has(key)),
    )
    section.finish()
    return audience


def _codes(section: Section, name: str, pattern: str) -> tuple[str, ...] | None:
    if not section.has(name):
        return None
    codes = section.texts(name, pattern)
    if not codes:
        raise section.invalid(name, "is an empty list, which would select nobody; leave it out for no such criterion")
    return codes


def _years(section: Section) -> Years:
    years = Years(
        section.optional("min", lambda name: section.integer(name)),
        section.optional("max", lambda name: section.integer(name)),
    )
    _check_range(section, years.least, years.most)
    return years


def _amount(section: Section) -> Amount:
    amount = Amount(
        section.optional("min", lambda name: section.number(name)),
        section.optional("max", lambda name: section.number(name)),
    )
    _check_range(section, amount.least, amount.most)
    return amount


def _check_range(section: Section, least: float | None, most: float | None) -> None:
    if least is None and most is None:
        raise section.invalid("min", "is missing, and so is max: a range needs one of them")
    if least is not None and most is not None and least > most:
        raise section.invalid("min", "is above max")
    section.finish()


def _bureau_vote(section: Section) -> BureauVote:
    vote = BureauVote(
        election=section.text("election"),
        round=_round(section, "round"),
        candidate=section.text("candidate"),
        share=_amount(section.section("share_of_votes")),
    )
    bounds = [bound for bound in (vote.share.least, vote.share.most) if bound is not None]
    if any(not 0 <= bound <= 1 for bound in bounds):
        raise section.invalid("share_of_votes", "is a share between 0 and 1")
    section.finish()
    return vote


def _income(section: Section) -> Amount:
    amount = _amount(section.section("median_euros"))
    section.finish()
    return amount


def _exclusion(section: Section) -> Exclusion:
    exclusion = Exclusion(
        bureaux=section.optional("bureaux", lambda name: section.texts(name, BUREAU)) or (),
        sex=section.optional("sex", lambda name: section.choice(name, Sex)),
    )
    section.finish()
    return exclusion


def _reserve(top: Section) -> Years | None:
    if not top.has("reserve"):
        return None
    section = top.section("reserve")
    years = section.optional("age", lambda name: _years(section.section(name)))
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
