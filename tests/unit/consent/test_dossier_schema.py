"""The published schema of a dossier says what the reader says: the same dossiers pass, the same faults do not."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from consent.dossiers.date_patterns import NAMED_PATTERNS
from consent.dossiers.dossiers import DossierInvalid, read_dossier
from consent.dossiers.feeds import CANONICAL_FIELDS, LIST_FIELDS
from tests.scenes.door.dossier_samples import DOSSIER, write_dossier

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "dossier.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


class _Written(yaml.SafeLoader):
    """YAML in which a date is the text that was written, as JSON has it."""


_Written.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _complete() -> dict[str, Any]:
    """Return a dossier in which every key of the vocabulary stands."""
    dossier: dict[str, Any] = yaml.load(DOSSIER, Loader=_Written)
    dossier["source_type"] = "form"
    dossier["transport"] = {
        "complete_when": "marker",
        "marker_suffix": ".done",
        "sftp": {
            "host": "depot.exemple.test",
            "port": 22,
            "user": "contact",
            "folder": "/out",
            "patterns": ["*.csv"],
            "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrVhTPWvHNH8NUdLUjH1Sk8Fy9cvnUyrZ8yE8wJQtU0"],
        },
    }
    dossier["balancing_test"] = {"test_id": "T1", "signed_on": "2026-01-01", "shows_expectation": True}
    dossier["form_versions"][0]["stopped_at"] = "2026-05-01T00:00:00+02:00"
    dossier["notices"][0] |= {"mentions_targeting": True, "targeting_by": ["age", "area_income"]}
    (feed,) = dossier["feeds"] = dossier["feeds"][:1]
    feed["optional_labels"] = ["optin_sms", "*"]
    feed["known_bad"] = [{"name": "spoilt", "labels": ["name", "mail"], "given_name": "name", "email": "mail"}]
    feed["notice_from_header"] = "consent_flag"
    feed["value_prefixes"] = {"source_record_id": "l:", "phone": ["p:", "tel:"]}
    feed["choices"] = {"channels": {"optin_sms": "sms"}}
    feed["list_separators"] = {"purposes": ",", "consent_flag": " / "}
    feed["values"] |= {
        "sex": {"M": ["1"], "F": ["2"]},
        "entry_state": {"complete": ["*"]},
        "erasure": {"erased": ["1"]},
        "ticked": ["1"],
        "purposes": {"political": ["Politique"]},
    }
    feed["date_formats"]["consented_at"] = [*NAMED_PATTERNS, "DD.MM.YYYY HH:MM"]
    return dossier


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value, the top excepted."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in found:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def _changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    dossier = copy.deepcopy(_complete())
    inner: Any = dossier
    for key in path[:-1]:
        inner = inner[key]
    if value is _GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return dossier


_GONE = object()
#: Complaints about what no single key can show: the schema says that it does not check these.
_BETWEEN_KEYS = re.compile(
    "is not the name of its folder|stands twice|is not among|is in none|column of secrets|is not the id of|which is missing"
    "|mapped to no column|is not a time zone|no strptime|values.ticked|outside the partner's|which is not UTF-8"
)


def _reader_complains(folder: Path, dossier: dict[str, Any]) -> bool | None:
    """Return whether the reader refuses the dossier; None where it complains of what lies between keys."""
    write_dossier(folder, _dump(dossier))
    try:
        read_dossier(folder / "atelier-lys")
    except DossierInvalid as error:
        return None if _BETWEEN_KEYS.search(error.message) else True
    return False


def _dump(dossier: dict[str, Any]) -> str:
    """Return the dossier as YAML that is JSON: each value has the type that it has here."""
    return json.dumps(dossier, ensure_ascii=False, indent=1)


def test_the_complete_dossier_passes_both(tmp_path: Path) -> None:
    VALIDATOR.validate(_complete())
    assert _reader_complains(tmp_path, _complete()) is False


@pytest.mark.parametrize("folder", sorted((ROOT / "config" / "partners").iterdir()), ids=lambda folder: folder.name)
def test_the_dossiers_that_we_ship_fit_the_schema(folder: Path) -> None:
    VALIDATOR.validate(yaml.load((folder / "partner.yaml").read_text(encoding="utf-8"), Loader=_Written))


@pytest.mark.parametrize("value", [_GONE, None, 7, "?", []], ids=["gone", "null", "7", "?", "[]"])
def test_reader_and_schema_find_the_same_faults(tmp_path: Path, value: object) -> None:
    """Every value of the complete dossier is taken away or replaced in turn."""
    differ, compared = [], 0
    for path in _places(_complete()):
        dossier = _changed(path, value)
        complains = _reader_complains(tmp_path, dossier)
        if complains is None:
            continue
        compared += 1
        if complains != (not VALIDATOR.is_valid(dossier)):
            differ.append(("the reader complains" if complains else "the schema complains", path))
    assert differ == []
    assert compared > 80


@pytest.mark.parametrize("path", [(), ("contract",), ("notices", 0), ("feeds", 0), ("feeds", 0, "values")])
def test_an_unknown_key_is_a_fault_for_both(tmp_path: Path, path: tuple[Any, ...]) -> None:
    dossier = _changed((*path, "unheard_of"), "x")
    assert _reader_complains(tmp_path, dossier) is True
    assert not VALIDATOR.is_valid(dossier)


def test_the_lists_of_the_schema_are_those_of_the_code() -> None:
    of_feed = SCHEMA["$defs"]["Feed"]["properties"]
    assert set(of_feed["mapping"]["propertyNames"]["enum"]) == CANONICAL_FIELDS
    assert set(of_feed["choices"]["propertyNames"]["enum"]) == LIST_FIELDS
