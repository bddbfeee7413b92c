"""Modules and folders stay small enough to be read, `__init__` says what a package is, and nothing is a drawer.

How long functions may be stands in `test_shape_of_code`.
"""

import ast
from collections import Counter
from itertools import chain

from tests.unit.project.source.source_tree import packages, place, tree

FILES = list(chain.from_iterable(packages().values()))
MOST_LINES = 400
MOST_MODULES = 15
DRAWERS = {"utils", "helpers", "manager", "common", "misc", "process_data"}


def test_modules_are_short():
    lines = {place(file): len(file.read_text().splitlines()) for file in FILES}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}


def test_folders_hold_few_modules():
    modules = Counter(file.parent for file in FILES if file.name != "__init__.py")
    assert {place(folder): number for folder, number in modules.items() if number > MOST_MODULES} == {}


def test_package_docstrings_stand_alone():
    """An `__init__` holds its docstring and nothing else, so importing a module never loads its neighbours."""
    guilty = []
    for file in FILES:
        if file.name == "__init__.py":
            body = tree(file).body
            if len(body) != 1 or not isinstance(body[0], ast.Expr) or ast.get_docstring(tree(file)) is None:
                guilty.append(place(file))
    assert guilty == []


def test_every_folder_of_a_room_is_a_package():
    folders = {file.parent for name, files in packages().items() if name != "tests" for file in files}
    assert [place(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_drawers():
    assert [place(file) for file in FILES if DRAWERS & {file.stem, *place(file).split("/")}] == []
