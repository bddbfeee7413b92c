"""Real exports of shops, forms and contests (`data/feeds/`), each read by a dossier: what is accepted and why not the rest.

Needs the shared data (FILIATION_SHARED, default ../shared). A sample that is the layout of docs/formats is read by that
dossier; where its labels are other ones, only labels are exchanged.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from consent.dossiers.dossiers import DossierSet, read_dossier
from partners_ingest.intake.rehearsal import Rehearsal, rehearsal_stores, rehearse
from stores.all_stores import Stores
from terms.settings import Settings, load_settings
from tests.commands import ROOT

SAMPLES = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data" / "feeds"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@dataclass(frozen=True)
class Sample:
    """A real export, the dossier that reads it (its first or the named feed, changed by keys), and what comes of it.

    `reasons` maps a code to its lines.
    """

    file: str
    partner: str
    name: str
    outcome: str
    totals: tuple[int, int, int] | None
    reasons: Mapping[str, Sequence[int]] = field(default_factory=dict)
    feed: Mapping[str, object] = field(default_factory=dict)
    place: int = 0


def _text_file(labels: str, delimiter: str, **more: object) -> dict[str, object]:
    """Return the keys of a feed for a plain file of clients."""
    return {
        "headers": [labels.split(delimiter)],
        "delimiter": delimiter,
        "optional_labels": [],
        "notice_from_header": None,
        "value_prefixes": {},
        "date_formats": {},
        "constants": {"consent_flag": "given", "form_version": "AL-2026"},
        "form_version_from": "form_version",
        **more,
    }


_PHONE_MISSING = {"PHONE_MISSING": [2]}
_SHOPIFY = ["Phone", "Default Address Phone"]
SAMPLES_READ = [
    Sample(
        *("REGEN_playgroundgame_legacy_entry.csv", "playground-game", "jeu_20131103.csv", "accepted", (2, 1, 1)),
        {"CSV_FIELD_COUNT": [3]},
    ),
    Sample(
        *("REGEN_prestashop_customer_grid_fr.csv", "prestashop", "customer_2024-04-03_090000.csv", "accepted"),
        *((1, 0, 1), _PHONE_MISSING),
    ),
    Sample("REGEN_prestashop_1_7_6_0_bug.csv", "prestashop", "customer_2019-10-10_090000.csv", "refused", None),
    Sample(
        *("REGEN_prestashop_ps_emailsubscription.csv", "prestashop", "newsletter_2024-04-03_090000.csv", "accepted"),
        *((3, 0, 3), {"CSV_FIELD_COUNT": [3], "PHONE_MISSING": [2, 4]}, {}, 1),
    ),
    Sample(
        *("mailchimp_members_export.csv", "mailchimp", "subscribed_members_export_202604010600.csv", "accepted"),
        *((1, 0, 1), _PHONE_MISSING),
    ),
    Sample(
        *("meta_lead_ads_sheet.csv", "meta-leads", "feuille_leads_2026-10-01.csv", "accepted", (3, 2, 1)),
        {"PHONE_UNREADABLE": [2], "FLAG_UNKNOWN": [2]},
        {
            "labels": {"acceptez-vous_nos_messages_?": "are_you_having_a_plot_in_gurgaon_,__farkukhnagar_or_badli"},
            "values": {"consent_flag": {"given": ["yes"], "refused": ["no"]}},
        },
        1,
    ),
    Sample(
        *("typeform_responses_mojibake.csv", "typeform", "responses_20180501_0600.csv", "accepted", (1, 0, 1)),
        _PHONE_MISSING,
        _text_file(
            "#,date,Yoga,Cardio_time,Muscles,Muscles_time,Stretch_time,Notes,Start Date (UTC),Submit Date (UTC),"
            "Network ID",
            ",",
            mapping={"source_record_id": "#", "notice_text": "Muscles"},
        ),
    ),
    Sample(
        *("typeform_responses_old_layout.csv", "typeform", "responses_20180401_0600.csv", "held", (0, 0, 0)),
        {},
        _text_file(
            "#,date,Yoga,Cardio_time,Framsida lår,Baksida lår,Rumpa,Vad,Rygg,Biceps,Bröst,Axlar,Triceps,Other,"
            "Muscles_time,Stretch_time,Notes,Start Date (UTC),Submit Date (UTC),Network ID",
            ",",
            mapping={"source_record_id": "#"},
        ),
    ),
    Sample(
        *("tally_submissions.csv", "typeform", "responses_20240901_0600.csv", "accepted", (1, 0, 1), _PHONE_MISSING),
        _text_file(
            "Submission ID,Respondent ID,Submitted at,Your Full Name (Teen's Name),Your Email,Rank/Order Your Choices",
            ",",
            mapping={"source_record_id": "Submission ID"},
        ),
    ),
    Sample(
        *("fr_clients_bom_semicolon.csv", "recommended", "consents_20260303T020000Z.csv", "accepted", (8, 5, 3)),
        {"PHONE_MISSING": [3, 8, 9]},
        _text_file(
            "Civilité;Nom;Prénom;Téléphone;E-mail;Adresse;CP;Ville;Société",
            ";",
            mapping={"phone": ["Téléphone"], "family_name": "Nom", "postcode": "CP"},
        ),
    ),
    Sample(
        *("fr_clients_cp1252_comma.csv", "recommended", "consents_20260303T020000Z.csv", "accepted", (1, 0, 1)),
        _PHONE_MISSING,
        _text_file("Nom,Prénom,Ville,Email", ",", encoding="cp1252", mapping={"family_name": "Nom", "city": "Ville"}),
    ),
    Sample(
        *("shopify_customers_export_plain.csv", "recommended", "consents_20260303T020000Z.csv", "accepted"),
        *((2, 0, 2), {"PHONE_LENGTH": [2, 3]}),
        _text_file(
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
            "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
            "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
            "Total Spent,Total Orders,Note,Tax Exempt,Tags",
            ",",
            mapping={"source_record_id": "Customer ID", "phone": _SHOPIFY},
        ),
    ),
    Sample(
        *("shopify_customers_export_metafields.csv", "recommended", "consents_20260303T020000Z.csv", "accepted"),
        (3, 3, 0),
        {},
        _text_file(
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
            "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
            "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
            "Total Spent,Total Orders,Note,Tax Exempt,Tags,Accepts WhatsApp Marketing,"
            "Date de naissance (customer.metafields.facts.birth_date),(customer.metafields.growave.referral_link)",
            ",",
            mapping={
                "source_record_id": "Customer ID",
                "phone": _SHOPIFY,
                "birth_date": "customer.metafields.facts.birth_date",
            },
            date_formats={"birth_date": ["YYYY-MM-DD"]},
        ),
    ),
    Sample(
        *("csv-detective_a_test_file.csv", "recommended", "consents_20260303T020000Z.csv", "accepted"),
        *((406, 0, 406), {"HEADER_REPEATED": [2, 3]}),
        _text_file(
            "NUMCOM;NOMCOM;NUMDEP;NOMDEP;NUMEPCI;NOMEPCI;TXCOUVGLO_COM_2014;TXCOUVGLO_DEP_2014;TXCOUVGLO_EPCI_2014;"
            "STRUCTURED_INFO;GEO_INFO",
            ";",
            mapping={"source_record_id": "NUMCOM"},
        ),
    ),
]


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with rehearsal_stores(_settings()) as opened:
        yield opened


def _settings() -> Settings:
    return load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    )


def _dossier_folder(sample: Sample, root: Path) -> Path:
    """Return a copy of the dossier with the sample's changes; `labels` are exchanged wherever they stand."""
    source = ROOT / "docs" / "formats" / sample.partner
    folder = root / "partners" / sample.partner
    shutil.copytree(source, folder)
    text = (source / "partner.yaml").read_text(encoding="utf-8")
    changes = dict(sample.feed)
    labels = changes.pop("labels", {})
    assert isinstance(labels, dict)
    for before, after in labels.items():
        text = text.replace(f'"{before}"', f'"{after}"')
    dossier = yaml.safe_load(text)
    dossier["feeds"] = [dossier["feeds"][sample.place] | changes]
    (folder / "partner.yaml").write_text(json.dumps(dossier, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def _rehearsed(stores: Stores, sample: Sample, data: bytes, root: Path) -> Rehearsal:
    file = root / sample.name
    file.write_bytes(data)
    dossier, settings = read_dossier(_dossier_folder(sample, root)), _settings()
    return rehearse(stores, file, dossier, DossierSet({}, ()), settings.clock(), settings.environment)


@pytest.mark.parametrize("sample", SAMPLES_READ, ids=lambda sample: sample.file)
def test_a_real_export_is_read_by_its_dossier(stores: Stores, sample: Sample, tmp_path: Path) -> None:
    found = _rehearsed(stores, sample, (SAMPLES / sample.file).read_bytes(), tmp_path)
    assert found.report.outcome == sample.outcome, (found.report.reason, found.report.detail)
    final = found.released or found.report
    if sample.totals is not None:
        assert (final.data_rows, final.accepted_rows, final.quarantined_rows) == sample.totals
        assert found.rows is not None
        told = {one.code: list(one.lines) for one in found.rows.reasons}
        assert {code: told.get(code) for code in sample.reasons} == sample.reasons, sorted(told.items())


def test_a_qualifio_record_is_read_whether_on_one_line_or_not(stores: Stores, tmp_path: Path) -> None:
    """On one line it is a record; pretty-printed no line is one, and each is accounted for."""
    pretty = (SAMPLES / "qualifio_webhook_v2_example.json").read_bytes()
    sample = Sample("", "recommended", "consents_20260303T020000Z.jsonl", "accepted", None, {}, _QUALIFIO, 1)
    (tmp_path / "one").mkdir()
    found = _rehearsed(stores, sample, json.dumps(json.loads(pretty)).encode() + b"\n", tmp_path / "one")
    assert found.report.data_rows == 1 and found.rows is not None
    assert [one.code for one in found.rows.reasons] == ["PHONE_MISSING"]
    found = _rehearsed(stores, sample, pretty.rstrip() + b"\n", tmp_path)
    assert found.report.data_rows == len(pretty.splitlines()) and found.rows is not None
    assert [(one.code, one.records) for one in found.rows.reasons] == [("JSON_INVALID", found.report.data_rows)]


_QUALIFIO = {
    "mapping": {
        "source_record_id": "id",
        "phone": ["form[variable=mobile].responses[0].value"],
        "consent_flag": "optins[id=1].response",
        "notice_text": "optins[id=1].description",
        "consented_at": "completedAt",
    },
    "values": {"consent_flag": {"given": ["1"], "refused": ["0", ""]}},
    "form_version_from": "notice_id",
}
