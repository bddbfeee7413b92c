"""Who may read an identity is this list: a new caller is a decision, written here and read in review."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = "terms stores consent partners_ingest open_data territories sends lineage publishing assets pipelines".split()

#: Method that hands identity out -> files that call it.
ALLOWED = {
    "numbers": {"sends/sender.py", "sends/agreements.py"},
    "addresses": {"territories/tie.py"},
    "identities": {"lineage/origins.py"},
    "salts": {"lineage/evidence_reading.py"},
    "unlock": {"partners_ingest/workbench.py"},
}
EVIDENCE = {"partners_ingest/unpacking.py", "lineage/evidence_reading.py"}


def _callers(method: str, owner: str) -> set[str]:
    """Return files with a call `….<owner>.<method>(` or `<owner>.<method>(`."""
    found = set()
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                    base = node.func.value
                    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                    if name.lstrip("_") == owner:
                        found.add(str(file.relative_to(ROOT)))
    return found


def test_the_vault_is_read_by_this_list_only():
    assert {method: _callers(method, "vault") for method in ALLOWED} == ALLOWED


def test_evidence_is_opened_by_this_list_only():
    assert _callers("open", "evidence") == EVIDENCE


def test_no_other_code_opens_a_vault_file():
    guilty = [
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if "add_parquet_key" in file.read_text() and file.name != "vault.py"
    ]
    assert guilty == []
