"""Typed reading of a YAML file, section by section: errors name file, line and key; a key that nobody reads is refused.

Which keys a file has belongs to its reader, such as `sends.orders.order`. Dossiers and rules are read by
`configuration.marked_yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from terms.errors import UsageError

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")

_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"
_INTEGER = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_BOOLEAN = "tag:yaml.org,2002:bool"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class FileInvalid(UsageError):
    """A file of `config/` or an order has a wrong field; the message names file, line and field."""


@dataclass(frozen=True)
class _Entry:
    key: yaml.Node
    value: yaml.Node


class Section:
    """One mapping of a YAML document.

    Every reading method consumes its key; `finish` refuses the keys that nobody read, so that a misspelt
    criterion can never be ignored in silence.

    Args:
        node: the mapping.
        path: its keys from the top of the document, joined by points.
        file: name of the file in errors.
    """

    def __init__(self, node: yaml.MappingNode, path: str, file: str) -> None:
        self._node, self._path, self._file = node, path, file
        self._entries: dict[str, _Entry] = {}
        self._read: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in self._entries:
                raise self._invalid(key, name, "is given twice")
            self._entries[name] = _Entry(key, value)

    def has(self, name: str) -> bool:
        """Return whether the key is given and not null; null is the same as absent everywhere."""
        self._read.add(name)
        entry = self._entries.get(name)
        return entry is not None and entry.value.tag != _NULL

    def text(self, name: str, pattern: str | None = None) -> str:
        """Return a text; a bare number is refused, because YAML would eat its leading zeros."""
        return self._text(self._value(name), name, pattern)

    def optional_text(self, name: str, pattern: str | None = None) -> str | None:
        """Return a text or None."""
        return self.text(name, pattern) if self.has(name) else None

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        """Return the member of `kind` that the text names."""
        value = self.text(name)
        if value not in list(kind):
            raise self._invalid(self._entries[name].value, name, f"is none of {', '.join(kind)}")
        return kind(value)

    def integer(self, name: str, least: int = 0, most: int | None = None) -> int:
        """Return a whole number.

        Args:
            name: of the key.
            least: the smallest number allowed.
            most: the largest number allowed; None = no limit.

        Raises:
            FileInvalid: the key is missing, no whole number, or outside these limits.
        """
        value = self._integer(self._value(name), name, least)
        if most is not None and value > most:
            raise self._invalid(self._entries[name].value, name, f"is above {most}")
        return value

    def number(self, name: str) -> float:
        """Return a number."""
        value = self._value(name)
        if value.tag not in (_INTEGER, _FLOAT):
            raise self._invalid(value, name, "is not a number")
        return float(str(value.value))

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self._value(name)
        if value.tag != _BOOLEAN:
            raise self._invalid(value, name, "is neither true nor false")
        return str(value.value).lower() in ("true", "yes", "on")

    def day(self, name: str) -> date:
        """Return a civil date written YYYY-MM-DD."""
        value = self._scalar(self._value(name), name, (_TEXT,), "is not a day (YYYY-MM-DD)")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self._invalid(self._entries[name].value, name, "is not a day (YYYY-MM-DD)") from None

    def instant(self, name: str) -> datetime:
        """Return an aware instant written in ISO 8601 with its offset."""
        wrong = "is not an instant with offset, such as 2027-03-16T09:00:00+01:00"
        value = self._scalar(self._value(name), name, (_TEXT,), wrong)
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            raise self._invalid(self._entries[name].value, name, wrong) from None
        if instant.tzinfo is None:
            raise self._invalid(self._entries[name].value, name, wrong)
        return instant

    def texts(self, name: str, pattern: str | None = None) -> tuple[str, ...]:
        """Return a list of texts, which may be empty."""
        return tuple(self._text(item, name, pattern) for item in self._list(name))

    def integers(self, name: str, least: int = 0) -> tuple[int, ...]:
        """Return a list of whole numbers, which may be empty."""
        return tuple(self._integer(item, name, least) for item in self._list(name))

    def section(self, name: str) -> Section:
        """Return the mapping under a key."""
        return self._section(self._value(name), name)

    def sections(self, name: str) -> tuple[Section, ...]:
        """Return a list of mappings."""
        return tuple(self._section(item, f"{name}[{place}]") for place, item in enumerate(self._list(name)))

    def optional(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """Return `read(name)`, or None where the key is absent or null."""
        return read(name) if self.has(name) else None

    def line(self, name: str) -> int:
        """Return the line (1-based) of a key."""
        return int(self._entries[name].key.start_mark.line) + 1

    def names(self) -> tuple[str, ...]:
        """Return every key, in order, and count it as read: for a mapping whose keys are data."""
        self._read.update(self._entries)
        return tuple(self._entries)

    def invalid(self, name: str, what: str) -> FileInvalid:
        """Return the error that says what is wrong with a field; the caller raises it."""
        entry = self._entries.get(name)
        return self._invalid(entry.value if entry else self._node, name, what)

    def finish(self) -> None:
        """Refuse the keys that were not read.

        Raises:
            FileInvalid: there is one.
        """
        for name in self._entries:
            if name not in self._read:
                known = ", ".join(sorted(self._read))
                raise self._invalid(self._entries[name].key, name, f"is not known here (known: {known})")

    def _value(self, name: str) -> yaml.Node:
        if not self.has(name):
            raise self._invalid(self._node, name, "is missing")
        return self._entries[name].value

    def _list(self, name: str) -> Sequence[yaml.Node]:
        value = self._value(name)
        if not isinstance(value, yaml.SequenceNode):
            raise self._invalid(value, name, "is not a list")
        return list(value.value)

    def _section(self, node: yaml.Node, name: str) -> Section:
        if not isinstance(node, yaml.MappingNode):
            raise self._invalid(node, name, "is not a mapping of fields")
        return Section(node, self._name(name), self._file)

    def _text(self, node: yaml.Node, name: str, pattern: str | None) -> str:
        value = self._scalar(node, name, (_TEXT,), "is not a text (put it in quotes)")
        if value == "":
            raise self._invalid(node, name, "is empty")
        if pattern is not None and re.fullmatch(pattern, value) is None:
            raise self._invalid(node, name, f"does not have the form {pattern}")
        return value

    def _integer(self, node: yaml.Node, name: str, least: int) -> int:
        value = self._scalar(node, name, (_INTEGER,), "is not a whole number")
        if re.fullmatch(r"-?(0|[1-9]\d*)", value) is None or int(value) < least:
            raise self._invalid(node, name, f"is not a whole number of at least {least}")
        return int(value)

    def _scalar(self, node: yaml.Node, name: str, tags: tuple[str, ...], wrong: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag not in tags:
            raise self._invalid(node, name, wrong)
        return str(node.value)

    def _name(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _invalid(self, node: yaml.Node, name: str, what: str) -> FileInvalid:
        line = int(node.start_mark.line) + 1
        return FileInvalid(f"{self._file}, line {line}: {self._name(name)} {what}.", "Correct the file.")


@dataclass(frozen=True)
class Document:
    """One YAML file as read: its top mapping, and the same as plain data without YAML's own dates."""

    top: Section
    plain: object


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        FileInvalid: it cannot be read, is not UTF-8, not YAML, or its top is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise FileInvalid(f"{path} cannot be read ({reason}).", "Give the path of a readable YAML file.") from None
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """Parse YAML text; `file` is its name in errors. JSON is YAML, so an order kept as JSON can be read too.

    Raises:
        FileInvalid: the text is not YAML, or its top is not a mapping.
    """
    try:
        loader = _PlainLoader(text)
    except yaml.YAMLError:  # a character that YAML does not allow, told before there is a line
        raise FileInvalid(f"{file}: this is not YAML.", "Correct the file.") from None
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise FileInvalid(f"{file} does not hold a mapping of fields.", "Compare it with an example.")
        return Document(Section(node, "", file), loader.construct_document(node))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise FileInvalid(f"{file}{line}: this is not YAML.", "Correct the file.") from None
    finally:
        loader.dispose()


class _PlainLoader(yaml.CSafeLoader):
    """Keeps dates and instants as the text that was written: canonical JSON has no types for them."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
