"""Files of the formats of docs/formats, with invented persons and numbers of ARCEP's fiction range.

What becomes of them is asserted by the tests that send them.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

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


def meta_leads(first: str, delimiter: str) -> str:
    rows = [[first, *META_LABELS], *(row.split() for row in META_ROWS), TEST_LEAD]
    return "".join(delimiter.join(row) + "\n" for row in rows)


MAILCHIMP_LABELS = (
    '"Email Address","First Name","Last Name","Phone Number",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES"
)


def mailchimp_member(number: int, optin: str, confirm: str) -> str:
    return (
        f'z{number}@exemple.test,Zoé,L\'Hôte,"06 39 98 30 {number:02}",2,{optin},192.0.2.7,{confirm},192.0.2.8,,,,,'
        f'Europe/Paris,FR,75,"2026-03-16 14:40:47",77{number},e{number},'
    )


KIMPLE_LABELS = (
    "contest_entry_hash_id;created_at;is_optin;can_participate;is_anonymous;firstname;lastname;phone;zipcode;birthdate;"
    "ip;origin_url;user_informations.agent_browser;user_informations.agent_platform;country;Operation Hash_id;Operation name"
)


def kimple_entry(number: int, optin: str, may: str, erased: str) -> str:
    person = ";;;;" if erased == "1" else f'Zoé;"L\'Hôte";06.39.98.40.{number:02};1000;02/05/1980'
    return (
        f"h{number};2026-03-29T02:30:00+01:00;{optin};{may};{erased};{person};192.0.2.9;"
        "https://quais.test/jeu;Firefox;Linux;FR;op_7f3a;Quais 2026;1\n"
    )


GRID = {
    "en": 'ID;"Social title";"First name";"Last name";"Email address";Group;Company;Sales;Enabled;Newsletter;'
    '"Partner offers";Registration;"Last visit";Phone\n',
    "fr": 'ID;"Titre de civilité";Prénom;Nom;"Adresse e-mail";Groupe;Société;Ventes;Activé;Newsletter;'
    '"Offres partenaires";Inscription;"Dernière visite";Téléphone\n',
}


RECOMMENDED = (
    "record_id given_name family_name sex birth_date email phone street postcode city country consent_flag consent_id"
    " consent_at consent_channel consent_text_id consent_purposes consent_recipients collection_url collection_ip"
).split()


def recommended_records(notice_id: str) -> list[dict[str, str]]:
    def record(number: int, flag: str, channels: str) -> dict[str, str]:
        values = [
            *(f"r{number}", "Zoé", 'L"Hôte, née Brun', "F", "1980-05-02", f"z{number}@exemple.test"),
            *(f"+3363998700{number}", "12 rue des Lilas", "75011", "Paris", "FR", flag, f"c{number}"),
            *("2026-03-02T18:04:11+01:00", channels, notice_id, "political", "Contact Citoyen SAS|Parti de l'Horizon"),
            *("https://agora.test/accord?v=2", "2001:db8::1"),
        ]
        return dict(zip(RECOMMENDED, values, strict=True))

    return [record(1, "given", "sms|voice"), record(2, "refused", ""), record(3, "maybe", "sms")]


def as_csv(records: list[dict[str, str]]) -> bytes:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value

    lines = [RECOMMENDED, *([record[name] for name in RECOMMENDED] for record in records)]
    return "".join(",".join(map(cell, line)) + "\n" for line in lines).encode()


def _listed(record: dict[str, str]) -> dict[str, object]:
    """Return the record as formats with lists write it."""
    lists = ("consent_channel", "consent_purposes", "consent_recipients")
    return {name: value.split("|") if name in lists and value else value for name, value in record.items()}


def as_json_lines(records: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(_listed(record), ensure_ascii=False) + "\n" for record in records).encode()


def as_parquet(records: list[dict[str, str]]) -> bytes:
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


def as_workbook(records: list[dict[str, str]]) -> bytes:
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
