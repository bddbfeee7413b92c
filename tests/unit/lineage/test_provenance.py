"""The answer about a number has the contract's keys, and says in words what its JSON says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from lineage.lookups.provenance import (
    AsOf,
    Attributes,
    ConsentEvent,
    OptIn,
    PerUse,
    Provenance,
    Send,
    Territory,
    UseVerdict,
)
from lineage.lookups.provenance_text import describe
from terms.reasons import Channel, Profile, Verdict

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
GOOD = UseVerdict(Verdict.SENDABLE, ())
BAD = UseVerdict(Verdict.REFUSED, ("CHANNEL_NOT_COVERED",))
USES: PerUse = {
    Channel.SMS: {Profile.STRICT: GOOD, Profile.MARKET: GOOD},
    Channel.VOICE: {Profile.STRICT: BAD, Profile.MARKET: BAD},
}
OPT_IN = OptIn(
    partner_id="jeux-valombre",
    feed_id="jeux-participations",
    delivery_id="0123456789abcdef",
    file_name="jeux_participations_1.jsonl.gz",
    file_sha256="ab" * 32,
    line_number=412,
    byte_offset=183_022,
    byte_length=611,
    flag="given",
    consented_at=datetime(2026, 3, 2, 17, 4, 11, tzinfo=UTC),
    notice_id="8139ff6686b7270f",
    notice_text="Je souhaite recevoir par SMS des messages politiques.",
    form_version="600300",
    page_url="https://jeux.test/?nom=Marcillac",
    recipients=("Contact Citoyen SAS",),
    channels=("sms",),
    evidence_grade="B",
    evidence_missing=("page_url", "ip"),
    uses=USES,
)
SEND = Send(
    "s1", "C1", "selected", "horizon", "PRES2027", 1, "p1", "b1", AT, "DELIVERED", AT, "simulator", "g1", "cd" * 32, AT
)
KNOWN = Provenance(
    number="+33639980042",
    contact_id="c0ffee00-0000-0000-0000-000000000000",
    as_of=AsOf("b1", AT),
    is_known=True,
    verdicts=USES,
    opt_ins=(OPT_IN,),
    attributes=Attributes("F", date(1963, 7, 27), "48990"),
    events=(ConsentEvent(AT, AT, "ConsentGiven", "box ticked", "0123456789abcdef:412"),),
    territory=Territory("48271_0020_00012", "48271", {"2022": "48271_0001", "2026": "48271_0001"}, "482710101", 1.0),
    sends=(SEND,),
)
UNKNOWN = replace(KNOWN, is_known=False, verdicts={}, opt_ins=(), attributes=None, events=(), territory=None, sends=())


def test_json_has_the_keys_of_the_contract() -> None:
    answer = KNOWN.to_json()
    assert list(answer) == [
        "number",
        "contact_id",
        "as_of",
        "known",
        "verdicts",
        "opt_ins",
        "attributes",
        "events",
        "territory",
        "sends",
    ]
    assert answer["as_of"] == {"base_version": "b1", "at": "2026-11-24T08:00:00Z"}
    assert answer["verdicts"] == {
        "sms": {"strict": {"verdict": "SENDABLE", "reasons": []}, "market": {"verdict": "SENDABLE", "reasons": []}},
        "voice": {
            "strict": {"verdict": "REFUSED", "reasons": ["CHANNEL_NOT_COVERED"]},
            "market": {"verdict": "REFUSED", "reasons": ["CHANNEL_NOT_COVERED"]},
        },
    }


def test_an_opt_in_tells_place_text_and_what_it_is_worth_alone() -> None:
    answer = OPT_IN.to_json()
    assert (answer["line"], answer["byte_offset"], answer["byte_length"]) == (412, 183_022, 611)
    assert answer["consented_at"] == "2026-03-02T17:04:11Z"
    assert answer["usable"] == {"sms": {"strict": True, "market": True}, "voice": {"strict": False, "market": False}}
    assert answer["reasons"] == {
        "sms": {"strict": [], "market": []},
        "voice": {"strict": ["CHANNEL_NOT_COVERED"], "market": ["CHANNEL_NOT_COVERED"]},
    }


def test_a_refusal_is_usable_for_nothing() -> None:
    answer = replace(OPT_IN, flag="refused", uses=None, consented_at=None).to_json()
    nothing = {"strict": False, "market": False}
    assert answer["usable"] == {"sms": nothing, "voice": nothing}
    assert answer["consented_at"] is None


def test_the_text_names_file_line_text_verdict_and_message() -> None:
    text = describe(KNOWN)
    for part in (
        "+33639980042",
        "jeux_participations_1.jsonl.gz, line 412",
        "« Je souhaite recevoir par SMS des messages politiques. »",
        "sms   strict SENDABLE",
        "voice market REFUSED CHANNEL_NOT_COVERED",
        "48271_0001 (2026)",
        "DELIVERED",
        "box ticked",
    ):
        assert part in text, part


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    assert UNKNOWN.to_json()["known"] is False
    assert "Unknown" in describe(UNKNOWN)
    assert "verdict" not in describe(UNKNOWN)


def test_identity_is_not_in_the_repr() -> None:
    for value in ("39980042", "Marcillac", "1963"):
        assert value not in repr(KNOWN)
