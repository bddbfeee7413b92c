"""Records of a campaign order and of a named segment, as a person wrote them.

Reading them from YAML belongs to `sends.orders.order_file`, their criteria to `sends.orders.audience_criteria`; whether an
order may be sent is judged by `sends.rules.order_rules`. Fields mean what the contract page and rules page §3 say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from configuration.field_types import Day, Exactly, Means, NullIs, Number, Text, WholeNumber, YesNo, written
from sends.orders.audience_criteria import Audience, CriterionKind, Years
from terms.identifiers import digest
from terms.reasons import Channel, Profile


class Kind(StrEnum):
    """What an order sends: a message to a selection, or a first message that asks for agreement."""

    SELECTED = "selected"
    INVITATION = "invitation"


class VoiceMode(StrEnum):
    """How a call is made."""

    PRERECORDED = "prerecorded"
    LIVE = "live"


CallerId = Annotated[str, Exactly(r"\+\d{6,15}")]
Seconds = Annotated[float, Exactly(least=0)]
Sha256 = Annotated[str, Exactly(r"[0-9a-f]{64}")]


@written()
@dataclass(frozen=True)
class VoiceMessage:
    """What a voice order plays, from which number, and when it says how to object (seconds from the start).

    `audio` is a file beside the order; `audio_seconds` and `audio_sha256` are what was measured of it when the order
    was read from its file, and stand in the order as a plan keeps it. None = not measured.
    """

    audio: Annotated[Text, Means("a PCM WAV beside the order")]
    caller_id: CallerId
    objection_at_seconds: Seconds
    audio_seconds: Annotated[Number | None, Means("measured; in the order as a plan keeps it")] = None
    audio_sha256: Sha256 | None = None


@dataclass(frozen=True)
class Message:
    """What is sent: `text` for SMS, `voice` for calls; `has_new_accusation` is a person's finding."""

    sender: str | None
    text: str | None
    landing_page_text: str | None
    has_new_accusation: bool
    voice: VoiceMessage | None


@written()
@dataclass(frozen=True)
class SignOff:
    """The data-protection officer's signature under targeting by bureau results."""

    dpia_id: Text
    by: Text
    signed_on: Day


@written()
@dataclass(frozen=True)
class AgreedPrice:
    """What an order says of its price in cents per message; by itself, that it is the list's (`order_unit_cents` None)."""

    order_unit_cents: WholeNumber | None = None
    discount_open_to_all: Annotated[YesNo, NullIs(False)] = False
    free_messages: Annotated[WholeNumber, NullIs(0)] = 0

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
