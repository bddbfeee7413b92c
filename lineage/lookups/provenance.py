"""The provenance of a number as typed records, and as the JSON of the contract.

Its parts are read in `lineage.lookups.origins` and `lineage.lookups.uses`; as text it is written by
`lineage.lookups.provenance_text`. These records hold identity: they are given to whoever asked, and stored or logged
nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from terms.clock import to_iso
from terms.reasons import Channel, Profile, Verdict

#: What the contract calls channel -> profile -> …
PerUse = Mapping[Channel, Mapping[Profile, "UseVerdict"]]
_OfUse = Callable[["UseVerdict | None"], object]


@dataclass(frozen=True)
class AsOf:
    """What the answer rests on: the published base and the instant of judgement."""

    base_version: str
    at: datetime


@dataclass(frozen=True)
class UseVerdict:
    """The verdict on a contact or an act for one channel and profile, with every reason, sorted."""

    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class OptIn:
    """One accepted opt-in row: its file and line, what was shown, and what it allows alone.

    `uses` and `evidence_grade` are None for a refusal: only an act, where the flag is given, can be used. The grade is
    A to D, `evidence_missing` names what keeps it from the best (feeds.md 2.5).
    """

    partner_id: str
    feed_id: str
    delivery_id: str
    file_name: str
    file_sha256: str
    line_number: int
    byte_offset: int
    byte_length: int
    flag: str
    consented_at: datetime | None
    notice_id: str | None
    notice_text: str | None
    form_version: str | None
    page_url: str | None = field(repr=False)
    recipients: tuple[str, ...]
    channels: tuple[str, ...]
    evidence_grade: str | None
    evidence_missing: tuple[str, ...]
    uses: PerUse | None

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's `opt_ins`; a refusal is usable for nothing, without reasons."""
        return {
            "partner": self.partner_id,
            "feed_id": self.feed_id,
            "delivery_id": self.delivery_id,
            "file": self.file_name,
            "file_sha256": self.file_sha256,
            "line": self.line_number,
            "byte_offset": self.byte_offset,
            "byte_length": self.byte_length,
            "flag": self.flag,
            "consented_at": _iso(self.consented_at),
            "notice_id": self.notice_id,
            "notice_text": self.notice_text,
            "form_version": self.form_version,
            "page_url": self.page_url,
            "recipients": list(self.recipients),
            "channels": list(self.channels),
            "evidence_grade": self.evidence_grade,
            "evidence_missing": list(self.evidence_missing),
            "usable": self._per_use(lambda use: use is not None and use.verdict is Verdict.SENDABLE),
            "reasons": self._per_use(lambda use: list(use.reasons) if use else []),
        }

    def _per_use(self, value: _OfUse) -> dict[str, dict[str, object]]:
        uses = self.uses
        return {
            channel.value: {profile.value: value(uses[channel][profile] if uses else None) for profile in Profile}
            for channel in Channel
        }


@dataclass(frozen=True)
class Attributes:
    """What the contact's rows say of the person; null where none does."""

    sex: str | None
    birth_date: date | None = field(repr=False)
    postcode: str | None

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's `attributes`."""
        birth = self.birth_date.isoformat() if self.birth_date else None
        return {"sex": self.sex, "birth_date": birth, "postcode": self.postcode}


@dataclass(frozen=True)
class ConsentEvent:
    """A change of state: DPV term, when it happened, since when it is known, what signalled it, and from where.

    `at` is None for an act whose row gives no instant that can be read.
    """

    at: datetime | None
    known_at: datetime
    state: str
    signal: str
    source: str

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's `events`."""
        return {
            "at": _iso(self.at),
            "known_at": to_iso(self.known_at),
            "state": self.state,
            "signal": self.signal,
            "source": self.source,
        }


@dataclass(frozen=True)
class Territory:
    """Where the contact lives, by its address: BAN address, commune, bureau per map, IRIS."""

    address_id: str | None
    commune_code: str | None
    bureaux: Mapping[str, str]
    iris_code: str | None
    match_confidence: float | None

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's `territory`."""
        return {
            "address_id": self.address_id,
            "commune": self.commune_code,
            "bureaux": dict(self.bureaux),
            "iris": self.iris_code,
            "match_confidence": self.match_confidence,
        }


@dataclass(frozen=True)
class Send:
    """One message to the contact, from plan to last known state."""

    send_id: str
    campaign_id: str
    kind: str
    sponsor_id: str
    election: str
    round: int
    plan_id: str
    base_version: str
    handed_over_at: datetime | None
    state: str
    state_at: datetime
    gateway: str
    gateway_message_id: str | None
    message_sha256: str
    origin_given_at: datetime | None  # R-16: when this message told the person where the number comes from

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's `sends`."""
        return {
            "send_id": self.send_id,
            "campaign": self.campaign_id,
            "kind": self.kind,
            "sponsor": self.sponsor_id,
            "election": self.election,
            "round": self.round,
            "plan_id": self.plan_id,
            "base_version": self.base_version,
            "handed_over_at": _iso(self.handed_over_at),
            "state": self.state,
            "state_at": to_iso(self.state_at),
            "gateway": self.gateway,
            "gateway_message_id": self.gateway_message_id,
            "message_sha256": self.message_sha256,
            "origin_given_at": _iso(self.origin_given_at),
        }


@dataclass(frozen=True)
class Provenance:
    """The whole answer about one number; `is_known` is False for a number in no accepted row, which may still have messages."""

    number: str = field(repr=False)
    contact_id: str
    as_of: AsOf
    is_known: bool
    verdicts: PerUse
    opt_ins: tuple[OptIn, ...]
    attributes: Attributes | None
    events: tuple[ConsentEvent, ...]
    territory: Territory | None
    sends: tuple[Send, ...]

    def to_json(self) -> dict[str, object]:
        """Return the object of the contract's "Where does a number come from"."""
        return {
            "number": self.number,
            "contact_id": self.contact_id,
            "as_of": {"base_version": self.as_of.base_version, "at": to_iso(self.as_of.at)},
            "known": self.is_known,
            "verdicts": {
                channel.value: {
                    profile.value: {"verdict": use.verdict.value, "reasons": list(use.reasons)}
                    for profile, use in profiles.items()
                }
                for channel, profiles in self.verdicts.items()
            },
            "opt_ins": [opt_in.to_json() for opt_in in self.opt_ins],
            "attributes": self.attributes.to_json() if self.attributes else None,
            "events": [event.to_json() for event in self.events],
            "territory": self.territory.to_json() if self.territory else None,
            "sends": [send.to_json() for send in self.sends],
        }


def _iso(instant: datetime | None) -> str | None:
    return to_iso(instant) if instant else None
