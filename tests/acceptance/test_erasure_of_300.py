"""Three hundred persons of the shared set are erased by one command: nowhere a trace of them, everybody else as before.

Needs the shared data (FILIATION_SHARED, default ../shared). A failure counts; it prints no value of a row.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lineage.lookups.lookup import look_up
from stores.all_stores import Stores, open_stores
from terms.settings import load_settings
from tests.acceptance.conftest import SharedRefresh
from tests.commands import Shell
from tests.scenes.searches.person_search import PersonSearch

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data"
PERSONS = 300

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


def test_of_300_persons_no_trace_is_left_and_of_everybody_else_the_whole_lineage(
    shared_refresh: SharedRefresh, tmp_path: Path
) -> None:
    shell = Shell(tmp_path / "home", {**shared_refresh.shell.settings, "FILIATION_NOW": "2026-11-25T09:00:00+01:00"})
    shutil.copytree(shared_refresh.shell.home, shell.home)
    truth = (SHARED / "partners" / "truth" / "contacts.jsonl").read_text().splitlines()
    numbers = [json.loads(line)["number"] for line in truth]
    gone = Random(17).sample(numbers, PERSONS)
    rest = sorted(set(numbers) - set(gone))
    stores = open_stores(load_settings(shell.environ()))
    before = _told(stores, rest)
    asked = tmp_path / "asked.txt"
    asked.write_text("\n".join(gone))
    answer = shell.run("erase", "--from-file", str(asked), "--case", "ACCEPTANCE", "--json")
    assert answer.code == 0, answer.err
    receipts = answer.lines()
    assert len(receipts) == PERSONS and all(line["found"]["opt_ins"] for line in receipts)
    search = PersonSearch(stores, gone)
    assert search.is_trace(gone[0])  # positive control
    assert len(search.places()) == 0
    assert not any(search.is_trace(text) for text in (answer.out, answer.err))
    assert sum(line["known"] for line in _told(stores, gone)) == 0
    assert sum(old != new for old, new in zip(before, _told(stores, rest), strict=True)) == 0
    assert shell.run("log", "check").code == 0
    stores.engine.dispose()


def _told(stores: Stores, numbers: list[str]) -> list[dict[str, Any]]:
    answers = [one.to_json() for one in look_up(stores, numbers, reason="acceptance", case="A-1")]
    return [{name: value for name, value in answer.items() if name != "as_of"} for answer in answers]
