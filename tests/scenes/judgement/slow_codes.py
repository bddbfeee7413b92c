"""Which codes apply to an act or a person, found by walking over the rows of a world as it was known by an instant.

Written from the partner page alone, for `slow_judgement`. Only the codes that hand-made worlds can raise are here.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from consent.judgement.uses import Use
from stores.schemas import column_classes, configuration_tables, delivered_rows, dossier_tables
from terms.clock import naive_utc
from tests.scenes.judgement.small_base import Delivered, Row, World

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")


CONTROLLER = "Contact Citoyen SAS"


@dataclass(frozen=True)
class View:
    """The world as it was known by an instant, looked at for another."""

    world: World
    known_by: datetime
    moment: datetime

    def believed(self, table: column_classes.Table, **wanted: object) -> list[Row]:
        """Return the facts of a table that were believed, with these values."""
        return [
            row
            for row in self.world.facts.get(table, ())
            if row["known_from"] <= self.known_by
            and (row.get("known_until") is None or self.known_by < row["known_until"])
            and all(row[name] == value for name, value in wanted.items())
        ]

    def deliveries(self) -> list[Delivered]:
        """Return the files that had arrived."""
        return [item for item in self.world.deliveries if item.received_at <= self.known_by]

    @cached_property
    def rows(self) -> list[Row]:
        """Every opt-in row that was known, with what its file says."""
        return [
            {
                "consented_at": None,
                "birth_date": None,
                "source_key": None,
                "notice_id": None,
                "form_version": None,
                "recipients": None,
                "channels": None,
                "purposes": None,
                "ip_key": None,
                **row,
                "delivery": item,
            }
            for item in self.deliveries()
            for row in item.rows.get(delivered_rows.OPT_INS, ())
        ]

    def rows_of(self, contact_id: str) -> list[Row]:
        """Return the rows of a number in the order in which they state its attributes."""
        mine = [row for row in self.rows if row["contact_id"] == contact_id]
        return sorted(mine, key=_statement_order)

    def is_direct(self, act: Row) -> bool:
        """Return whether we collected the act ourselves."""
        found = self.believed(dossier_tables.DOSSIER_PARTNERS, partner_id=act["delivery"].partner_id)
        return bool(found and found[0]["collected_directly"])

    def form_of(self, act: Row) -> Row | None:
        """Return the form version that the row means."""
        partner = act["delivery"].partner_id
        feeds = self.believed(dossier_tables.DOSSIER_FEEDS, partner_id=partner, feed_id=act["delivery"].feed_id)
        how = feeds[0]["form_version_from"] if feeds else "none"
        forms = self.believed(dossier_tables.DOSSIER_FORM_VERSIONS, partner_id=partner)
        forms.sort(key=lambda form: (not _holds(form, act["consented_at"]), form["first_seen_at"]))
        fits = {
            "form_version": lambda form: form["form_version"] == act["form_version"],
            "notice_id": lambda form: act["notice_id"] is not None and form["notice_id"] == act["notice_id"],
            "consented_at": lambda form: _holds(form, act["consented_at"]),
            "none": lambda form: False,
        }[how]
        return next((form for form in forms if fits(form)), None)

    def notice_of(self, act: Row, form: Row | None) -> Row | None:
        """Return the notice shown, if the dossier knows it."""
        shown = act["notice_id"] or (form["notice_id"] if form else None)
        found = self.believed(dossier_tables.DOSSIER_NOTICES, partner_id=act["delivery"].partner_id, notice_id=shown)
        return found[0] if found else None

    def act_codes(self, act: Row, use: Use) -> Iterator[str]:
        """Yield every code that applies to an act."""
        form = self.form_of(act)
        notice = self.notice_of(act, form)
        yield from self._proof_codes(act, form, notice)
        if notice is not None:
            yield from self._notice_codes(act, notice, use)
        yield from self._form_codes(act, form)
        yield from self._partner_codes(act, notice)
        yield from self._time_codes(act)
        yield from self._event_codes(act)

    def _proof_codes(self, act: Row, form: Row | None, notice: Row | None) -> Iterator[str]:
        at = act["consented_at"]
        if at is None or form is None or notice is None:
            yield "PROOF_INCOMPLETE"
        outside = form is not None and at is not None and not _holds(form, at)
        other = form is not None and notice is not None and form["notice_id"] not in (None, notice["notice_id"])
        if outside or other:
            yield "PROOF_INCONSISTENT"
        if at is not None and (at == act["delivery"].exported_at or self._is_in_burst(act)):
            yield "PROOF_SUSPECT"

    def _is_in_burst(self, act: Row) -> bool:
        if act["ip_key"] is None:
            return False
        instants = sorted(
            at
            for _, at in {
                (row["source_key"], row["consented_at"])
                for row in self.rows
                if row["flag"] == "given"
                and row["consented_at"] is not None
                and row["ip_key"] == act["ip_key"]
                and row["delivery"].partner_id == act["delivery"].partner_id
            }
        )
        hour = timedelta(hours=1)
        return any(
            opened <= act["consented_at"] < opened + hour and sum(opened <= at < opened + hour for at in instants) > 100
            for opened in instants
        )

    def _notice_codes(self, act: Row, notice: Row, use: Use) -> Iterator[str]:
        named = sorted(
            self.believed(
                dossier_tables.DOSSIER_NOTICE_RECIPIENTS, partner_id=notice["partner_id"], notice_id=notice["notice_id"]
            ),
            key=lambda item: item["position"],
        )
        effective = [item for item in named if act["recipients"] is None or item["name"] in act["recipients"]]
        if any(item["name"] == CONTROLLER for item in effective):
            sponsors = {item["name"] for item in effective if item["kind"] == "sponsor"}
            if not (sponsors if use.sponsor_id is None else sponsors & self._names_of(use.sponsor_id)):
                yield "SPONSOR_NOT_NAMED"
        elif any(item["kind"] != "category" for item in named):
            yield "RECIPIENT_NOT_NAMED"
        else:
            yield "RECIPIENT_CATEGORY_ONLY"
        if "political" not in _narrowed(notice["purposes"], act["purposes"]):
            yield "PURPOSE_NOT_POLITICAL"
        if use.channel.value not in _narrowed(notice["channels"], act["channels"]):
            yield "CHANNEL_NOT_COVERED"
        if not notice["mentions_targeting"] or set(use.criteria_kinds) - set(notice["targeting_by"]):
            yield "TARGETING_NOT_CONSENTED"

    def _names_of(self, sponsor_id: str) -> set[object]:
        return {
            name
            for row in self.world.facts[configuration_tables.SPONSORS]
            if row["sponsor_id"] == sponsor_id
            for name in (row["legal_name"], row.get("candidate"))
            if name
        }

    def _form_codes(self, act: Row, form: Row | None) -> Iterator[str]:
        partner, version = act["delivery"].partner_id, form["form_version"] if form else None
        audits = [
            audit
            for audit in self.believed(dossier_tables.DOSSIER_AUDITS, partner_id=partner)
            if audit["form_version"] in ("*", version)
        ]
        found = {audit["finding"] for audit in audits}
        if "pre_ticked" in found or (form and form["box_default"] == "ticked"):
            yield "PRE_TICKED"
        if "single_button" in found or (form and (form["act"] == "button" or not form["refusal_as_easy"])):
            yield "DARK_PATTERN"
        if "entry_requires_consent" in found or (form and form["bundled_with_entry"]):
            yield "NOT_FREE"
        if form and form.get("stopped_at") and form["stopped_at"] <= self.moment:
            yield "FORM_REJECTED"
        if self._is_overdue([audit["audited_on"] for audit in audits], form):
            yield "AUDIT_OVERDUE"

    def _is_overdue(self, days: list[date], form: Row | None) -> bool:
        past = [day for day in days if midnight(day) <= self.moment]
        if not past:
            return True
        last_seen = form["last_seen_at"] if form else None
        is_live = last_seen is None or self.moment < last_seen + timedelta(seconds=1)
        return is_live and self.moment >= midnight(months_after(max(past), 12))

    def _partner_codes(self, act: Row, notice: Row | None) -> Iterator[str]:
        partner = act["delivery"].partner_id
        if not self.is_direct(act):
            yield "TTPA_NOT_DIRECT"
        chain = self.believed(dossier_tables.DOSSIER_CHAIN, partner_id=partner)
        names = (
            set()
            if notice is None
            else {
                item["name"]
                for item in self.believed(
                    dossier_tables.DOSSIER_NOTICE_RECIPIENTS, partner_id=partner, notice_id=notice["notice_id"]
                )
            }
        )
        if len(chain) > 2 and any(hop["position"] > 1 and hop["name"] not in names for hop in chain):
            yield "ONWARD_WITHOUT_NEW_CONSENT"
        for fact in self.believed(dossier_tables.DOSSIER_PARTNERS, partner_id=partner):
            ends = fact["contract_ends_on"]
            if ends and paris_date(act["consented_at"] or act["delivery"].exported_at) > ends:
                yield "CONTRACT_ENDED"

    def _time_codes(self, act: Row) -> Iterator[str]:
        if act["consented_at"] is None:
            return
        on = paris_date(act["consented_at"])
        if self.moment >= midnight(months_after(on, 36)):
            yield "CONSENT_EXPIRED"
        birth = act["birth_date"] or self.birth_date_of(act["contact_id"])
        if birth and on < birthday(birth, 15):
            yield "CONSENT_BY_CHILD"

    def _event_codes(self, act: Row) -> Iterator[str]:
        for code, at in self._events_of(act["contact_id"]):
            if at <= self.moment and (act["consented_at"] is None or at >= act["consented_at"]):
                yield code
        if act["delivery"].mode == "full" and self._is_absent(act):
            yield "ABSENT_FROM_FULL"

    def _events_of(self, contact_id: str) -> Iterator[tuple[str, datetime]]:
        rows = self.rows
        for row in rows:
            if row["contact_id"] != contact_id or row["flag"] != "refused":
                continue
            if row["consented_at"] is not None:
                yield "LATEST_WINS", row["consented_at"]
            elif row["source_key"] and any(
                other["flag"] == "given"
                and other["source_key"] == row["source_key"]
                and other["delivery"].exported_at < row["delivery"].exported_at
                for other in rows
            ):
                yield "WITHDRAWN_AT_SOURCE", row["delivery"].exported_at
        records = {row["source_key"] for row in rows if row["contact_id"] == contact_id and row["source_key"]}
        for item in self.deliveries():
            for withdrawal in item.rows.get(delivered_rows.WITHDRAWALS, ()):
                if withdrawal.get("contact_id") == contact_id or withdrawal.get("source_key") in records:
                    yield "WITHDRAWN_AT_SOURCE", withdrawal["withdrawn_at"]

    def _is_absent(self, act: Row) -> bool:
        fulls = [
            item
            for item in self.deliveries()
            if item.mode == "full" and item.feed_id == act["delivery"].feed_id and item.exported_at <= self.moment
        ]
        fulls.sort(key=lambda item: item.exported_at)
        has_it = [act["source_key"] in _readable_keys(item) for item in fulls]
        return any(has_it) and not has_it[-1]

    def birth_date_of(self, contact_id: str) -> date | None:
        """Return the last birth date that a known row states."""
        stated = [row["birth_date"] for row in self.rows_of(contact_id) if row["birth_date"]]
        return stated[-1] if stated else None

    def contact_codes(self, contact_id: str, use: Use) -> Iterator[str]:
        """Yield every code that applies to the person or the number."""
        rows = self.rows_of(contact_id)
        if not rows:
            return
        birth = self.birth_date_of(contact_id)
        if birth is None:
            yield "AGE_UNKNOWN"
        else:
            if self.moment < midnight(birthday(birth, 17)):
                yield "UNDER_17"
            elif self.moment < midnight(birthday(birth, 18)):
                yield "MINOR_AT_SEND"
            if use.eligible_on and birthday(birth, 18) > use.eligible_on:
                yield "NOT_ELECTOR"
        if len({row["birth_date"] for row in rows if row["birth_date"]}) > 1:
            yield "IDENTITY_CONFLICT"
        yield from _number_codes(rows[-1], use)


def _number_codes(row: Row, use: Use) -> Iterator[str]:
    kind, rules = row["number_kind"], use.number_rules.value
    if kind == "landline" and use.channel.value == "sms":
        yield "NOT_MOBILE"
    if kind == "foreign":
        yield "FOREIGN_NUMBER"
    if kind == "m2m" and rules != "bench":
        yield "NOT_A_PERSON"
    if kind == "unassigned" and rules != "bench":
        yield "NUMBER_UNASSIGNED"
    if row["is_fiction"] and rules != "fiction":
        yield "FICTION_NUMBER"


def _holds(form: Row, at: datetime | None) -> bool:
    last = form["last_seen_at"]
    return at is not None and form["first_seen_at"] <= at and (last is None or at < last + timedelta(seconds=1))


def _narrowed(shown: Sequence[str], stated: Sequence[str] | None) -> set[str]:
    return set(shown) if stated is None else set(shown) & set(stated)


def _readable_keys(item: Delivered) -> set[object]:
    accepted = {row.get("source_key") for row in item.rows.get(delivered_rows.OPT_INS, ())}
    return accepted | {
        row["source_key"] for row in item.rows.get(delivered_rows.QUARANTINE, ()) if not row["is_structural"]
    }


def _statement_order(row: Row) -> tuple[object, ...]:
    item, at = row["delivery"], row["consented_at"]
    first = datetime.min if at is None else at
    return (first, item.exported_at, item.partner_id, f"{item.delivery_id}.csv", row["line_number"])


def paris_date(instant: datetime) -> date:
    """Return the civil date in Paris of a naive UTC instant."""
    return instant.replace(tzinfo=UTC).astimezone(PARIS).date()


def midnight(day: date) -> datetime:
    """Return the naive UTC instant at which a civil day begins in Paris."""
    return naive_utc(datetime.combine(day, time(), PARIS))


def months_after(day: date, months: int) -> date:
    """Return the same day number that many months later, else the month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def birthday(birth: date, age: int) -> date:
    """Return the day on which an age is reached; 29 February turns on 1 March."""
    return date(birth.year + age, birth.month, 1) + timedelta(days=birth.day - 1)
