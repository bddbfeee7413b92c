"""The stores of a home are one record: what works with several of them is given `Stores`, and none copies its fields."""

import ast

from tests.unit.project.floors import FLOOR
from tests.unit.project.source.source_tree import ROOT, rooms, tree

#: Types of the fields of `Stores`; a class that holds three of them is another record of stores.
STORES = {"Home", "Engine", "Keys", "EvidenceStore", "Vault", "Lake", "Warehouse", "SnapshotStore"}


def _fields(record):
    """Return the names in the annotations of a class's own fields."""
    found = [node.annotation for node in record.body if isinstance(node, ast.AnnAssign)]
    return {name.id for annotation in found for name in ast.walk(annotation) if isinstance(name, ast.Name)}


def _records(module):
    """Yield the classes of a module that hold three stores or more, or are called after them."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and (len(_fields(node) & STORES) > 2 or node.name.endswith("Stores")):
            yield node.name


def test_there_is_one_record_of_stores():
    found = [
        f"{file.relative_to(ROOT)}:{name}" for room in FLOOR for file in rooms()[room] for name in _records(tree(file))
    ]
    assert found == ["stores/all_stores.py:Stores"]


def test_a_copy_is_found():
    copied = ast.parse("class Kept:\n    engine: Engine\n    lake: Lake | None\n    vault: Vault\n")
    assert list(_records(copied)) == ["Kept"]
