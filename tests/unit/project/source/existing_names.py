"""What exists under a name: modules, functions, classes, tables, models, macros, files, and every word of the code.

Texts that name them are read in `prose`.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import tokenize
from collections import defaultdict
from functools import cache
from pathlib import Path

from stores.operations.all_tables import metadata
from stores.schemas import all_tables
from tests.unit.project.source.prose import DBT, docstring_nodes, sql_comments, tokens
from tests.unit.project.source.source_tree import ROOT, Function, definitions_in, dotted, packages, place, tree

#: Files that say something to machines.
_DATA = (".sql", ".yml", ".yaml", ".toml", ".json", ".html", ".css", ".sh", ".conf", ".j2", ".mako")
_MACRO = re.compile(r"\{%-?\s*(?:macro|test)\s+(\w+)|create\s+(?:or\s+replace\s+)?(?:temp\s+)?macro\s+(\w+)")


@cache
def modules() -> dict[str, Path]:
    """Return the dotted name of every module and package, tests too -> its file."""
    found = {dotted(file): file for files in packages().values() for file in files}
    folders = {file.parent for files in packages().values() for file in files}
    return {dotted(folder / "__init__.py"): folder / "__init__.py" for folder in folders} | found


@cache
def members() -> dict[str, set[str]]:
    """Return what a short name offers: last part of a module's name, or a class -> names of what is defined in it."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, file in modules().items():
        found[name.split(".")[-1]] |= members_of(name)
        if "." in name:
            found[name.split(".")[-2]].add(name.split(".")[-1])
        for node in definitions_in(file) if file.exists() else ():
            if isinstance(node, ast.ClassDef):
                found[node.name] |= _defined(node) | _set_on_self(node)
    return found


@cache
def members_of(module: str) -> set[str]:
    """Return the names that a module defines, and the modules of a package."""
    file = modules()[module]
    start = f"{module}."
    below = {name.removeprefix(start).split(".")[0] for name in modules() if name.startswith(start)}
    return below | (_defined(tree(file)) if file.exists() else set())


def _defined(node: ast.Module | ast.ClassDef) -> set[str]:
    found = set()
    for child in node.body:
        if isinstance(child, Function | ast.ClassDef):
            found.add(child.name)
        for target in child.targets if isinstance(child, ast.Assign) else [getattr(child, "target", None)]:
            found |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)} if target else set()
    return found


def _set_on_self(node: ast.ClassDef) -> set[str]:
    return {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}


@cache
def tables() -> set[str]:
    """Return the tables of lake, vault, snapshots and operations, the models and the macros of SQL."""
    parquet = (*all_tables.LAKE_TABLES, *all_tables.SNAPSHOT_TABLES, *all_tables.VAULT_TABLES)
    found = {table.name for table in parquet} | set(metadata.tables)
    for folder in DBT:
        for file in folder.rglob("*.sql"):
            found |= {file.stem, *(name for pair in _MACRO.findall(file.read_text()) for name in pair if name)}
    return found


@cache
def definitions() -> set[str]:
    """Return the short names to which a text may send its reader: modules, packages, functions, classes, tables."""
    named = {part for name in modules() for part in name.split(".")}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    held = [file for held in packages().values() for file in held]
    in_code = {node.name for file in held for node in definitions_in(file)}
    return named.union(folders, tables(), in_code, *(_defined(tree(file)) for file in held))


@cache
def files() -> list[str]:
    """Return the path of every file of the repository, from its root."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@cache
def code_text() -> str:
    """Return what the repository says to machines: code without docstrings and comments, and its settings and SQL."""
    # the untrue names that `test_door_signs` tries are no code
    code = [file for held in packages().values() for file in held if file.name != "test_door_signs.py"]
    python = [_without_prose(file) for file in code]
    return "\n".join([*python, *(_data(ROOT / name) for name in files() if name.endswith(_DATA) or name == "Makefile")])


@cache
def words() -> set[str]:
    """Return every word of `code_text`, and of the modules' names."""
    return {part for name in modules() for part in name.split(".")}.union(re.findall(r"\w+", code_text()))


def words_of(file: Path) -> set[str]:
    """Return every word that one file says to machines."""
    said = _without_prose(file) if file.suffix == ".py" else _data(file)
    return set(re.findall(r"\w+", said)) if file.suffix != ".md" else set()


@cache
def written(text: str) -> bool:
    """Whether code or data write a text, as an attribute, a key or a literal, at the boundaries of words."""
    return text in code_text() and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", code_text()) is not None


def is_foreign(parts: list[str]) -> bool:
    """Whether a dotted name leads to something in a module that is not ours, as `datetime.date`."""
    if importlib.util.find_spec(parts[0]) is None:
        return False
    found = importlib.import_module(parts[0])
    for part in parts[1:]:
        found = getattr(found, part, None)
    return found is not None


def _without_prose(file: Path) -> str:
    prose = {node.lineno for node in docstring_nodes(file)}
    kept = [
        token.string
        for token in tokens(file)
        if token.type != tokenize.COMMENT and not (token.type == tokenize.STRING and token.start[0] in prose)
    ]
    # `a . b` is `a.b` again
    return re.sub(r" ?\. ?", ".", " ".join(kept))


def _data(file: Path) -> str:
    text = file.read_text(errors="replace")
    if file.suffix == ".sql":
        for comment in sql_comments(text):
            text = text.replace(comment, "")
    elif file.suffix in {".yml", ".yaml", ".toml"}:
        text = re.sub(r"(^|\s)#[^\n]*", "", text)
    return text + f"\n{place(file)}"
