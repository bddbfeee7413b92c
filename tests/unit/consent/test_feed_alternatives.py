"""What a dossier alone can say of a format: the question as notice, columns in two languages, answers of forms."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from consent.dossiers.dossiers import DossierInvalid, read_dossier
from consent.dossiers.feeds import Feed
from partners_ingest.readers.delimited import DelimitedReader
from partners_ingest.readers.delivered_lines import DeliveredLines
from partners_ingest.readers.headers import difference, fit_labels, header_version
from partners_ingest.readers.records import Header
from partners_ingest.rows.fields import create_fields, is_mapped
from stores.engine import connect
from tests.scenes.door.dossier_samples import DOSSIER, write_dossier

QUESTION = "J'accepte que Contact Citoyen SAS\nm'écrive par SMS"


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return read_dossier(write_dossier(tmp_path)).feeds[0]


def _fields(data: bytes, feed: Feed, columns: str) -> list[tuple[str, ...]]:
    connection: duckdb.DuckDBPyConnection = connect()
    try:
        DeliveredLines(connection, io.BytesIO(data), feed)
        reader = DelimitedReader()
        records = reader.read_records(connection, feed, reader.read_header(connection, feed))
        create_fields(connection, records, feed)
        return connection.execute(f"select {columns} from fields order by line_number").fetchall()
    finally:
        connection.close()


def test_the_question_in_the_header_is_the_notice(feed: Feed) -> None:
    form = replace(feed, mapping={"consent_flag": ("ancienne question", QUESTION)}, notice_from_header="consent_flag")
    assert is_mapped(form, "notice_text")
    found = _fields(f'#,"{QUESTION}"\na,1\nb,\n'.encode(), form, "consent_flag, notice_text")
    assert found == [("1", QUESTION), ("", QUESTION)]


def test_the_first_column_that_the_file_has_counts(feed: Feed) -> None:
    shop = replace(feed, mapping={"given_name": ("First name", "Prénom")})
    assert _fields(b"ID,First name\n1,Lys\n", shop, "given_name") == [("Lys",)]
    assert _fields("ID,Prénom\n1,Lys\n".encode(), shop, "given_name") == [("Lys",)]
    assert _fields(b"ID,Nom\n1,Lys\n", shop, "given_name") == [("",)]


def test_of_several_columns_the_first_that_is_not_blank_counts(feed: Feed) -> None:
    form = replace(feed, mapping={"consent_flag": ("Oui", "Non")})
    assert _fields(b"#,Oui,Non\na,Oui,\nb,,Non\nc,,\n", form, "consent_flag") == [("Oui",), ("Non",), ("",)]


def test_a_form_with_one_column_per_choice_gives_a_list(feed: Feed) -> None:
    form = replace(feed, mapping={"channels": ("SMS", "Appel")}, list_separators={"channels": " / "})
    assert _fields(b"#,SMS,Appel\na,SMS,\nb,SMS,Appel\n", form, "channels") == [("SMS",), ("SMS / Appel",)]


def test_ticked_columns_give_our_words_and_none_ticked_is_an_empty_list(feed: Feed) -> None:
    columns = {"optin_sms": "sms", "optin_tel": "voice", "optin_fax": "fax"}
    values = replace(feed.values, ticked=("1", "oui"))
    form = replace(feed, mapping={}, choices={"channels": columns}, values=values)
    found = _fields(b"#,optin_sms,optin_tel\na,1,oui\nb,0,1\nc,0,\n", form, "channels")
    assert [json.loads(row[0]) for row in found] == [["sms", "voice"], ["voice"], []]
    assert is_mapped(form, "channels")


def test_a_prefix_of_the_exporter_is_taken_off_once(feed: Feed) -> None:
    leads = replace(
        feed,
        encoding="utf-16",
        delimiter="\t",
        mapping={"source_record_id": ("id",), "phone": ("phone_number",)},
        value_prefixes={"source_record_id": ("l:", "lead:")},
    )
    data = "id\tphone_number\nl:1\tp:+33639980001\nl:l:2\t<test lead: dummy data>\n3\t\n".encode("utf-16")
    assert [row[0] for row in _fields(data, leads, "source_record_id")] == ["1", "l:2", "3"]


@pytest.mark.parametrize(
    ("wanted", "optional", "found", "fitted"),
    [
        (["id", "name"], [], ["name", "id"], ("name", "id")),
        (["id", "name"], [], ["id", "name", "fax"], None),
        (["id", "name"], ["fax"], ["id", "fax", "name"], ("id", "fax", "name")),
        (["id", "name"], ["fax"], ["id", "fax", "name", "fax"], None),
        (["id", "name"], ["*"], ["id", "a", "name", "b"], ("id", "a", "name", "b")),
        (["id", "name"], ["*"], ["id", "a"], None),
        (["*", "name"], [], ["qualified", "name"], ("*", "name")),
        (["*", "name"], [], ["name"], None),
        (["*", "name"], [], ["a", "b", "name"], None),
        (["*", "name"], ["fax"], ["fax", "a", "name"], ("fax", "*", "name")),
        (["id", "id"], [], ["id"], None),
    ],
)
def test_labels_fit_a_header_of_the_dossier(
    wanted: list[str], optional: list[str], found: list[str], fitted: tuple[str, ...] | None
) -> None:
    assert fit_labels(found, wanted, optional) == fitted


def test_a_difference_is_told_from_the_nearest_header(feed: Feed) -> None:
    shop = replace(feed, headers=(("un", "deux"), ("numero client", "portable", "ville")), optional_labels=("fax",))
    labels = ("no client", "numero client", "portables", "fax")
    told = difference(Header(labels, labels, 1, ""), shop)
    assert (told.expected, told.known) == (3, 1)
    assert (told.missing, told.unknown, told.renamed) == (("ville",), (1,), (("portable", 3),))
    assert told.sentence() == (
        "1 of 3 labels found; no 'ville'; 'portable' may be column 3; 1 columns unknown to the dossier, first at 1"
    )


def test_what_a_wildcard_allows_is_no_difference(feed: Feed) -> None:
    any_first = replace(feed, headers=(("*", "name", "city"),))
    told = difference(Header(("lead", "name"), ("Lead", "Name"), 1, ""), any_first)
    assert (told.known, told.missing, told.unknown) == (2, ("city",), ())
    told = difference(Header(("a", "b", "city"), ("a", "b", "city"), 1, ""), replace(feed, optional_labels=("*",)))
    assert (told.missing, told.unknown) == (("id", "name"), ())


def test_which_header_of_the_dossier_it_is_is_told(feed: Feed) -> None:
    labels = ("city", "name", "id")
    assert header_version(Header(labels, labels, 1, ""), feed) == 1
    assert header_version(Header(labels[1:], labels[1:], 1, ""), feed) is None


def test_a_column_of_secrets_is_not_to_be_mapped(tmp_path: Path) -> None:
    text = DOSSIER.replace('headers: [["id", "name", "city"]', 'headers: [["id", "user_pass", "city"]')
    folder = write_dossier(tmp_path, text.replace('family_name: "name"', 'family_name: "user_pass"'))
    with pytest.raises(DossierInvalid, match="secrets"):
        read_dossier(folder)


def test_a_notice_from_the_header_needs_a_column(tmp_path: Path) -> None:
    text = DOSSIER.replace("    min_rows: 2\n", '    min_rows: 2\n    notice_from_header: "city"\n')
    with pytest.raises(DossierInvalid, match="mapped to no column"):
        read_dossier(write_dossier(tmp_path, text))
