"""The dbt graph refuses results and income on persons: no model of people reads them, but to choose whole territories.

R-22: a party affinity or an income computed from an area and given to a person is that person's datum.
"""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
MANIFEST = PROJECT / "target" / "manifest.json"

#: Models that hold what an area voted or earned.
FACTS = {"bureau_results", "bureau_estimates", "bureau_income", "commune_income", "iris"}
SOURCES = {"bureau_results", "iris_income", "commune_income"}
#: The one place where a person meets them: whole bureaux or IRIS are chosen by a segment's criterion, and only the
#: fact of membership is kept.
CHOOSERS = {"segment_members"}
#: Columns that would carry a result or an income on a person.
CARRYING = re.compile(r"share_of_votes|\bvotes|votes_cast|valid_votes|median_euros|income|candidate\b|nuance|estimate")
PERSON = {"contact_id", "address_key", "delivery_id"}


@pytest.fixture(scope="module")
def models():
    """Name -> (columns, direct parents, SQL) of every model; the manifest is made by `make setup`."""
    manifest = json.loads(MANIFEST.read_text())
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            parents = {parent.split(".")[-1] for parent in node["depends_on"]["nodes"]}
            found[node["name"]] = (set(node["columns"]), parents, node["raw_code"])
    return found


def people(models):
    return {name for name, (columns, _, sql) in models.items() if PERSON & columns or "contact_id" in sql}


def test_the_facts_are_where_they_are_looked_for(models):
    assert models.keys() >= FACTS | CHOOSERS
    assert len(people(models)) > 20


def test_only_the_choice_of_whole_territories_reads_facts_beside_people(models):
    readers = {name for name in people(models) if models[name][1] & (FACTS | SOURCES)}
    assert readers == CHOOSERS


def test_no_column_of_a_model_of_people_carries_a_result_or_an_income(models):
    carrying = {name: {column for column in models[name][0] if CARRYING.search(column)} for name in people(models)}
    assert {name: columns for name, columns in carrying.items() if columns} == {}


def test_what_chooses_keeps_nothing_but_membership(models):
    assert models["segment_members"][0] <= {"segment_id", "contact_id"}
