"""Each format of feeds.md 1 is read by the dossier of docs/formats alone: what is accepted, as what, and what is not.

The persons are invented, the numbers of ARCEP's fiction range; the layouts are those that the exporters write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from consent.dossiers.dossiers import Dossier, DossierSet, read_dossier
from partners_ingest.intake.rehearsal import Rehearsal, rehearsal_stores, rehearse
from stores.all_stores import Stores
from stores.engine import connect
from stores.lake import reading_name
from stores.schemas import delivered_rows
from terms.settings import Settings, load_settings
from tests.commands import ROOT
from tests.scenes.door.format_files import (
    GRID,
    KIMPLE_LABELS,
    MAILCHIMP_LABELS,
    NEW_QUESTION,
    TYPEFORM_OLD,
    as_csv,
    as_json_lines,
    as_parquet,
    as_workbook,
    kimple_entry,
    mailchimp_member,
    meta_leads,
    recommended_records,
)

FORMATS = ROOT / "docs" / "formats"


@dataclass
class Desk:
    """A place to send files of a partner to, as often as one likes."""

    settings: Settings
    stores: Stores
    folder: Path

    def dossier(self, partner: str) -> Dossier:
        return read_dossier(FORMATS / partner)

    def send(self, partner: str, name: str, data: bytes | str) -> Rehearsal:
        file = self.folder / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        clock = self.settings.clock()
        return rehearse(self.stores, file, self.dossier(partner), DossierSet({}, ()), clock, self.settings.environment)

    def rows(self, found: Rehearsal, columns: str) -> list[tuple[object, ...]]:
        """Return columns of the accepted rows, with those of their identities."""
        assert found.delivery.outcome == "accepted", (found.report.reason, found.report.detail)
        name = reading_name(found.delivery.delivery_id, found.delivery.reading)
        table = delivered_rows.OPT_INS if found.report.kind == "optins" else delivered_rows.WITHDRAWALS
        with self.stores.vault.identities([name]) as connection:
            return connection.execute(
                f"select {columns} from ({self.stores.lake.sql(table, [name])}) as l"
                " inner join identities as i using (delivery_id, line_number) order by l.line_number"
            ).fetchall()

    def signals(self, found: Rehearsal) -> list[tuple[object, ...]]:
        """Return what the records of an opt-in file say of consents taken back: whose, how, from when."""
        name = reading_name(found.delivery.delivery_id, found.delivery.reading)
        with connect() as connection:
            return connection.execute(
                "select source_key, signal, withdrawn_at from"
                f" ({self.stores.lake.sql(delivered_rows.WITHDRAWAL_SIGNALS, [name])}) order by line_number"
            ).fetchall()


def codes(found: Rehearsal) -> dict[int, list[str]]:
    """Return the reasons of the quarantined records by line."""
    assert found.rows is not None
    by_line: dict[int, list[str]] = {}
    for one in found.rows.reasons:
        for line in one.lines:
            by_line.setdefault(line, []).append(one.code)
    return by_line


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    )
    with rehearsal_stores(settings) as stores:
        yield Desk(settings, stores, tmp_path)


def test_typeform_takes_the_question_as_notice_and_the_choices_of_both_layouts(desk: Desk) -> None:
    found = desk.send("typeform", "responses_20260504_0600.csv", TYPEFORM_OLD)
    old, new = (notice.notice_id for notice in desk.dossier("typeform").notices)
    assert desk.rows(found, "e164, flag, channels, consented_at, consented_at_quality, notice_id, ip") == [
        ("+33639981001", "given", ["sms"], datetime(2026, 5, 3, 9, 5, 40), "zone_assumed", old, "d3560842b2"),
        (
            "+33639981002",
            "given",
            ["sms", "voice"],
            datetime(2026, 5, 3, 23, 59, 59),
            "zone_assumed",
            old,
            "d3560842b3",
        ),
        ("+33639981003", "refused", None, datetime(2026, 5, 3, 9, 7, 40), "zone_assumed", old, "d3560842b4"),
    ]
    assert (found.report.header_version, found.report.data_rows, codes(found)) == (1, 3, {})
    later = (
        f'#,"{NEW_QUESTION}",Par quel moyen ?,Prénom,Nom,Votre mobile,Code postal,'
        "Start Date (UTC),Submit Date (UTC),Network ID\n"
        "a1,Oui,Message vocal / SMS,Zoé,L'Hôte,06 39 98 10 01,75011,2026-07-01 09:00:00,2026-07-01 09:01:00,x\n"
    )
    found = desk.send("typeform", "responses_20260702_0600.csv", later)
    assert desk.rows(found, "flag, channels, notice_id") == [("given", ["voice", "sms"], new)]
    assert found.report.header_version == 2


def test_typeform_with_spoilt_accents_in_its_header_is_the_same_form(desk: Desk) -> None:
    found = desk.send("typeform", "responses_20260504_0600.csv", TYPEFORM_OLD.encode().decode("cp1252").encode())
    assert found.rows is not None and "MOJIBAKE_REPAIRED" in [one.code for one in found.rows.repairs]
    old = desk.dossier("typeform").notices[0].notice_id
    assert desk.rows(found, "notice_id, given_name")[0] == (old, "Zoé")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("leads_2026-10-01_0900.csv", meta_leads("id", "\t").encode("utf-16")),
        ("leads_2026-10-01_0900.csv", meta_leads("id", "\t").replace("\n", "\r\n").encode("utf-16-le")),
        ("feuille_leads_2026-10-01.csv", meta_leads("Qualified", ",").encode()),
    ],
    ids=["marked UTF-16", "UTF-16 without a mark", "kept in a sheet"],
)
def test_meta_leads_lose_their_prefixes_and_test_leads_are_no_persons(desk: Desk, name: str, data: bytes) -> None:
    found = desk.send("meta-leads", name, data)
    assert desk.rows(found, "source_record_id, e164, flag, form_version, consented_at, consented_at_quality") == [
        ("1", "+33639982001", "given", "777000111", datetime(2026, 8, 31, 17, 12, 17), "exact_utc"),
        ("3", "+33639982003", "given", "777000111", datetime(2026, 9, 5, 15, 0, 38), "exact_utc"),
    ]
    assert codes(found) == {3: ["PHONE_LENGTH"], 5: ["FLAG_UNKNOWN", "PHONE_UNREADABLE"]}
    assert (found.report.data_rows, found.report.header_version) == (4, 1)


def test_mailchimp_counts_the_click_and_who_left_withdraws(desk: Desk) -> None:
    members = [
        mailchimp_member(1, '"2026-03-16 14:40:40"', '"2026-03-16 14:40:47"') + ',"bénévoles, 2026"',
        mailchimp_member(2, '"2026-03-16 14:40:40"', "") + ",",
        mailchimp_member(3, "", '"2026-03-17 08:00:00"') + ",",
    ]
    found = desk.send(
        "mailchimp",
        "subscribed_members_export_202604010600.csv",
        "\n".join([MAILCHIMP_LABELS + ",TAGS", *members]) + "\n",
    )
    assert desk.rows(found, "e164, flag, form_version, consented_at, ip") == [
        ("+33639983001", "given", "MC1", datetime(2026, 3, 16, 14, 40, 47), "192.0.2.8"),
        ("+33639983003", "given", "MC1", datetime(2026, 3, 17, 8), "192.0.2.8"),
    ]
    assert codes(found) == {3: ["ENTRY_INCOMPLETE"]}
    left = mailchimp_member(1, "", "") + ',"2026-05-02 10:00:00","N: trop de messages",c1'
    gone = desk.send(
        "mailchimp",
        "unsubscribed_members_export_202606010600.csv",
        f"{MAILCHIMP_LABELS},UNSUB_TIME,UNSUB_REASON,UNSUB_CAMPAIGN_ID\n{left}\n",
    )
    assert desk.rows(gone, "source_record_id, e164, withdrawn_at, withdrawal_reason") == [
        ("e1", "+33639983001", datetime(2026, 5, 2, 10), "N: trop de messages")
    ]
    assert desk.rows(gone, "l.source_key") == desk.rows(found, "l.source_key")[:1]


def test_kimple_counts_what_was_confirmed_and_hears_of_who_was_erased(desk: Desk) -> None:
    entries = (
        kimple_entry(1, "2", "1", "0")
        + kimple_entry(2, "1", "1", "0")
        + kimple_entry(3, "0", "1", "0")
        + kimple_entry(4, "2", "0", "0")
    )
    found = desk.send("kimple", "kimple_20260401T020000Z.csv", f"{KIMPLE_LABELS};box_newsletter\n{entries}")
    at = datetime(2026, 3, 29, 1, 30)
    assert desk.rows(found, "e164, flag, form_version, consented_at, postcode, birth_date::varchar, page_url") == [
        ("+33639984001", "given", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
        ("+33639984002", "refused", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
        ("+33639984003", "refused", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
    ]
    assert codes(found) == {5: ["ENTRY_INCOMPLETE"]}
    later = desk.send("kimple", "kimple_20260501T020000Z.csv", f"{KIMPLE_LABELS};box\n{kimple_entry(1, '2', '1', '1')}")
    assert codes(later) == {2: ["PHONE_MISSING"]}
    (signal,) = desk.signals(later)
    assert signal == (*desk.rows(found, "l.source_key")[0], "anonymised", datetime(2026, 5, 1, 2))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_prestashop_grid_is_read_in_the_language_of_who_clicked(desk: Desk, language: str) -> None:
    row = '17;{};Hélène;Bérard;helene@exemple.test;Client;;"123,45 €";1;1;1;"2026-03-31 12:00:00";;"06 39 98 50 01"\n'
    title = {"en": "Mrs.", "fr": "Mme"}[language]
    found = desk.send("prestashop", "customer_2026-04-01_090000.csv", GRID[language] + row.format(title))
    # the flag of the grid has no date of its own: none is invented
    assert desk.rows(found, "e164, flag, sex, consented_at, family_name") == [
        ("+33639985001", "given", "F", None, "Bérard")
    ]
    assert found.report.header_version == {"en": 1, "fr": 2}[language]


def test_the_spoilt_prestashop_release_is_refused(desk: Desk) -> None:
    header = GRID["en"].replace("Group;", "").replace(";Phone", "")
    row = '17;Mrs.;Hélène;Hélène;Hélène;;;1;1;0;"2019-10-09 10:34:51";\n'
    found = desk.send("prestashop", "customer_2019-10-10_090000.csv", header + row)
    assert (found.report.outcome, found.report.reason) == ("refused", "KNOWN_BAD_EXPORT")


def test_the_prestashop_newsletter_damages_a_row_alone(desk: Desk) -> None:
    """A name with the delimiter in it, a name with a newline, and a line cut at 4,096 bytes that glues two rows."""
    header = "id;shop_name;gender;lastname;firstname;email;subscribed;subscribed_on;iso_language;Phone\n"

    def line(number: int, name: str) -> str:
        return f"N{number};Toiles;Mme;{name};Zoé;z{number}@exemple.test;1;2026-10-25 02:30:00;fr;063998510{number}\n"

    cut = line(4, "x" * 5000).encode()[:4096]
    rows = [line(1, "L'Hôte"), line(2, 'Durand; dit "Dédé"'), line(3, "Du\nrand")]
    data = (header + "".join(rows)).encode() + cut + (line(5, "Brun") + line(6, "Roux")).encode()
    found = desk.send("prestashop", "newsletter_2026-11-01_090000.csv", data)
    at = datetime(2026, 10, 25, 0, 30)
    assert desk.rows(found, "source_record_id, e164, consented_at, l.line_number") == [
        ("N1", "+33639985101", at, 2),
        ("N6", "+33639985106", at, 7),
    ]
    assert codes(found) == {line: ["CSV_FIELD_COUNT"] for line in (3, 4, 5, 6)}


SECRET = "$P$BDpGqAWCk3rGyrWfrJZAcUXrC5MNnN0"


def test_the_password_column_of_woocommerce_stays_in_the_evidence(desk: Desk) -> None:
    data = (
        "ID,user_login,user_pass,user_registered,billing_phone,shipping_phone,locale,accord_messages,"
        "accord_messages_date,accord_messages_version\n"
        f"5,zoe,{SECRET},2026-01-02 03:04:05,,(06) 39-98-60-01,fr_FR,yes,1767323045,WC-3\n"
    )
    found = desk.send("woocommerce", "user_export_2026-02-01-09-00-00.csv", data)
    assert found.delivery.warnings == ("PASSWORD_COLUMN",)
    assert desk.rows(found, "e164, flag, consented_at, consented_at_quality, form_version") == [
        ("+33639986001", "given", datetime(2026, 1, 2, 3, 4, 5), "exact_utc", "WC-3")
    ]
    (everything,) = desk.rows(found, "*")
    assert SECRET not in str(everything)
    with desk.stores.evidence.open(found.delivery.delivery_id) as stream:
        assert SECRET.encode() in stream.read()


def test_a_password_among_the_keys_of_json_lines_is_told(desk: Desk) -> None:
    (record, *_) = recommended_records(desk.dossier("recommended").notices[0].notice_id)
    plain = as_json_lines([record])
    found = desk.send("recommended", "consents_20260303T020000Z.jsonl", plain)
    assert found.delivery.warnings == ()
    found = desk.send(
        "recommended", "consents_20260304T020000Z.jsonl", plain.replace(b"{", b'{"Password_Hash" : "x", ', 1)
    )
    assert found.delivery.warnings == ("PASSWORD_COLUMN",)


@pytest.mark.parametrize(
    ("suffix", "write"), [("csv", as_csv), ("jsonl", as_json_lines), ("xlsx", as_workbook), ("parquet", as_parquet)]
)
def test_the_recommended_layout_says_the_same_in_every_format(desk: Desk, suffix: str, write: object) -> None:
    assert callable(write)
    notice_id = desk.dossier("recommended").notices[0].notice_id
    found = desk.send("recommended", f"consents_20260303T020000Z.{suffix}", write(recommended_records(notice_id)))
    both = ["Contact Citoyen SAS", "Parti de l'Horizon"]
    shared = (datetime(2026, 3, 2, 17, 4, 11), "exact_utc", notice_id, ["political"], both, "1980-05-02", "2001:db8::1")
    columns = (
        "source_record_id, e164, flag, channels, consented_at, consented_at_quality, notice_id, purposes, recipients,"
        " birth_date::varchar, ip, family_name, source_consent_id, page_url"
    ).replace("source_consent_id", "i.source_consent_id")
    ends = ('L"Hôte, née Brun',), "https://agora.test/accord?v=2"
    assert desk.rows(found, columns) == [
        ("r1", "+33639987001", "given", ["sms", "voice"], *shared, *ends[0], "c1", ends[1]),
        ("r2", "+33639987002", "refused", None, *shared, *ends[0], "c2", ends[1]),
    ]
    line = 3 if suffix == "jsonl" else 4
    assert codes(found) == {line: ["FLAG_UNKNOWN"]}
    assert found.rows is not None and found.rows.unread == () and found.rows.repairs == ()


def test_a_header_with_an_empty_label_too_many_is_read(desk: Desk) -> None:
    header = (
        "\ufeffID;Pseudo;Civilité;Nom;Prénom;E-mail;Optin Newsletter;Optin partenaire;Eligible TAS ?;Date - H;Adresse;CP;"
        "Ville;Téléphone;Mobile;Date d'inscription;Date de naissance;\n"
    )
    row = "101;zoe;Mme;L'Hôte;Zoé;z@exemple.test;1;1;0;2026-11-02 14:05:09;3 rue de l'Église;1000;Bourg;0199000001;{};;1984-02-29\n"
    data = header + row.format("06.39.98.80.01") + row.format("Lilas; esc. 2") + row.format("")
    found = desk.send("playground-game", "jeu_20261103.csv", data)
    assert desk.rows(found, "e164, flag, postcode, birth_date::varchar, consented_at") == [
        ("+33639988001", "given", "01000", "1984-02-29", datetime(2026, 11, 2, 13, 5, 9)),
        ("+33199000001", "given", "01000", "1984-02-29", datetime(2026, 11, 2, 13, 5, 9)),
    ]
    assert codes(found) == {3: ["CSV_FIELD_COUNT"]}


def test_every_dossier_to_start_from_is_tried_here() -> None:
    tried = Path(__file__).read_text(encoding="utf-8")
    elsewhere = {"tally"}  # test_onboarding_page
    assert [folder.name for folder in sorted(FORMATS.iterdir()) if folder.is_dir()]
    for folder in FORMATS.iterdir():
        assert not folder.is_dir() or folder.name in elsewhere or f'"{folder.name}"' in tried
