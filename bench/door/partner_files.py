"""Invented partner files of any size, written by DuckDB: a generic CSV, a Shopify export, Qualifio's JSON lines.

The same records for the same number, every time. Numbers are of ranges that are invalid everywhere (house.md, "Clock");
the ways in which people write them, and the faults, have the shares of a file that a shop exports.
"""

from __future__ import annotations

from pathlib import Path

from stores.engine import connect, quoted

CSV_FILE = "generique_20261101T050000Z.csv"
SHOPIFY_FILE = "boutique_20261101T050000Z.csv"
QUALIFIO_FILE = "jeux_20261101T050000Z.jsonl"

#: SQL of one invented person per `n`; `h` is a hash of it.
_PEOPLE = """
select n, h, ['Anne', 'Luc', 'Zoé', 'Karim', 'Jean-Noël', 'Inès', 'Maëlle', 'Paul'][1 + h % 8] as given_name,
    ['Martin', 'Petit', 'Nguyên', 'Lefèvre', 'Da Silva', 'Roux', 'Benali'][1 + h % 7] || n as family_name,
    if(h % 2 = 0, 'Mme', 'M.') as civility, 'personne' || n || '@exemple.test' as email,
    date '1950-01-01' + (h % 20000)::integer as birth_date, (1 + h % 95) || ' rue de la Roquette' as street,
    '750' || lpad((1 + h % 20)::varchar, 2, '0') as postcode, timestamp '2025-01-01' + to_seconds(h % 50000000) as given_at,
    '192.0.2.' || (h % 250) as ip, '07' || (10000000 + (h // 100) % 20000000) as phone, h % 100 as kind
from (select range as n, (hash(range) >> 1)::bigint as h from range($records))
"""
#: How people write it: in one, in pairs, with dots, with +33; then guards, words, two numbers, damage.
_WRITTEN = r"""
case when kind < 55 then phone
    when kind < 75 then regexp_replace(phone, '(..)(..)(..)(..)(..)', '\1 \2 \3 \4 \5')
    when kind < 85 then '+33' || phone[2:]
    when kind < 90 then regexp_replace(phone, '(..)(..)(..)(..)(..)', '\1.\2.\3.\4.\5')
    when kind < 93 then '''+33 ' || regexp_replace(phone[2:], '(.)(..)(..)(..)(..)', '\1 \2 \3 \4 \5')
    when kind < 95 then phone || ' (bureau)'
    when kind < 96 then phone || ' / ' || phone[:-3] || '00'
    when kind < 97 then phone[2:] || '.0'
    when kind < 98 then '+32 470 ' || (10000 + h % 90000)
    when kind < 99 then phone[:7]
    else '' end
"""


def write_generic_csv(folder: Path, records: int) -> None:
    """Write the layout that we recommend, with our eight consent columns."""
    _write_csv(
        folder / CSV_FILE,
        records,
        f"""
        select 'C-' || n as id, civility as civilite, given_name as prenom, family_name as nom, birth_date::varchar as
            naissance, email, {_WRITTEN} as telephone, street as adresse, postcode as code_postal, 'PARIS' as ville,
            'FR' as pays, '1' as consent_flag, strftime(given_at, '%Y-%m-%dT%H:%M:%SZ') as consent_at,
            'K-' || n as consent_id, 'sms,voice' as consent_channel, '3d6c5653ae7271ba' as consent_text_id,
            'political' as consent_purposes, 'Contact Citoyen SAS|Parti de l''Horizon' as consent_recipients,
            'https://exemple.test/formulaire' as collection_url, ip as collection_ip
        from people
        """,
    )


def write_shopify(folder: Path, records: int) -> None:
    """Write a customers export of Shopify; one note in a hundred has a newline, one street in seven a comma."""
    _write_csv(
        folder / SHOPIFY_FILE,
        records,
        f"""
        select '''7210' || (10000000000 + n) as "Customer ID", given_name as "First Name", family_name as "Last Name",
            email as "Email", 'yes' as "Accepts Email Marketing", '' as "Default Address Company",
            if(h % 7 = 0, replace(street, ' rue', ', rue'), street) as "Default Address Address1",
            '' as "Default Address Address2", 'PARIS' as "Default Address City",
            '' as "Default Address Province Code", 'FR' as "Default Address Country Code",
            postcode as "Default Address Zip", if(h % 3 = 0, '', {_WRITTEN}) as "Default Address Phone",
            if(h % 3 = 0, '''+33' || phone[2:], '') as "Phone",
            if(h % 5 = 0, 'no', 'yes') as "Accepts SMS Marketing", (h % 900) || '.90' as "Total Spent",
            (h % 12)::varchar as "Total Orders", if(h % 101 = 0, 'appeler' || chr(10) || 'le soir', '') as "Note",
            'no' as "Tax Exempt", 'vip, lettre' as "Tags"
        from people
        """,
    )


def write_qualifio(folder: Path, records: int) -> None:
    """Write participations as Qualifio's webhook pushes them, one per line."""
    connection = connect(spill_to=folder)
    answers = ", ".join(
        f"{{'id': {number}, 'label': '{label}', 'variable': '{variable}', 'responses': [{{'value': {value}}}]}}"
        for number, (label, variable, value) in enumerate(
            (
                ("Prénom", "firstname", "given_name"),
                ("Nom", "lastname", "family_name"),
                ("Sexe", "gender", "if(h % 2 = 0, 'F', 'M')"),
                ("Naissance", "birthdate", "birth_date::varchar"),
                ("E-mail", "email", "email"),
                ("Mobile", "mobile", _WRITTEN),
                ("Adresse", "address", "street"),
                ("Code postal", "zip", "postcode"),
                ("Ville", "city", "'PARIS'"),
            ),
            start=7101,
        )
    )
    connection.execute(
        f"""
        copy (with people as ({_PEOPLE})
            select upper(md5(n::varchar)) as id, upper(md5(ip)[:16]) as ip,
                'https://jeux.exemple.test/' || (h % 40) as url,
                strftime(given_at, '%Y-%m-%dT%H:%M:%S.000Z') as "completedAt", 'COMPLETED' as state,
                {{'device': 'desktop', 'userAgent': 'Mozilla/5.0 (X11; Linux x86_64)'}} as browser,
                {{'id': 482101, 'name': 'Jeu', 'type': 'QUIZZ'}} as campaign, [{answers}] as form,
                [{{'id': 9001, 'label': 'Offres', 'description': 'Je souhaite recevoir les offres.', 'response': '0',
                    'variable': 'newsletter'}},
                 {{'id': 9002, 'label': 'Messages politiques', 'description': 'Oui, je veux bien des messages.',
                    'response': '1', 'variable': 'political_messages'}}] as optins
            from people order by n)
        to '{quoted(folder / QUALIFIO_FILE)}' (format json)
        """,
        {"records": records},
    )
    connection.close()


def _write_csv(file: Path, records: int, select: str) -> None:
    connection = connect(spill_to=file.parent)
    connection.execute(
        f"copy (with people as ({_PEOPLE}) {select} order by n) to '{quoted(file)}' (format csv, header)",
        {"records": records},
    )
    connection.close()
