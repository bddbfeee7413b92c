"""What the dbt models say of facts of partners is whole: a model without it, or with what nothing knows, is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from publishing.facts_of_partners import MANIFEST, facts_of_partners
from terms.errors import FiliationError

_NODE = "model.filiation.stg_dossiers__"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """dbt's manifest, cut to the models that read dossiers."""
    nodes = json.loads(MANIFEST.read_text())["nodes"]
    return {"nodes": {name: node for name, node in nodes.items() if name.startswith(_NODE)}}


def test_each_table_is_told_with_its_limits(manifest):
    told = {
        fact.table.name: (fact.kind, fact.concerns_rows_by, [(limit.column, limit.is_after) for limit in fact.limits])
        for fact in facts_of_partners(manifest)
    }
    assert told == {
        "dossier_partners": ("dossiers", "partner_id", [("contract_ends_on", True)]),
        "dossier_chain": ("dossiers", "partner_id", []),
        "dossier_audits": ("dossiers", "form_version", []),
        "dossier_form_versions": ("dossiers", "form_version", [("first_seen_at", False), ("last_seen_at", True)]),
        "dossier_notices": ("dossiers", "notice_id", []),
        "dossier_notice_recipients": ("dossiers", "notice_id", []),
        "dossier_feeds": ("dossiers", "partner_id", []),
        "dossier_notice_contradictions": ("dossiers", "notice_id", []),
        "form_stops": ("form_stops", "form_version", []),
    }


def _forget(node: dict[str, Any]) -> None:
    del node["config"]["meta"]["concerns_rows_by"]


def _by_another_column(node: dict[str, Any]) -> None:
    node["config"]["meta"]["concerns_rows_by"] = "language"


def _limit_by_another_column(node: dict[str, Any]) -> None:
    node["columns"]["partner_id"]["config"]["meta"]["limits_slots"] = {"column": "elsewhere", "at": "start"}


def _limit_once_more(node: dict[str, Any]) -> None:
    node["columns"]["known_from"]["config"]["meta"]["limits_slots"] = {"column": "contract_signed_on", "at": "start"}


@pytest.mark.parametrize(
    ("model", "spoil", "sentence"),
    [
        ("notices", _forget, "0 models say which rows a change of dossier_notices concerns"),
        ("form_versions", _forget, "0 models say which rows a change of dossier_form_versions concerns"),
        ("notices", _by_another_column, "stg_dossiers__notices concerns rows by 'language'"),
        ("notices", _limit_by_another_column, "stg_dossiers__notices limits slots by 'elsewhere'"),
        ("partners", _limit_once_more, "has 2 columns that limit slots"),
    ],
)
def test_what_a_model_does_not_say_is_an_error(
    manifest: dict[str, Any], model: str, spoil: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    spoilt = deepcopy(manifest)
    spoil(spoilt["nodes"][_NODE + model])
    with pytest.raises(FiliationError, match=sentence):
        facts_of_partners(spoilt)
