"""Door signs are true: what a docstring, a comment or a page names in backticks exists under that name.

A path leads to a file. A dotted name is a module, what is in it, or what code writes so. A name to which the reader is
sent ("belongs to `a`", "stands in `b`", "see `c`") is something that is defined. Any other name is at least a word of
the code. A command to run has its module, its words and its options. What is no name (a sentence, a number, a pattern)
is left alone.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.command import app
from tests.unit.project.source import existing_names as existing
from tests.unit.project.source.prose import Sign, commands_in_fences, signs
from tests.unit.project.source.source_tree import ROOT, packages, place

_NAME = re.compile(r"[A-Za-z_]\w*(?:\(\))?")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(.*\))?")
_PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?|[\w.*-]+(?:/[\w.*<>…-]+)+/?")
_FILE = re.compile(r"[\w*-][\w.*-]*\.(?:py|sql|md|ya?ml|toml|html|csv|json|sh|conf)")
_COMMAND = re.compile(r"(?:… )?(?:python -m|filiation|make) .*")


def untrue() -> Iterator[tuple[str, str, str]]:
    """Yield (file, name, what it claims to be) of each name that does not exist."""
    for sign in signs():
        for name, kind in untrue_in(sign):
            yield place(sign.file), name, kind
    for page, command in commands_in_fences():
        if _COMMAND.fullmatch(command) and not _is_command(command, page):
            yield place(page), command, "command"


def untrue_in(sign: Sign) -> Iterator[tuple[str, str]]:
    """Yield (name, what it claims to be) of each name in one text that does not exist."""
    elsewhere, somewhere = sign.elsewhere(), sign.somewhere()
    for name in sorted(elsewhere.union(somewhere, sign.names())):
        kind = _kind(name)
        if kind == "word" and name in elsewhere | somewhere:
            kind = "other place" if name in elsewhere else "place"
        if kind and not _TRUE[kind](name.removesuffix("()"), sign.file):
            yield name, kind


def _kind(name: str) -> str | None:
    if _COMMAND.fullmatch(name):
        return "command"
    if _FILE.fullmatch(name) or ("/" in name and _PATH.fullmatch(name)):
        return "path"
    if _DOTTED.fullmatch(name):
        return "dotted name"
    return "word" if _NAME.fullmatch(name) else None


def _is_path(name: str, file: Path) -> bool:
    """Whether a path exists from the root, beside the text or within a folder of its name; a home's folders are not ours."""
    certain = re.split(r"[<…]|\b[A-Z]+(?=[/.]|$)(?!\.md)", name)[0].rstrip("/")
    first = certain.split("/")[0]
    ours = (ROOT / first).exists() or bool(_FILE.fullmatch(certain.split("/")[-1]))
    if not ours:
        return True
    beside = place(file.parent)
    known = existing.files()
    return any(
        fnmatch(path, wanted) or fnmatch(path, f"{wanted}/*")
        for wanted in (certain, f"{beside}/{certain}", f"*/{certain}")
        for path in known
    ) or existing.written(certain)


def _is_dotted(name: str, _: Path) -> bool:
    """Whether a dotted name leads through packages and modules to something defined, or code writes it so."""
    parts = name.split("(")[0].split(".")
    if parts[0].isupper() or any(len(part) == 1 for part in parts):
        return True  # `PARTNER.key`, `a.b`: any name
    if parts[0] in packages():
        return _in_package(parts) or existing.written(".".join(parts))
    if parts[:2] == ["model", "filiation"]:
        return parts[2] in existing.tables()  # dbt's id of a model
    return _in_short(parts) or existing.written(".".join(parts)) or existing.is_foreign(parts)


def _in_package(parts: list[str]) -> bool:
    known = existing.modules()
    depth = max(number for number in range(1, len(parts) + 1) if ".".join(parts[:number]) in known)
    module, rest = ".".join(parts[:depth]), parts[depth:]
    return not rest or (rest[0] in existing.members_of(module) and _in_short(rest))


def _in_short(parts: list[str]) -> bool:
    """Whether each part is a member of the one before it, or a column of a table."""
    pairs = list(zip(parts, parts[1:], strict=False))
    return all(
        below in existing.members().get(above, ()) or (above in existing.tables() and below in existing.words())
        for above, below in pairs
    )


def _is_other_place(name: str, file: Path) -> bool:
    """Whether something of this name is defined, and the reader is not in it already."""
    return len(name) == 1 or (name in existing.definitions() and name not in file.relative_to(ROOT).parent.parts)


def _is_place(name: str, file: Path) -> bool:
    """Whether something of this name is defined, or the file itself has a parameter or a relation of this name."""
    return _is_other_place(name, file) or name in existing.words_of(file)


def _is_word(name: str, _: Path) -> bool:
    return len(name) == 1 or name in existing.words()


def _is_command(name: str, file: Path) -> bool:
    """Whether the module, the words and the options of a command exist; a name in capitals or brackets is any value."""
    first, *rest = re.split(r"\s+", name.removeprefix("… "))
    if first == "make":
        return re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.M) is not None
    if first == "python":
        module, written_to = rest[1], re.search(r"> (\S+)", name)
        return module in existing.modules() and (written_to is None or written_to[1] in existing.files())
    return _is_filiation(rest)


@cache
def _root() -> Any:
    return typer.main.get_command(app)


def _is_filiation(words: list[str]) -> bool:
    command = _root()
    while words and (inner := getattr(command, "commands", None)):
        if not words[0].isupper() and set(words[0].split("|")) - inner.keys():
            return False
        command = inner.get(words.pop(0).split("|")[0], command)
    options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    return {word.split("=")[0] for word in words if word.startswith("--")} <= options


_TRUE = {
    "command": _is_command,
    "path": _is_path,
    "dotted name": _is_dotted,
    "place": _is_place,
    "other place": _is_other_place,
    "word": _is_word,
}


def test_what_is_named_exists():
    assert [f"{where}: {kind} `{name}`" for where, name, kind in untrue()] == []


@pytest.mark.parametrize(
    "text",
    [
        "Orders belong to `sends.orders.order`, reading by `stores.engine` to `stores/engine.py` or `stores`.",
        "Opened by `stores.engine.connect`; `Lake.grow` and `engine.connect` too, with `datetime.datetime`.",
        "Rows of `opt_ins` by `contact_id`, `deliveries.container` and the model `int_contacts__latest`; see `judge_use()`.",
        "Files: `config/partners/`, `notices/*.txt`, `config/gateways/NAME.yaml`, `evidence/<delivery_id>/`, `judge_use.sql`.",
        "Run `make lint`, `filiation campaign send`, `filiation refresh --landing DIR`, `python -m bench BENCH`.",
        "No names: `06 39 98 xx xx`, `a.b`, `> 3`, `PARTNER.key`, `from: pending`.",
    ],
)
def test_true_names_pass(text):
    assert list(untrue_in(Sign(ROOT / "sends" / "handover" / "lock.py", text))) == []


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("Made in `sends/order.py`.", "sends/order.py", "path"),
        ("The `nowhere.sql` of dbt.", "nowhere.sql", "path"),
        ("Found under `config/nowhere/`.", "config/nowhere/", "path"),
        ("Opened by `stores.identity`.", "stores.identity", "dotted name"),
        ("Opened by `stores.engine.nobody`.", "stores.engine.nobody", "dotted name"),
        ("Counted by `planning.nobody_counts`.", "planning.nobody_counts", "dotted name"),
        ("What it says belongs to `nowhere_at_all`.", "nowhere_at_all", "other place"),
        (
            "Reading belongs to `stores`, writing\n    and counting to `nowhere_at_all`.",
            "nowhere_at_all",
            "other place",
        ),
        ("Rows stand in `opt_ins` and `nowhere_at_all`.", "nowhere_at_all", "place"),
        ("Judged elsewhere (`nowhere_at_all`).", "nowhere_at_all", "other place"),
        ("Deciding belongs to `line_number`.", "line_number", "other place"),
        ("The business of `sends`.", "sends", "other place"),
        ("Calls `nobody_calls_me`.", "nobody_calls_me", "word"),
        ("Run `make nothing`.", "make nothing", "command"),
        ("Run `filiation campaign fly`.", "filiation campaign fly", "command"),
        ("Run `filiation refresh --fast`.", "filiation refresh --fast", "command"),
        ("Run `python -m sends.nowhere`.", "python -m sends.nowhere", "command"),
    ],
)
def test_untrue_names_are_found(text, name, kind):
    assert list(untrue_in(Sign(ROOT / "sends" / "handover" / "lock.py", text))) == [(name, kind)]
