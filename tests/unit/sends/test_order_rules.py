"""Every rule about an order at its limits: papers, sponsor, price, message, calls, retention, invoices, by-elections."""

import wave
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sends.gateways.settings import read_gateway
from sends.orders.elections import read_elections
from sends.orders.order import AgreedPrice, VoiceMessage
from sends.orders.order_file import read_order
from sends.orders.price import costly_characters, quote_sms, quote_voice, read_price_list
from sends.orders.recordings import measure
from sends.orders.sponsors import Payer, PayerKind, read_sponsor
from sends.rules.bureau_changes import BureauChange, BureauChangeKind, MapChange, ReservedBureau, change_findings
from sends.rules.calendar import Place, Timing, moment_findings, planned_end, read_calendar, window_findings
from sends.rules.controller_documents import (
    TRANSPARENCY_NOTICE_ITEMS,
    Complaint,
    ControllerDocuments,
    TransparencyNoticeFacts,
    complaint_findings,
    controller_document_findings,
    transparency_notice_findings,
)
from sends.rules.invoice_rules import Addressee, InvoiceDetail, InvoiceStatement, invoice_findings
from sends.rules.message import community_findings
from sends.rules.order_rules import AudienceFacts, audience_findings, feed_findings, reveals_votes
from sends.rules.price_rules import price_findings
from sends.rules.retention import Operation, Record, RecordField, RetentionJob, deletable_on, retention_findings
from sends.rules.rulebook import read_rulebook
from sends.rules.sponsor_rules import sponsor_findings
from sends.rules.voice import voice_findings
from terms.errors import UsageError
from terms.months import months_after
from terms.reasons import Channel, Decision, Profile
from terms.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "config"
BOOK = read_rulebook(CONFIG / "rules" / "orders")
STRICT, MARKET = (BOOK.under(profile, date(2027, 3, 16)) for profile in Profile)
CALENDAR = read_calendar(CONFIG / "calendar")
PRES = read_elections(CONFIG / "elections")["PRES2027"]
HORIZON = read_sponsor(CONFIG / "sponsors", "horizon")
PRICES = read_price_list(CONFIG / "prices", date(2026, 11, 24))
GATEWAY = read_gateway(CONFIG / "gateways", "simulator")
ORDER = read_order(CONFIG / "campaigns" / "example-75111.yaml")


def at(text):
    return datetime.fromisoformat(text)


def codes(found):
    return [item.code for item in found]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2027-04-18", -3, "2027-01-18"),
        ("2027-05-31", -3, "2027-02-28"),
        ("2028-05-31", -3, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2028-02-29", 84, "2035-02-28"),
        ("2027-01-15", -1, "2026-12-15"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_months_keep_the_day_number_or_take_the_last_day(day, months, expected):
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("policy", "assessment", "on", "expected"),
    [
        ("2026-03-17", "2026-03-17", "2027-03-16", []),
        ("2026-03-17", "2026-03-16", "2027-03-16", ["ART19_STALE"]),
        ("2026-03-16", "2026-09-01", "2027-03-16", ["ART19_STALE"]),
        ("2024-02-29", "2025-01-01", "2025-02-28", ["ART19_STALE"]),
        ("2024-02-29", "2025-01-01", "2025-02-27", []),
    ],
)
def test_our_papers_are_of_the_last_twelve_months(policy, assessment, on, expected):
    papers = ControllerDocuments(date.fromisoformat(policy), date.fromisoformat(assessment))
    assert codes(controller_document_findings(papers, date.fromisoformat(on), STRICT)) == expected
    assert controller_document_findings(papers, date.fromisoformat(on), MARKET) == ()


def test_a_notice_is_whole_and_published_by_the_first_message():
    moment = at("2027-03-16T10:30:00+01:00")
    assert (
        transparency_notice_findings(TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS), moment, STRICT) == ()
    )
    for notice in (
        TransparencyNoticeFacts(None, TRANSPARENCY_NOTICE_ITEMS),
        TransparencyNoticeFacts(moment + timedelta(seconds=1), TRANSPARENCY_NOTICE_ITEMS),
        TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS - {7}),
    ):
        assert codes(transparency_notice_findings(notice, moment, STRICT)) == ["NOTICE_INCOMPLETE"]
    (finding,) = transparency_notice_findings(
        TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS - {5, 7}), moment, STRICT
    )
    assert "Missing: 5, 7." in finding.message


@pytest.mark.parametrize(
    ("answered", "waited", "is_late"),
    [
        (None, 48 * 3600, False),
        (None, 48 * 3600 + 1, True),
        (47 * 3600, 49 * 3600, False),
        (50 * 3600, 49 * 3600, True),
    ],
)
def test_a_complaint_waits_no_longer_than_48_hours(answered, waited, is_late):
    received = at("2027-03-10T10:00:00+01:00")
    answer = None if answered is None else received + timedelta(seconds=answered)
    found = complaint_findings([Complaint(received, answer)], received + timedelta(seconds=waited), MARKET)
    assert codes(found) == (["ART15_LATE"] if is_late else [])


def test_a_complaint_of_later_is_not_known():
    received = at("2027-03-20T10:00:00+01:00")
    assert complaint_findings([Complaint(received, None)], at("2027-03-16T10:00:00+01:00"), STRICT) == ()


@pytest.mark.parametrize(
    ("established", "controlled", "on", "expected"),
    [
        ("CH", "CH", "2027-01-17", []),
        ("CH", "CH", "2027-01-18", ["THIRD_COUNTRY_SPONSOR"]),
        ("FR", "US", "2027-01-18", ["THIRD_COUNTRY_SPONSOR"]),
        ("GB", "FR", "2027-04-20", ["THIRD_COUNTRY_SPONSOR"]),
        ("NO", "NO", "2027-03-01", ["THIRD_COUNTRY_SPONSOR"]),
        ("DE", "IE", "2027-04-18", []),
        ("RE", "PF", "2027-04-18", []),
    ],
)
def test_nobody_from_outside_the_union_sponsors_in_the_three_months_before(established, controlled, on, expected):
    sponsor = replace(HORIZON, established_in=established, controlled_from=controlled)
    for rules in (STRICT, MARKET):
        assert codes(sponsor_findings(sponsor, PRES, 1, date.fromisoformat(on), rules)) == expected


@pytest.mark.parametrize(
    ("kind", "country", "expected"),
    [
        (PayerKind.COMPANY, "BE", ["FOREIGN_LEGAL_PERSON"]),
        (PayerKind.PARTY, "DE", ["FOREIGN_LEGAL_PERSON"]),
        (PayerKind.COMPANY, "FR", []),
        (PayerKind.COMPANY, "GP", []),
        (PayerKind.PERSON, "BE", []),
        (PayerKind.MANDATAIRE, "FR", []),
    ],
)
def test_no_foreign_legal_person_pays(kind, country, expected):
    sponsor = replace(HORIZON, payer=Payer("P", kind, country))
    assert codes(sponsor_findings(sponsor, PRES, 1, date(2026, 10, 1), STRICT)) == expected


def test_a_declaration_of_tomorrow_is_not_signed():
    sponsor = replace(HORIZON, declaration_signed_on=date(2027, 3, 17))
    assert codes(sponsor_findings(sponsor, PRES, 1, date(2027, 3, 16), STRICT)) == ["NO_DECLARATION"]
    assert sponsor_findings(sponsor, PRES, 1, date(2027, 3, 17), STRICT) == ()


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        (AgreedPrice(), []),
        (AgreedPrice(10), []),
        (AgreedPrice(11), []),
        (AgreedPrice(9), ["BELOW_USUAL_PRICE"]),
        (AgreedPrice(9, discount_open_to_all=True), []),
        (AgreedPrice(0), ["GIFT_IN_KIND"]),
        (AgreedPrice(0, discount_open_to_all=True), ["GIFT_IN_KIND"]),
        (AgreedPrice(10, free_messages=1), ["GIFT_IN_KIND"]),
        (AgreedPrice(3, free_messages=1), ["GIFT_IN_KIND", "BELOW_USUAL_PRICE"]),
    ],
)
def test_the_price_is_the_lists_for_everybody(agreed, expected):
    assert codes(price_findings(agreed, 10, STRICT)) == expected


@pytest.mark.parametrize(
    ("text", "parts", "cents"),
    [
        ("a" * 160, 1, 10),
        ("a" * 161, 2, 17),
        ("a" * 306, 2, 17),
        ("a" * 307, 3, 25),
        ("a" * 459, 3, 25),
        ("a" * 460, 4, 33),
        ("a" * 612, 4, 33),
        ("€" * 80, 1, 10),
        ("€" * 81, 2, 17),
        ("ê" * 70, 1, 10),
        ("ê" * 71, 2, 17),
        ("ê" * 268, 4, 33),
        ("\U0001f600" * 35, 1, 10),
        ("\U0001f600" * 36, 2, 17),
    ],
)
def test_a_message_is_priced_by_its_parts_in_the_real_alphabet(text, parts, cents):
    quote = quote_sms(text, PRICES, AgreedPrice())
    assert (quote.parts, quote.unit_price_cents, quote.list_unit_cents) == (parts, cents, cents)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Réunion à 18 h, Ñ ä ö Ü ç?", ("ç",)),  # GSM has the capital only
        ("réunion à 18 h", ()),
        ("10 € [gratuit]", ("€", "[", "]")),
        ("fête 10 €, fête’", ("ê", "’")),
        ("", ()),
    ],
)
def test_the_characters_that_cost_extra_are_shown(text, expected):
    assert costly_characters(text) == expected


@pytest.mark.parametrize(
    ("seconds", "cents"), [(0.1, 10), (15.0, 10), (15.01, 17), (30, 17), (30.5, 25), (45, 25), (46, 33), (60, 33)]
)
def test_a_call_is_priced_by_its_seconds(seconds, cents):
    quote = quote_voice(seconds, PRICES, AgreedPrice())
    assert (quote.unit_price_cents, quote.seconds, quote.parts) == (cents, seconds, 1)


def test_a_call_longer_than_the_list_goes_has_no_price():
    with pytest.raises(UsageError, match="goes to 60 s"):
        quote_voice(60.1, PRICES, AgreedPrice())


def test_an_order_that_agrees_on_a_price_is_quoted_at_it():
    quote = quote_sms("a" * 161, PRICES, AgreedPrice(20))
    assert (quote.list_unit_cents, quote.unit_price_cents, quote.total_cents(3)) == (17, 20, 60)


def wav(path, seconds, rate=8000):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\0\0" * int(seconds * rate))
    return path


def test_a_recording_is_measured_and_what_is_none_is_refused(tmp_path):
    one, other = measure(wav(tmp_path / "a.wav", 12.5)), measure(wav(tmp_path / "b.wav", 12.5, 16000))
    assert (one.seconds, other.seconds) == (12.5, 12.5)
    assert one.sha256 != other.sha256
    whole = (tmp_path / "a.wav").read_bytes()
    for name, content in (("empty", b""), ("text", b"not a sound"), ("cut", whole[:-4000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match="no readable WAV"):
            measure(tmp_path / name)
    for path in (tmp_path / "none.wav", wav(tmp_path / "silent.wav", 0)):
        with pytest.raises(UsageError, match="no readable WAV"):
            measure(path)


@pytest.mark.parametrize(
    ("caller", "seconds", "expected"),
    [
        ("+33937000000", 10, []),
        ("+33162000000", 0, []),
        ("+33937000000", 10.1, ["VOICE_OBJECTION_LATE"]),
        ("+33639980001", 3, ["CLI_FORBIDDEN"]),
        ("+33712345678", 3, ["CLI_FORBIDDEN"]),
        ("+33700000000", 3, ["CLI_FORBIDDEN"]),
        ("+262692123456", 3, ["CLI_FORBIDDEN"]),
        ("+590690301234", 3, ["CLI_FORBIDDEN"]),
        ("+596596501234", 3, []),
        ("+33639980001", 28, ["VOICE_OBJECTION_LATE", "CLI_FORBIDDEN"]),
    ],
)
def test_a_call_says_early_how_to_object_and_shows_no_mobile(caller, seconds, expected):
    assert codes(voice_findings(VoiceMessage("a.wav", caller, seconds), STRICT)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Message aux Français de confession juive",
        "À la communauté musulmane de Lyon",
        "Chers amis catholiques, votez",
        "aux électeurs d'origine maghrébine",
        "Juifs de France, soyons unis",
        "Musulmans, votez C1",
        "frères et sœurs musulmans",
        "Chrétiens d'Orient, C1 vous soutient",
        "Aïd Moubarak à tous",
        "Vous êtes chrétien ? Votez",
        "Français issus de l’immigration maghrébine",
        "la communauté LGBT",
        "Franco-algériens, votez",
        "Aux protestants d'Alsace",
        "communauté portugaise de Créteil",
        "ISRAÉLITES DE FRANCE : VOTEZ",
    ],
)
def test_a_text_that_speaks_to_a_community_is_found(text):
    assert codes(community_findings(text, "message.text", STRICT)) == ["COMMUNITY_ADDRESS"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Reunion publique, jeudi a 18 h, gymnase Japy.",
        "Réunion place de l'Église, communauté de communes du Pays",
        "Rendez-vous rue des Juifs, salle 3",
        "lycée catholique Saint-Jean à 18 h",
        "Temple protestant, 18 h",
        "communauté urbaine de Lyon",
        "Les Français de l'étranger",
        "Chers amis, chers voisins",
        "Défendons la laïcité",
    ],
)
def test_a_place_or_everybody_is_no_community(text):
    assert community_findings(text, "message.text", STRICT) == ()


@pytest.mark.parametrize(("cast", "share", "expected"), [(100, 0.9, False), (99, 0.2, True), (500, 0.9001, True)])
def test_a_tiny_or_nearly_unanimous_bureau_reveals_votes(cast, share, expected):
    assert reveals_votes(cast, share) is expected


def test_an_audience_is_large_enough_and_carries_no_column_of_its_own():
    assert (
        audience_findings(ORDER.audience, AudienceFacts(200, True, ()), STRICT) == ()
    )  # no bureau is chosen by its results
    found = audience_findings(ORDER.audience, AudienceFacts(199, False, ("vote_estimate",)), STRICT)
    assert codes(found) == ["SEGMENT_TOO_SMALL", "SPECIAL_CATEGORY_ATTRIBUTE"]
    assert "199" not in str(found)


@pytest.mark.parametrize(("seconds", "expected"), [(21599, []), (21600, ["STOP_FEED_STALE"])])
def test_a_silent_feed_of_stops_holds(seconds, expected):
    found = feed_findings(timedelta(seconds=seconds), STRICT)
    assert codes(found) == expected
    assert all(item.decision is Decision.HOLD for item in found)


@pytest.mark.parametrize(
    ("last", "on", "expected"),
    [
        ("2027-04-30", "2034-04-29", ["RETENTION_7Y"]),
        ("2027-04-30", "2034-04-30", []),
        ("2028-02-29", "2035-02-27", ["RETENTION_7Y"]),
        ("2028-02-29", "2035-02-28", []),
    ],
)
def test_a_record_is_deleted_seven_years_after_its_last_publication(last, on, expected):
    for record in Record:
        job = RetentionJob(Operation.DELETE, record, date.fromisoformat(last), frozenset({RecordField.PHONE}))
        assert codes(retention_findings([job], date.fromisoformat(on), MARKET)) == expected
        assert (deletable_on(job.last_published_on, STRICT) <= date.fromisoformat(on)) is (not expected)


def test_a_record_is_kept_without_numbers():
    job = RetentionJob(Operation.KEEP, Record.CAMPAIGN_RECORD, date(2027, 3, 1), frozenset(RecordField))
    found = [retention_findings([job], date(2027, 3, 16), rules) for rules in (STRICT, MARKET)]
    assert [(codes(one), one[0].decision) for one in found] == [
        (["MINIMISE"], Decision.REFUSE),
        (["MINIMISE"], Decision.HOLD),
    ]
    kept = replace(job, fields=frozenset({RecordField.COUNTS, RecordField.CRITERIA}))
    assert retention_findings([kept], date(2027, 3, 16), STRICT) == ()


def test_an_invoice_says_everything_and_goes_to_the_declared_agent():
    on, all_of_it = date(2027, 3, 16), frozenset(InvoiceDetail)
    sponsor = replace(HORIZON, mandataire_declared_on=on)
    for addressee in Addressee:
        found = codes(invoice_findings(InvoiceStatement(addressee, all_of_it), sponsor, on, STRICT))
        assert found == ([] if addressee is Addressee.MANDATAIRE else ["INVOICE_NOT_TO_MANDATAIRE"])
        not_yet = replace(sponsor, mandataire_declared_on=date(2027, 3, 17))
        assert invoice_findings(InvoiceStatement(addressee, all_of_it), not_yet, on, STRICT) == ()
    for detail in InvoiceDetail:
        found = invoice_findings(InvoiceStatement(Addressee.MANDATAIRE, all_of_it - {detail}), sponsor, on, STRICT)
        assert codes(found) == ["INVOICE_UNVERIFIABLE"]
        assert detail.value in found[0].message


def test_a_bureau_that_changed_since_it_was_reserved_is_looked_at():
    changes = [BureauChange("75056_1142", BureauChangeKind.SPLIT, date(2027, 3, 10))]

    def found(reserved_on, on=date(2027, 3, 16), bureau="75056_1142"):
        return codes(change_findings([ReservedBureau(bureau, reserved_on)], changes, (), on, STRICT))

    assert found(None) == found(date(2027, 3, 10)) == ["BUREAU_REMAPPED"]
    assert found(None, on=date(2027, 3, 9)) == found(date(2027, 3, 11)) == found(None, bureau="75056_1143") == []


def test_a_bureau_that_a_newer_map_changed_is_looked_at_if_it_was_reserved_on_the_older_one():
    for kind in BureauChangeKind:
        mapped = [MapChange("75056_1142", "2026", kind)]
        for held, expected in (
            (ReservedBureau("75056_1142", date(2027, 3, 16), "2026"), ["BUREAU_REMAPPED"]),
            (ReservedBureau("75056_1142", date(2027, 3, 16), "2027"), []),
            (ReservedBureau("75056_1143", date(2027, 3, 16), "2026"), []),
        ):
            assert codes(change_findings([held], (), mapped, date(2027, 3, 16), STRICT)) == expected


def timing(elections=(PRES,), channel=Channel.SMS, accused=False, rules=STRICT, validity=60):
    return Timing(CALENDAR, tuple(elections), rules, channel, timedelta(minutes=validity), accused)


PARIS = Place(frozenset({"metropole"}), True)
GUADELOUPE = Place(frozenset({"guadeloupe"}), True)


@pytest.mark.parametrize(
    ("moment", "place", "expected"),
    [
        ("2027-04-14T21:59:59+02:00", PARIS, []),
        ("2027-04-15T10:00:00+02:00", PARIS, ["L48_2_REVIEW"]),
        ("2027-04-16T20:59:00+02:00", PARIS, ["L48_2_REVIEW"]),
        ("2027-04-17T10:00:00+02:00", PARIS, ["L49"]),
        # Guadeloupe votes on Saturday: its 48 hours begin on Wednesday at 00:00 there
        ("2027-04-13T21:30:00-04:00", GUADELOUPE, []),
        ("2027-04-14T08:00:00-04:00", GUADELOUPE, ["L48_2_REVIEW"]),
        ("2027-04-16T08:00:00-04:00", GUADELOUPE, ["L49"]),
    ],
)
def test_a_new_accusation_in_the_last_48_hours_is_looked_at(moment, place, expected):
    assert codes(moment_findings(at(moment), place, timing(accused=True))) == expected
    assert codes(moment_findings(at(moment), place, timing())) == [code for code in expected if code == "L49"]


def by_election(*constituencies):
    one = {1: replace(PRES.rounds[1], polling_on=date(2027, 2, 7), saturday_polling_on=None)}
    one[1] = replace(one[1], blackout_ends_at=at("2027-02-07T20:00:00+01:00"))
    return replace(PRES, election_id="BYEL", constituencies=frozenset(constituencies), rounds=one)


@pytest.mark.parametrize(
    ("constituency", "departement", "expected"),
    [
        ("7515", "75", ["L49"]),
        ("7507", "75", []),
        (None, "75", ["L49"]),  # where in Paris is not known: it may be there
        (None, "93", []),
        (None, None, []),
    ],
)
def test_the_blackout_of_a_by_election_is_that_of_its_constituencies(constituency, departement, expected):
    place = Place(frozenset({"metropole"}), True, constituency, departement)
    found = moment_findings(at("2027-02-06T10:00:00+01:00"), place, timing([PRES, by_election("7515")]))
    assert codes(found) == expected


def test_calls_have_a_blackout_of_their_own_code_and_no_hours():
    voice = timing(channel=Channel.VOICE)
    assert codes(moment_findings(at("2027-04-17T10:00:00+02:00"), PARIS, voice)) == ["L49-3"]
    assert moment_findings(at("2027-03-14T07:00:00+01:00"), PARIS, voice) == ()


@pytest.mark.parametrize(
    ("start", "messages", "rate", "expected"),
    [
        ("2027-03-16T21:30:00+01:00", 360_000, 200, []),
        ("2027-03-16T21:30:00+01:00", 360_200, 200, ["WINDOW_TOO_SHORT"]),
        ("2027-03-16T08:00:00+01:00", 14 * 3600 * 10, 10, []),
        ("2027-03-16T08:00:00+01:00", 14 * 3600 * 10 + 10, 10, ["WINDOW_TOO_SHORT"]),
    ],
)
def test_volume_and_rate_fit_before_22_00_in_paris(start, messages, rate, expected):
    last = planned_end(at(start), messages, rate)
    assert codes(window_findings(at(start), last, last, STRICT)) == expected
