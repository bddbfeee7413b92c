"""What `filiation partner check` says of each file of the shared set is what the truth says became of it.

Needs the shared data (FILIATION_SHARED, default ../shared). Files whose fate depends on earlier ones are left out: a
sample has none.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.intake.rehearsal import rehearsal_stores, rehearse
from terms.settings import load_settings

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data" / "partners"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")

_BY_HISTORY = {"DUPLICATE_BYTES", "DUPLICATE_CONTENT", "ROW_COUNT_CHANGE"}


def test_a_sample_has_the_fate_of_the_delivery() -> None:
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    )
    with (SHARED / "truth" / "files.csv").open(encoding="utf-8", newline="") as handle:
        truths = [row for row in csv.DictReader(handle) if row["reason_code"] not in _BY_HISTORY]
    dossiers, wrong = read_dossiers(SHARED / "dossiers"), []
    for truth in truths:
        with rehearsal_stores(settings) as stores:
            file, dossier = SHARED / "landing" / truth["partner"] / truth["file"], dossiers.dossiers[truth["partner"]]
            report = rehearse(stores, file, dossier, dossiers, settings.clock(), settings.environment).report
        found = [report.outcome.value, report.reason.value if report.reason else ""]
        found += ["" if count is None else str(count) for count in (report.accepted_rows, report.quarantined_rows)]
        if found != [truth[key] for key in ("outcome", "reason_code", "accepted_rows", "quarantined_rows")]:
            wrong.append((truth["file"], *found))
    assert wrong == []
    assert len(truths) > 20
