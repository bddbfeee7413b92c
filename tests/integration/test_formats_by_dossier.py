"""Each format of feeds.md 1 is read by the dossier of docs/formats alone: what is accepted, as what, and what is not.

The persons are invented, the numbers of ARCEP's fiction range; the layouts are those that the exporters write.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consent.dossiers import Dossier, DossierSet, read_dossier
from partners_ingest.intake import IntakeStores
from partners_ingest.rehearsal import Rehearsal, rehearsal_stores, rehearse
from stores import schemas
from stores.lake import reading_name
from terms.settings import Settings, load_settings
from tests.commands import ROOT

FORMATS = ROOT / "docs" / "formats"


@dataclass
class Desk:
    """A place to send files of a partner to, as often as one likes."""

    settings: Settings
    stores: IntakeStores
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
        table = schemas.OPT_INS if found.report.kind == "optins" else schemas.WITHDRAWALS
        with self.stores.vault.identities([name]) as connection:
            return connection.execute(
                f"select {columns} from ({self.stores.lake.sql(table, [name])}) as l"
                " inner join identities as i using (delivery_id, line_number) order by l.line_number"
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


OLD_QUESTION = "J'accepte que Contact Citoyen SAS m'écrive\npour le Parti de l'Horizon, par SMS ou par message vocal."
NEW_QUESTION = (
    "{{answer_prenom}}, acceptez-vous que Contact Citoyen SAS vous écrive, par SMS ou message vocal,"
    " pour le Parti de l'Horizon ?"
)
TYPEFORM_OLD = (
    f'#,Prénom,Nom,Votre mobile,Code postal,"{OLD_QUESTION}",SMS,Message vocal,Ville du jeu,'
    "Start Date (UTC),Submit Date (UTC),Network ID\n"
    "068127e3,Zoé,L'Hôte,06 39 98 10 01,75011,1,SMS,,Lyon,2026-05-03 09:05:14,2026-05-03 09:05:40,d3560842b2\n"
    "068127e4,Paul,Brun,+33639981002,75011,1,SMS,Message vocal,,2026-05-03 09:06:14,2026-05-03 23:59:59,d3560842b3\n"
    "068127e5,Luc,Roux,0639981003,75011,,,,,2026-05-03 09:07:14,2026-05-03 09:07:40,d3560842b4\n"
)


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


META_LABELS = (
    "created_time ad_id ad_name adset_id adset_name campaign_id campaign_name form_id form_name is_organic platform"
    " acceptez-vous_nos_messages_? full_name phone_number lead_status"
).split()
META_ROWS = [
    "l:1 2026-08-31T12:12:17-05:00 ag:1 A as:1 B c:1 C f:777000111 Jeu false fb oui Zoé p:+33639982001 CREATED",
    "l:2 2026-09-05T10:00:38-05:00 ag:1 A as:1 B c:1 C f:777000111 Jeu false ig non Paul p:06399882002 CREATED",
    "l:3 2026-09-05T20:30:38+05:30 ag:1 A as:1 B c:1 C f:777000111 Jeu false ig oui Luc p:0639982003 CREATED",
]
TEST_LEAD = ["l:9", "2026-08-31T12:12:17-05:00", *[""] * 6, "f:777000111", "Jeu", "true", "", "<test lead: dummy data>"]
TEST_LEAD += ["<test lead: dummy data for full_name>", "p:<test lead: dummy data for phone_number>", "Qualified"]


def _meta(first: str, delimiter: str) -> str:
    rows = [[first, *META_LABELS], *(row.split() for row in META_ROWS), TEST_LEAD[:8] + TEST_LEAD[8:]]
    return "".join(delimiter.join(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("leads_2026-10-01_0900.csv", _meta("id", "\t").encode("utf-16")),
        ("leads_2026-10-01_0900.csv", _meta("id", "\t").replace("\n", "\r\n").encode("utf-16-le")),
        ("feuille_leads_2026-10-01.csv", _meta("Qualified", ",").encode()),
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


MAILCHIMP_LABELS = (
    '"Email Address","First Name","Last Name","Phone Number",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES"
)


def _member(number: int, optin: str, confirm: str) -> str:
    return (
        f'z{number}@exemple.test,Zoé,L\'Hôte,"06 39 98 30 {number:02}",2,{optin},192.0.2.7,{confirm},192.0.2.8,,,,,'
        f'Europe/Paris,FR,75,"2026-03-16 14:40:47",77{number},e{number},'
    )


def test_mailchimp_counts_the_click_and_who_left_withdraws(desk: Desk) -> None:
    members = [
        _member(1, '"2026-03-16 14:40:40"', '"2026-03-16 14:40:47"') + ',"bénévoles, 2026"',
        _member(2, '"2026-03-16 14:40:40"', "") + ",",
        _member(3, "", '"2026-03-17 08:00:00"') + ",",
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
    left = _member(1, "", "") + ',"2026-05-02 10:00:00","N: trop de messages",c1'
    gone = desk.send(
        "mailchimp",
        "unsubscribed_members_export_202606010600.csv",
        f"{MAILCHIMP_LABELS},UNSUB_TIME,UNSUB_REASON,UNSUB_CAMPAIGN_ID\n{left}\n",
    )
    assert desk.rows(gone, "source_record_id, e164, withdrawn_at, withdrawal_reason") == [
        ("e1", "+33639983001", datetime(2026, 5, 2, 10), "N: trop de messages")
    ]
    assert desk.rows(gone, "l.source_key") == desk.rows(found, "l.source_key")[:1]


KIMPLE_LABELS = (
    "contest_entry_hash_id;created_at;is_optin;can_participate;is_anonymous;firstname;lastname;phone;zipcode;birthdate;"
    "ip;origin_url;user_informations.agent_browser;user_informations.agent_platform;country;Operation Hash_id;Operation name"
)


def _entry(number: int, optin: str, may: str, erased: str) -> str:
    person = ";;;;" if erased == "1" else f'Zoé;"L\'Hôte";06.39.98.40.{number:02};1000;02/05/1980'
    return (
        f"h{number};2026-03-29T02:30:00+01:00;{optin};{may};{erased};{person};192.0.2.9;"
        "https://quais.test/jeu;Firefox;Linux;FR;op_7f3a;Quais 2026;1\n"
    )


def test_kimple_counts_what_was_confirmed(desk: Desk) -> None:
    entries = _entry(1, "2", "1", "0") + _entry(2, "1", "1", "0") + _entry(3, "0", "1", "0") + _entry(4, "2", "0", "0")
    found = desk.send("kimple", "kimple_20260401T020000Z.csv", f"{KIMPLE_LABELS};box_newsletter\n{entries}")
    at = datetime(2026, 3, 29, 1, 30)
    assert desk.rows(found, "e164, flag, form_version, consented_at, postcode, birth_date::varchar, page_url") == [
        ("+33639984001", "given", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
        ("+33639984002", "refused", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
        ("+33639984003", "refused", "op_7f3a", at, "01000", "1980-05-02", "https://quais.test/jeu"),
    ]
    assert codes(found) == {5: ["ENTRY_INCOMPLETE"]}


GRID = {
    "en": 'ID;"Social title";"First name";"Last name";"Email address";Group;Company;Sales;Enabled;Newsletter;'
    '"Partner offers";Registration;"Last visit";Phone\n',
    "fr": 'ID;"Titre de civilité";Prénom;Nom;"Adresse e-mail";Groupe;Société;Ventes;Activé;Newsletter;'
    '"Offres partenaires";Inscription;"Dernière visite";Téléphone\n',
}


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


RECOMMENDED = (
    "record_id given_name family_name sex birth_date email phone street postcode city country consent_flag consent_id"
    " consent_at consent_channel consent_text_id consent_purposes consent_recipients collection_url collection_ip"
).split()


def _recommended(notice_id: str) -> list[dict[str, str]]:
    def record(number: int, flag: str, channels: str) -> dict[str, str]:
        values = [
            *(f"r{number}", "Zoé", 'L"Hôte, née Brun', "F", "1980-05-02", f"z{number}@exemple.test"),
            *(f"+3363998700{number}", "12 rue des Lilas", "75011", "Paris", "FR", flag, f"c{number}"),
            *("2026-03-02T18:04:11+01:00", channels, notice_id, "political", "Contact Citoyen SAS|Parti de l'Horizon"),
            *("https://agora.test/accord?v=2", "2001:db8::1"),
        ]
        return dict(zip(RECOMMENDED, values, strict=True))

    return [record(1, "given", "sms|voice"), record(2, "refused", ""), record(3, "maybe", "sms")]


def _csv(records: list[dict[str, str]]) -> bytes:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value

    lines = [RECOMMENDED, *([record[name] for name in RECOMMENDED] for record in records)]
    return "".join(",".join(map(cell, line)) + "\n" for line in lines).encode()


def _listed(record: dict[str, str]) -> dict[str, object]:
    """Return the record as formats with lists write it."""
    lists = ("consent_channel", "consent_purposes", "consent_recipients")
    return {name: value.split("|") if name in lists and value else value for name, value in record.items()}


def _jsonl(records: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(_listed(record), ensure_ascii=False) + "\n" for record in records).encode()


def _parquet(records: list[dict[str, str]]) -> bytes:
    table = pa.Table.from_pylist(records)
    for name, kind in (("consent_at", pa.timestamp("us", "UTC")), ("birth_date", pa.date32())):
        texts = table[name].to_pylist()
        parse = datetime.fromisoformat
        values = [parse(text) if kind != pa.date32() else parse(text).date() for text in texts]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, kind))
    lists = pa.array(
        [record["consent_channel"].split("|") if record["consent_channel"] else None for record in records]
    )
    table = table.set_column(table.schema.get_field_index("consent_channel"), "consent_channel", lists)
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _xlsx(records: list[dict[str, str]]) -> bytes:
    """Write a workbook by hand: inline texts only, as exporters without a shared-strings table do."""

    def text(value: str) -> str:
        escaped = value.replace("&", "&amp;").replace("<", "&lt;")
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escaped}</t></is></c>'

    lines = [RECOMMENDED, *([record[name] for name in RECOMMENDED] for record in records)]
    rows = "".join(f"<row>{''.join(map(text, line))}</row>" for line in lines)
    main, package = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/package/2006/relationships",
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Target="xl/workbook.xml"'
        f' Type="{office}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1"'
        f' Target="worksheets/sheet1.xml" Type="{office}/worksheet"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return out.getvalue()


@pytest.mark.parametrize(
    ("suffix", "write"), [("csv", _csv), ("jsonl", _jsonl), ("xlsx", _xlsx), ("parquet", _parquet)]
)
def test_the_recommended_layout_says_the_same_in_every_format(desk: Desk, suffix: str, write: object) -> None:
    assert callable(write)
    notice_id = desk.dossier("recommended").notices[0].notice_id
    found = desk.send("recommended", f"consents_20260303T020000Z.{suffix}", write(_recommended(notice_id)))
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
