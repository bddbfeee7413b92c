"""What of a row leaves the vault: typed values and words that the dossier knows; nothing that a partner wrote freely.

Numbers are of ARCEP's fiction range, names invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.dossiers.dossiers import Dossier, DossierInvalid
from consent.dossiers.known_words import known_words
from partners_ingest.rows.opt_ins import OPT_INS_SQL
from partners_ingest.rows.stated_words import word_hash
from stores.engine import connect
from stores.identity_shapes import create_identity_macros
from stores.schemas import delivered_rows
from stores.schemas.column_classes import Privacy
from tests.scenes.door.dossier_samples import DOSSIER, NOTICE_ID, PARTNER
from tests.scenes.door.judged_rows import JudgedRows, judged, sample_dossier

LABELS = "id,first,name,phone,agrees,at,zip,country,form,notice,by,why,whom"
#: The feed of names with every field that says something in words.
WORDY = (
    DOSSIER.replace('["id", "name", "phone", "agrees", "agreed_at", "born", "zip"]', json.dumps(LABELS.split(",")))
    .replace('consented_at: "agreed_at"\n      birth_date: "born"', 'consented_at: "at"\n      given_name: "first"')
    .replace(
        'postcode: "zip"\n',
        'postcode: "zip"\n      country: "country"\n      form_version: "form"\n      notice_id: "notice"\n'
        '      channels: "by"\n      purposes: "why"\n      recipients: "whom"\n',
        1,
    )
    .replace('constants: {"country": "FR", "form_version": "AL1"}', "constants: {}", 1)
    .replace("list_separators: {}", 'list_separators: {"channels": "|", "purposes": "|", "recipients": "|"}', 1)
)
GOOD = {
    "id": "1",
    "first": "Zoé",
    "name": "Bérard",
    "phone": "06 39 98 00 01",
    "agrees": "yes",
    "at": "2026-03-02T09:00:00Z",
    "zip": "75011",
    "country": "FR",
    "form": "AL1",
    "notice": NOTICE_ID,
    "by": "sms",
    "why": "political",
    "whom": "Contact Citoyen SAS",
}
#: Ways in which a person may stand in a cell: none of it may leave.
PERSONS = [
    "06 39 98 00 42",
    "0639980042",
    "639980042",
    "+33639980042",
    "0033 6 39 98 00 42",
    "06.39.98.00.42",
    "06 / 39 / 98 / 00 / 42",
    "(0)6 39 98 00 42",
    "０６３９９８００４２",
    "06\u202f39\u202f98\u202f00\u202f42",
    "0692 00 00 01",
    "+262 692 00 00 01",
    "+32 470 12 34 56",
    "00 32 470 12 34 56",
    "zoe@exemple.test",
    "zoe＠exemple.test",
    "Zoe BERARD",
    "chez Bérard",
]
FIELDS = ["zip", "country", "form", "notice", "by", "why", "whom"]


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return sample_dossier(tmp_path_factory.mktemp("wordy"), WORDY)


def _file(*rows: dict[str, str]) -> str:
    quoted = ('"' + '","'.join((GOOD | row).values()) + '"' for row in rows)
    return "\n".join([LABELS, *quoted, ""])


@pytest.fixture(scope="module")
def told(dossier: Dossier) -> Iterator[JudgedRows]:
    """Line 2 is sound; then each person in each field."""
    rows = [{field: person} for field in FIELDS for person in PERSONS]
    with judged(
        dossier, "lys-names", _file({}, *({"id": str(place)} | row for place, row in enumerate(rows, 2)))
    ) as found:
        yield found


def test_what_the_dossier_knows_stays_as_it_is(told: JudgedRows) -> None:
    columns = "postcode, country, form_version, notice_id, channels, purposes, recipients, repairs, unread, kept_texts"
    assert told.rows(columns)[0] == (
        *("75011", "FR", "AL1", NOTICE_ID, ["sms"], ["political"], ["Contact Citoyen SAS"]),
        *([], [], None),
    )


def test_no_text_of_the_lake_holds_anything_of_a_person(told: JudgedRows) -> None:
    texts = [column.name for column in delivered_rows.OPT_INS.columns if column.type.startswith("VARCHAR")]
    shown = told.bench.execute(f"select {', '.join(texts)} from ({OPT_INS_SQL}) order by line_number").fetchall()
    assert len(shown) == 1 + len(FIELDS) * len(PERSONS)
    everything = re.sub(r"[0-9a-f]{32}", "#", json.dumps(shown, ensure_ascii=False).casefold())
    for person in (*PERSONS, "3998", "berard", "bérard", "exemple", "470"):
        assert person.casefold() not in everything


def test_each_is_told_by_a_code_and_kept_in_the_vault(told: JudgedRows) -> None:
    rows = told.rows("repairs, unread, kept_texts")[1:]
    for (field, person), (repairs, _, kept) in zip(
        ((field, person) for field in FIELDS for person in PERSONS), rows, strict=True
    ):
        assert any(kept_text for kept_text in json.loads(kept).values()), (field, person)
        if field != "notice":  # a text that was shown may name anybody
            assert "IDENTITY_IN_OTHER_COLUMN" in repairs, (field, person)
    assert {tuple(unread) for (_, unread, _) in rows[: len(PERSONS)]} == {("postcode",)}


def test_a_text_that_no_dossier_knows_is_a_hash_that_narrows_as_before(dossier: Dossier) -> None:
    row = {"form": "AL9", "by": "sms|fax", "whom": "Autre SAS", "why": "", "notice": ""}
    with judged(dossier, "lys-names", _file(row)) as found:
        ((form, channels, recipients, purposes, notice),) = found.rows(
            "form_version, channels, recipients, purposes, notice_id"
        )
        assert form == word_hash(found.keys.source, PARTNER, "AL9")
        assert channels == ["sms", word_hash(found.keys.source, PARTNER, "fax")]
        assert recipients == [word_hash(found.keys.source, PARTNER, "Autre SAS")]
        assert (purposes, notice) == (None, "e3b0c44298fc1c14")
        assert found.given() == [2]


POSTCODES = [
    ("1000", "FR", "01000"),
    ("F-75011", "FR", "75011"),
    ("75 011", "", "75011"),
    ("97411", "RE", "97411"),
    ("98800", "NC", "98800"),
    ("1000", "BE", "1000"),
    ("B-1000", "BE", "B-1000"),
    ("L-1234", "LU", "L-1234"),
    ("SW1A 1AA", "GB", "SW1A1AA"),
    ("1012 AB", "NL", "1012AB"),
    ("1000-205", "PT", "1000-205"),
    ("750111", "FR", None),
    ("Paris", "FR", None),
    ("75011 Paris", "", None),
]


def test_a_postcode_has_the_form_of_its_country_or_is_null(dossier: Dossier) -> None:
    rows = [{"id": cell, "zip": cell, "country": country} for cell, country, _ in POSTCODES]
    with judged(dossier, "lys-names", _file(*rows)) as found:
        assert found.rows("postcode, unread") == [(read, [] if read else ["postcode"]) for _, _, read in POSTCODES]


def test_a_country_that_cannot_be_read_is_not_taken_for_france(dossier: Dossier) -> None:
    rows = [{"country": country, "id": country} for country in ("Allemagne", "fr", "", "Pays de Zoé")]
    with judged(dossier, "lys-names", _file(*rows)) as found:
        assert found.rows("country, unread") == [("DE", []), ("FR", []), (None, []), ("ZZ", ["country"])]


@pytest.mark.parametrize("text", ["751114203 ", "2026-03-02 17:04:11", "02/03/2026 17:04", "75056_1104", "12345678"])
def test_days_and_codes_of_areas_are_no_coded_numbers(text: str) -> None:
    with connect() as connection:
        create_identity_macros(connection)
        assert connection.execute("select looks_like_coded_number($1), looks_like_email($1)", [text]).fetchone() == (
            False,
            False,
        )


@pytest.mark.parametrize(
    ("mapped", "is_refused"),
    [
        ('form_version: "phone"', True),
        ('postcode: " Phone"', True),
        ('channels: ["zip", "name"]', True),
        ('source_record_id: "phone"', False),  # the vault has it
    ],
)
def test_a_column_that_says_who_a_person_is_may_be_nothing_else(tmp_path: Path, mapped: str, is_refused: bool) -> None:
    field = mapped.partition(":")[0]
    text = re.sub(rf"      {field}: .*\n", "", DOSSIER, count=1).replace(
        "    mapping:\n", f"    mapping:\n      {mapped}\n", 1
    )
    if not is_refused:
        assert sample_dossier(tmp_path, text)
        return
    with pytest.raises(DossierInvalid) as refused:
        sample_dossier(tmp_path, text)
    assert field in str(refused.value) and "stays in the vault" in str(refused.value)


def test_every_word_of_the_lake_is_classed_and_known(dossier: Dossier) -> None:
    """A column of text that is added to the lake must be typed, known or hashed: this list says which it is."""
    typed = {"delivery_id", "partner_id", "feed_id", "flag", "consented_at_quality", "sex", "postcode", "country"}
    typed |= {"number_kind", "number_zone", "repairs", "unread"}
    hashed = {"source_key", "address_key", "ip_key", "source_consent_id"}
    words = set(known_words(dossier, dossier.feeds[0]).__dataclass_fields__)
    texts = {column.name for column in delivered_rows.OPT_INS.columns if column.type.startswith("VARCHAR")}
    assert texts == typed | hashed | words
    assert not any(column.privacy is Privacy.IDENTITY for column in delivered_rows.OPT_INS.columns)
