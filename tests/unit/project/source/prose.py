"""Where the repository speaks to its readers: docstrings, comments and pages, and the names in backticks in them.

Whether a name is true is judged in `test_door_signs`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.unit.project.source.source_tree import ROOT, definitions_in, packages, tree

#: Files in Git's own folder, caches and what tools make are no text of ours.
DBT = [ROOT / "dbt_project" / folder for folder in ("models", "macros", "tests")]
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_IN_BACKTICKS = re.compile(r"``([^`]+)``|`([^`]+)`")
_NAMED = "`[^`]+`"
_NEXT = r"(?:,?\s(?:and\s|or\s)?|[,;][^`.:()]{0,60}\s(?:to|in|by)\s)(?=`)"
#: What sends a reader to another place: "belongs to `a`, states to `b`", "judged elsewhere (`c`)".
_ELSEWHERE = r"belongs?\s(?:only\s|all\s)?(?:to|in)|business\sof|elsewhere\s\(?|see"
#: What says where something is, which may also be a parameter or a column: "kept in `d` or `e`".
_SOMEWHERE = (
    r"(?:stands?|lives?|decided|judged|told|defined|kept|made|done|written|found|registered|happens)"
    r"\s(?:only\s|all\s|there\s)?(?:to|in|by)"
)
_LISTED = rf"\s?({_NAMED}(?:{_NEXT}{_NAMED})*)"
_LEADS_ELSEWHERE = re.compile(rf"\b(?:{_ELSEWHERE}){_LISTED}")
_LEADS_SOMEWHERE = re.compile(rf"\b(?:{_SOMEWHERE}){_LISTED}")


@dataclass(frozen=True)
class Sign:
    """One text: the file that holds it, and what it says."""

    file: Path
    text: str

    def names(self) -> Iterator[str]:
        """Yield what stands in backticks, in one line."""
        for double, single in _IN_BACKTICKS.findall(self.text):
            yield " ".join((double or single).split())

    def elsewhere(self) -> set[str]:
        """Return the names in backticks to which the text sends its reader."""
        return self._led(_LEADS_ELSEWHERE)

    def somewhere(self) -> set[str]:
        """Return the names in backticks of which the text says that something is there."""
        return self._led(_LEADS_SOMEWHERE)

    def _led(self, leads: re.Pattern[str]) -> set[str]:
        text = " ".join(self.text.split())
        return {name for listed in leads.findall(text) for name in re.findall(r"`([^`]+)`", listed)}


@cache
def signs() -> list[Sign]:
    """Return every text of the repository that speaks to readers."""
    found = [Sign(file, text) for files in packages().values() for file in files for text in _python_prose(file)]
    for folder in DBT:
        found += [Sign(file, "\n".join(sql_comments(file.read_text()))) for file in sorted(folder.rglob("*.sql"))]
        found += [Sign(file, file.read_text()) for file in sorted(folder.rglob("*.yml"))]
    return found + [Sign(page, _FENCE.sub("", page.read_text())) for page in pages()]


@cache
def pages() -> list[Path]:
    """Return the pages for people: those at the root, below docs/ and of the verifier."""
    return [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("verifier/*.md"))]


def commands_in_fences() -> Iterator[tuple[Path, str]]:
    """Yield each line of the pages' blocks of code that asks to run something."""
    for page in pages():
        for block in _FENCE.findall(page.read_text()):
            for line in block.splitlines():
                if line.startswith("$ "):
                    yield page, line.removeprefix("$ ").split("#")[0].strip()


@cache
def tokens(file: Path) -> list[tokenize.TokenInfo]:
    """Return the tokens of a Python file."""
    return list(tokenize.generate_tokens(io.StringIO(file.read_text()).readline))


def docstring_nodes(file: Path) -> Iterator[ast.Constant]:
    """Yield the docstrings of a Python file as nodes of its tree."""
    for node in [tree(file), *definitions_in(file)]:
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield first.value


def sql_comments(text: str) -> list[str]:
    """Return the comments of SQL and of its templates."""
    return re.findall(r"\{#.*?#\}|--[^\n]*", text, re.S)


def _python_prose(file: Path) -> Iterator[str]:
    for node in docstring_nodes(file):
        yield str(node.value)
    block: list[str] = []
    for token in tokens(file):
        if token.type == tokenize.COMMENT:
            block.append(token.string.lstrip("#: "))
        elif token.type not in {tokenize.NL, tokenize.NEWLINE} and block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)
