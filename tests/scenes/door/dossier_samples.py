"""A small invented partner for tests of the door: a dossier with one text, three feeds, and files to its taste.

Only what several test files share stands here; a case that one test needs is written in that test.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

PARTNER = "atelier-lys"
NOTICE = "Atelier Lys SARL peut transmettre mon numéro à Contact Citoyen SAS pour des messages politiques par SMS."
NOTICE_ID = sha256(NOTICE.encode()).hexdigest()[:16]

DOSSIER = f"""\
partner_id: "{PARTNER}"
legal_name: "Atelier Lys SARL"
siren: "900000001"
sensitivity: "none"
collected_directly: false
chain:
  - {{"name": "Atelier Lys SARL", "role": "collector"}}
  - {{"name": "Contact Citoyen SAS", "role": "controller"}}
contract: {{"signed_on": "2025-01-15", "ends_on": "2027-12-31"}}
legal_basis: "consent"
audits:
  - {{"on": "2026-02-03", "auditor": "Cabinet", "form_version": "AL1", "finding": "compliant"}}
form_versions:
  - form_version: "AL1"
    url: "https://atelier-lys.test/accord"
    first_seen_at: "2026-01-01T00:00:00+01:00"
    last_seen_at: null
    box_default: "unticked"
    act: "tick"
    refusal_as_easy: true
    bundled_with_entry: false
    notice_id: "{NOTICE_ID}"
notices:
  - notice_id: "{NOTICE_ID}"
    file: "notices/{NOTICE_ID}.txt"
    language: "fr"
    recipients:
      - {{"name": "Contact Citoyen SAS", "kind": "controller"}}
    purposes: ["political"]
    channels: ["sms"]
    mentions_targeting: false
feeds:
  - feed_id: "lys-names"
    pattern: "names_*.csv*"
    kind: "optins"
    format: "csv"
    compression: "by_suffix"
    encoding: "utf-8"
    delimiter: ","
    quote: "\\""
    header: true
    header_extra_label: false
    mode: "full"
    headers: [["id", "name", "city"], ["id", "name", "phone", "agrees", "agreed_at", "born", "zip"]]
    exported_at: {{"format": "names_%Y%m%d.csv", "timezone": "Europe/Paris"}}
    timezone: "Europe/Paris"
    date_formats: {{"consented_at": ["iso8601"], "birth_date": ["YYYY-MM-DD"]}}
    mapping:
      source_record_id: "id"
      family_name: "name"
      phone: ["phone"]
      consent_flag: "agrees"
      consented_at: "agreed_at"
      birth_date: "born"
      postcode: "zip"
    values:
      consent_flag: {{"given": ["yes"], "refused": ["no", ""]}}
    list_separators: {{}}
    constants: {{"country": "FR", "form_version": "AL1"}}
    form_version_from: "form_version"
    min_rows: 2
    max_change_pct: 50
  - feed_id: "lys-lines"
    pattern: "lines_*.jsonl*"
    kind: "optins"
    format: "jsonl"
    compression: "gzip"
    encoding: "utf-8"
    delimiter: null
    quote: null
    header: false
    header_extra_label: false
    mode: "delta"
    headers: []
    exported_at: {{"format": "lines_%Y%m%dT%H%M%SZ.jsonl", "timezone": "UTC"}}
    timezone: "UTC"
    date_formats: {{"consented_at": ["iso8601"]}}
    mapping:
      source_record_id: "id"
      phone: ["form[name=mobile].value"]
      consent_flag: "agreed"
      consented_at: "at"
      notice_text: "text"
    values:
      consent_flag: {{"given": ["1"], "refused": ["0", ""]}}
    list_separators: {{}}
    constants: {{}}
    form_version_from: "none"
    min_rows: 1
    max_change_pct: null
  - feed_id: "lys-left"
    pattern: "left_*.csv"
    kind: "withdrawals"
    format: "csv"
    compression: "none"
    encoding: "utf-8"
    delimiter: ";"
    quote: null
    header: true
    header_extra_label: false
    mode: "delta"
    headers: [["id", "left_on"]]
    exported_at: {{"format": "left_%Y%m%d.csv", "timezone": "Europe/Paris"}}
    timezone: "Europe/Paris"
    date_formats: {{"withdrawn_at": ["iso8601"]}}
    mapping: {{"source_record_id": "id", "withdrawn_at": "left_on"}}
    values: {{}}
    list_separators: {{}}
    constants: {{}}
    form_version_from: "none"
    min_rows: 1
    max_change_pct: null
"""
#: The same with columns by which a row takes a consent back: erased, or an end date.
SIGNALS = DOSSIER.replace(
    '["id", "name", "phone", "agrees", "agreed_at", "born", "zip"]',
    '["id", "name", "phone", "agrees", "agreed_at", "born", "zip", "gone", "until"]',
).replace('      postcode: "zip"\n', '      postcode: "zip"\n      erasure: "gone"\n      withdrawn_at: "until"\n')
SIGNALS = SIGNALS.replace('"refused": ["no", ""]}', '"refused": ["no", ""]}\n      erasure: {"erased": ["1"]}', 1)
SIGNALS = SIGNALS.replace(
    '"birth_date": ["YYYY-MM-DD"]}', '"birth_date": ["YYYY-MM-DD"], "withdrawn_at": ["DD/MM/YYYY"]}'
)

NAMES_HEADER = "id,name,phone,agrees,agreed_at,born,zip\n"


def write_dossier(root: Path, text: str = DOSSIER) -> Path:
    """Write the partner's folder under `root` and return it; `text` is the content of `partner.yaml`."""
    folder = root / PARTNER
    (folder / "notices").mkdir(parents=True, exist_ok=True)
    (folder / "partner.yaml").write_text(text, encoding="utf-8")
    (folder / "notices" / f"{NOTICE_ID}.txt").write_text(NOTICE, encoding="utf-8")
    return folder


def names_row(
    number: int, *, phone: str = "", agreed_at: str = "2026-03-02T10:00:00+01:00", zip_: str = "75011"
) -> str:
    """Return one line of a `names_*.csv` file; its own number of the fiction range unless `phone` is given."""
    return (
        f"{number},Lys,{phone or f'06 39 98 {number // 100:02} {number % 100:02}'},yes,{agreed_at},1980-05-02,{zip_}\n"
    )


def json_row(number: int) -> str:
    """Return one line of a `lines_*.jsonl` file."""
    record = {
        "id": f"J{number}",
        "agreed": 1,
        "at": "2026-03-02T09:00:00.000Z",
        "text": NOTICE,
        "form": [{"name": "mobile", "value": f"+336399{80000 + number}"}],
    }
    return json.dumps(record, ensure_ascii=False) + "\n"
