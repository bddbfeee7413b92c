"""Who may read an identity is a list: a new reader is a decision, written here and read in review.

Numbers leave Filiation in three ways only: to a gateway, message by message; to somebody who looked up and is in the
access log; to a partner's own way back (yeses to invitations, which are deliveries). Each is named here.
"""

import ast

from tests.unit.project.floors import FLOOR
from tests.unit.project.source.source_tree import ROOT, Function, rooms, tree

#: Method of the vault that hands identity out -> functions that call it.
VAULT_READERS = {
    "numbers": {
        "sends/handover/base_slice.py:take_out",
        "sends/inbound/agreements.py:_numbers",
        "retention/purge.py:_numbers",
    },
    "addresses": {"territories/tie.py:tie_addresses"},
    "identities": {"lineage/lookups/origins.py:read_identities"},
    "page_urls": {"lineage/lookups/origins.py:_page_urls"},
    "salts": {"lineage/lookups/evidence_reading.py:_verified_bytes"},
    "unlock": {"partners_ingest/readers/workbench.py:open_workbench"},
    "rewriter": {
        "lineage/erasure/erasure_files.py:_erase_identities",
        "lineage/erasure/erasure_files.py:_erase_addresses",
    },
}
EVIDENCE_READERS = {
    "partners_ingest/arrival/unpacking.py:open_delivered",
    "lineage/lookups/evidence_reading.py:_check_file",
}
#: Functions that open what was delivered, one step above -> who calls them.
UNPACKED_READERS = {
    "open_delivered": {
        "partners_ingest/arrival/unpacking.py:open_unpacked",
        "partners_ingest/intake/steps/open_container.py:open_container",
        "partners_ingest/erased/redaction.py:find_numbers",
        "partners_ingest/erased/redaction.py:_open_lines",
        "partners_ingest/erased/redaction.py:_member_name",
    },
    "open_unpacked": {
        "lineage/lookups/evidence_reading.py:_verified_bytes",
        "partners_ingest/intake/steps/redact_erased.py:_lines",
    },
}
#: The only modules that hold a key of the vault's files.
KEY_HOLDERS = {"stores/vault.py", "stores/rotation.py"}
#: Who answers a person's question with numbers or delivered words: each writes the access log before it reads.
ANSWERS = {
    "lineage/lookups/lookup.py:look_up",
    "lineage/lookups/evidence_reading.py:read_evidence",
    "lineage/erasure/erasure.py:erase",
    "lineage/lookups/judged_use.py:judge_number",
}


def _functions():
    """Yield `file:function`, and the function's node."""
    for room in FLOOR:
        for file in rooms()[room]:
            for node in ast.walk(tree(file)):
                if isinstance(node, Function):
                    yield f"{file.relative_to(ROOT)}:{node.name}", node


def _calls(function):
    """Yield the calls within a function as (owner, name): `self._stores.vault.numbers(…)` is (vault, numbers)."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                base = node.func.value
                owner = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                yield owner.lstrip("_"), node.func.attr
            elif isinstance(node.func, ast.Name):
                yield "", node.func.id


def _callers(name, owner=None):
    return {
        where
        for where, function in _functions()
        if any(called == name and (owner is None or of == owner) for of, called in _calls(function))
    }


def test_the_vault_is_read_by_this_list_only():
    assert {method: _callers(method, "vault") for method in VAULT_READERS} == VAULT_READERS


def test_the_vault_has_no_other_way_out():
    """Each public method of the vault that gives rows is in the list; the others give paths, names and counts."""
    tree = ast.parse((ROOT / "stores" / "vault.py").read_text())
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}
    assert methods == VAULT_READERS.keys() | {"path", "files", "write", "grow", "drop_salts", "expect_many", "forget"}


def test_evidence_is_opened_by_this_list_only():
    assert _callers("open", "evidence") == EVIDENCE_READERS
    assert {name: _callers(name) for name in UNPACKED_READERS} == UNPACKED_READERS


def test_no_other_code_opens_a_vault_file():
    holders = {
        str(file.relative_to(ROOT)) for room in FLOOR for file in rooms()[room] if "add_parquet_key" in file.read_text()
    }
    assert holders == KEY_HOLDERS


def test_who_answers_with_identity_logs_the_look_up():
    found = dict(_functions())
    silent = [where for where in ANSWERS if ("", "record_access") not in set(_calls(found[where]))]
    assert silent == []


def test_no_asset_job_or_page_reads_an_identity():
    """What runs at night, and what is written for people, gets counts: no reader is called above floor 1 or in pages."""
    readers = {*VAULT_READERS, *UNPACKED_READERS, "look_up", "read_evidence", "show_quarantined", "judge_number"}
    above = {
        where
        for where, function in _functions()
        if where.split("/")[0] in {"assets", "pages", "publishing", "sealing"}
        and readers & {n for _, n in _calls(function)}
    }
    assert above == set()


def test_commands_answer_by_these_functions_only():
    commands = {
        name
        for where, function in _functions()
        if where.startswith("pipelines/")
        for of, name in _calls(function)
        if name in VAULT_READERS and of == "vault" or name in UNPACKED_READERS
    }
    assert commands == set()
