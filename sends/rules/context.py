"""An order with everything that it refers to, read from the configuration folder once: what its checks work with.

The checks belong to the other modules of `sends.rules`; consent, dossiers and rules of consent come from the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sends.gateways.settings import GatewaySettings, read_gateway
from sends.orders.elections import Election, find_election, read_elections
from sends.orders.order import Order
from sends.orders.price import PriceList, Quote, quote_sms, quote_voice, read_price_list
from sends.orders.sponsors import Sponsor, read_sponsor
from sends.rules.bureau_changes import BureauChange, read_bureau_changes
from sends.rules.calendar import Calendar, Timing, read_calendar
from sends.rules.controller_documents import ControllerDocuments, TransparencyNoticeFacts, read_controller_documents
from sends.rules.message import final_text
from sends.rules.rulebook import SendRules, read_rulebook
from terms.errors import UsageError
from terms.identifiers import digest
from terms.paris import day_in_paris


@dataclass(frozen=True)
class Context:
    """An order with its election (and all others: their blackouts count too), sponsor, gateway, documents, prices and rules.

    `transparency_notice` None: it is made from the order and published with the plan; `sends.plans.transparency_notice`
    tells which items it lacks.
    """

    order: Order
    election: Election
    elections: Mapping[str, Election]
    sponsor: Sponsor
    gateway: GatewaySettings
    controller_documents: ControllerDocuments
    transparency_notice: TransparencyNoticeFacts | None
    bureau_changes: tuple[BureauChange, ...]
    prices: PriceList
    calendar: Calendar
    rules: SendRules

    @property
    def timing(self) -> Timing:
        """Return what decides about an instant for the messages of this order."""
        return Timing(
            calendar=self.calendar,
            elections=tuple(self.elections.values()),
            rules=self.rules,
            channel=self.order.channel,
            validity=timedelta(minutes=self.order.validity_minutes),
            has_new_accusation=self.order.message.has_new_accusation,
        )

    @property
    def told_departements(self) -> frozenset[str]:
        """Return the départements in which an election of some constituencies is held: there the calendar asks for it."""
        return frozenset[str]().union(*(election.departements for election in self.elections.values()))

    @property
    def final_text(self) -> str:
        """Return the text as the phone will show it; empty for a voice order."""
        return final_text(self.order.message.text or "", self.gateway)

    @property
    def quote(self) -> Quote:
        """Return what one message of the order costs.

        Raises:
            UsageError: it is longer than the price list goes, or the recording of a call was not measured.
        """
        voice = self.order.message.voice
        if voice is None:
            return quote_sms(self.final_text, self.prices, self.order.price)
        if voice.audio_seconds is None:
            raise UsageError(f"The length of {voice.audio} is not known.", "Plan the order from its file.")
        return quote_voice(voice.audio_seconds, self.prices, self.order.price)

    @property
    def shown_sender(self) -> str:
        """Return what the phone shows as the sender: the name of an SMS, the caller's number of a call."""
        voice = self.order.message.voice
        return (self.order.message.sender or "") if voice is None else voice.caller_id

    @property
    def handed_text(self) -> str:
        """Return what is handed to the gateway: the text (it may append STOP itself), or which recording is played."""
        voice = self.order.message.voice
        return (self.order.message.text or "") if voice is None else f"audio sha256 {voice.audio_sha256}"

    @property
    def message_sha256(self) -> str:
        """Return the hash of what every message of the plan says: sender and final text, or caller and recording."""
        voice = self.order.message.voice
        if voice is not None:
            return digest(voice.caller_id, voice.audio_sha256 or voice.audio)
        return digest(self.order.message.sender or "", self.final_text)

    @property
    def rate_per_second(self) -> int:
        """Return the rate at which messages may really leave: the order's or the gateway's, whichever is less."""
        return min(self.order.rate_per_second, self.gateway.rate_per_second)


def read_context(config: Path, order: Order) -> Context:
    """Read what an order refers to.

    Raises:
        UsageError: election, sponsor, gateway or price list is missing or wrong, or the gateway has not the channel.
    """
    elections = read_elections(config / "elections")
    gateway = read_gateway(config / "gateways", order.gateway)
    if order.channel not in gateway.channels:
        carried = ", ".join(gateway.channels)
        raise UsageError(
            f"The gateway {gateway.name} does not carry {order.channel} (only {carried}).", "Name another."
        )
    on = day_in_paris(order.window_from)
    return Context(
        order=order,
        election=find_election(elections, order.election, order.round),
        elections=elections,
        sponsor=read_sponsor(config / "sponsors", order.sponsor),
        gateway=gateway,
        controller_documents=read_controller_documents(config),
        transparency_notice=None,
        bureau_changes=read_bureau_changes(config),
        prices=read_price_list(config / "prices", on),
        calendar=read_calendar(config / "calendar"),
        rules=read_rulebook(config / "rules" / "orders").under(order.profile, on),
    )
