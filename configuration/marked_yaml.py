"""Reading YAML value by value, each with its line: every error names file, line and key.

For dossiers (`consent.dossiers`), rules (`consent.rules`), the controller and retention periods. Which keys a file has,
and which values are allowed, belongs to its reader. Orders are read by `configuration.fields`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import yaml

from terms.errors import UsageError

_TEXT, _INTEGER, _BOOLEAN, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("str", "int", "bool", "null"))
#: libyaml where PyYAML was built with it: ten times as fast, the same marks.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class MarkedValueError(UsageError):
    """A value that cannot be read: says file, line, key and what was expected.

    Args:
        message: what is wrong, and where.
        remedy: what to do now.
        line: 1-based; None where the file as a whole cannot be read.
        key: path of keys; None likewise.
    """

    def __init__(self, message: str, remedy: str, *, line: int | None = None, key: str | None = None) -> None:
        super().__init__(message, remedy)
        self.line = line
        self.key = key


@dataclass(frozen=True)
class Marked:
    """One YAML value with its place in the file; `where` is its path of keys."""

    file: str
    where: str
    node: yaml.Node

    def fail(self, what: str) -> MarkedValueError:
        """Return the error that says what is wrong here (the caller raises it)."""
        key = self.where or "top level"
        told = f"{self.file}, line {self.line}, {key}: {what}."
        return MarkedValueError(told, "Correct the file.", line=self.line, key=key)

    @property
    def line(self) -> int:
        """The line of the file on which the value begins, 1-based."""
        return int(self.node.start_mark.line) + 1

    def keys(self, required: frozenset[str], optional: frozenset[str] = frozenset()) -> dict[str, Marked]:
        """Return the values of a mapping by key.

        Raises:
            MarkedValueError: not a mapping, a key twice, an unknown key, or a required one missing.
        """
        found = self.entries()
        for key, value in found.items():
            if key not in required | optional:
                raise value.fail(f"unknown key {key!r}")
        missing = sorted(required - found.keys())
        if missing:
            raise self.fail(f"missing key {missing[0]!r}")
        return found

    def entries(self) -> dict[str, Marked]:
        """Return the values of a mapping whose keys are free."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail("a mapping is expected")
        found: dict[str, Marked] = {}
        for key_node, value_node in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            value = Marked(self.file, f"{self.where}.{key}".lstrip("."), value_node)
            if not key or key in found:
                raise value.fail("a key stands twice or is not text")
            found[key] = value
        return found

    def items(self) -> Iterator[Marked]:
        """Yield the values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail("a list is expected")
        for index, node in enumerate(self.node.value):
            yield Marked(self.file, f"{self.where}[{index}]", node)

    def is_null(self) -> bool:
        """Return whether the value is null or left out."""
        return self.node.tag == _NULL

    def says(self, word: str) -> bool:
        """Return whether the value is exactly this word."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == _TEXT and self.node.value == word

    def is_list(self) -> bool:
        """Return whether the value is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    def text(self) -> str:
        """Return a text value; a bare number is an error, because YAML would read 075 and 75 as equal."""
        return self._scalar("text in quotes", _TEXT)

    def optional_text(self) -> str | None:
        """Return a text value, or None where it is null."""
        return None if self.is_null() else self.text()

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(item.text() for item in self.items())

    def one_of(self, *allowed: str) -> str:
        """Return a text value out of a closed list."""
        found = self.text()
        if found not in allowed:
            raise self.fail(f"{found!r} is not one of {', '.join(allowed)}")
        return found

    def boolean(self) -> bool:
        """Return true or false."""
        return self._scalar("true or false", _BOOLEAN).lower() == "true"

    def integer(self) -> int:
        """Return a whole number."""
        return int(self._scalar("a whole number", _INTEGER))

    def day(self) -> date:
        """Return a day written YYYY-MM-DD."""
        text = self._scalar("a day YYYY-MM-DD", _TEXT, _TIMESTAMP)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.fail("a day YYYY-MM-DD is expected") from None

    def instant(self) -> datetime:
        """Return an instant written in ISO 8601 with its offset."""
        text = self._scalar("an instant with offset", _TEXT, _TIMESTAMP)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise self.fail("an ISO 8601 instant is expected") from None
        if found.tzinfo is None:
            raise self.fail("the instant has no offset")
        return found

    def _scalar(self, expected: str, *tags: str) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag not in tags:
            raise self.fail(f"{expected} is expected")
        return str(self.node.value)


def read_marked(file: Path, name: str) -> Marked:
    """Return the top value of a YAML file; `name` is what errors call the file.

    Raises:
        MarkedValueError: the file is missing, empty, not UTF-8 or not YAML.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError):
        raise MarkedValueError(f"{name} is missing or not UTF-8 text.", "Add the file.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MarkedValueError(
            f"{name}, line {line}: not YAML ({error.problem}).", "Correct the file.", line=line
        ) from None
    except yaml.YAMLError:
        raise MarkedValueError(f"{name}: not YAML.", "Correct the file.") from None
    if node is None:
        raise MarkedValueError(f"{name} is empty.", "Fill it in.")
    return Marked(name, "", node)
