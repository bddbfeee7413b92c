"""A file of people's acts: read line by line, what can be read is taken in, the rest is told by line number.

Columns: number, kind, received_at, source, and if wanted relayed_by, reason; as CSV with a header (`,` or `;`) or
as JSON lines, in UTF-8, one record on one line. What each field must be is checked by `act_entry`. A file read twice changes nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from consent.acts.act_entry import ActDesk, EntryProblem, TypedAct, read_act
from consent.acts.person_acts import PersonAct, record_act
from stores.operations import journal
from stores.operations.database import transaction
from terms.errors import UsageError

_REQUIRED = ("number", "kind", "received_at", "source")
_FIELDS = frozenset(TypedAct.__dataclass_fields__)

#: A line of the file as typed, or what is wrong with its form.
_Line = tuple[int, TypedAct | EntryProblem]


@dataclass(frozen=True)
class BadLine:
    """A line that was not taken in (1-based, where its record starts) and why; never a value."""

    line: int
    problems: tuple[EntryProblem, ...]

    def to_json(self) -> dict[str, object]:
        """Return the line as the command prints it."""
        return {"line": self.line, "problems": [item.value for item in self.problems]}


@dataclass(frozen=True)
class ActsReport:
    """What became of a file: every record is taken in, repeated or bad."""

    taken_in: int
    repeated: int
    bad_lines: tuple[BadLine, ...]

    def to_json(self) -> dict[str, object]:
        """Return the report as the command prints it."""
        bad = [item.to_json() for item in self.bad_lines]
        return {"taken_in": self.taken_in, "repeated": self.repeated, "bad_lines": bad}


def enter_acts(desk: ActDesk, path: Path) -> ActsReport:
    """Take a file of acts in, in one transaction; bad lines are told and the rest goes in.

    Raises:
        UsageError: the file cannot be read, is not UTF-8, or its header lacks a column or has an unknown one.
    """
    content = _read(path)
    entered, repeated, taken_in = desk.entered(), 0, 0
    bad: list[BadLine] = []
    with transaction(desk.stores.engine) as work:
        for line, typed in _lines(path, content):
            found = (typed,) if isinstance(typed, EntryProblem) else read_act(desk, typed, entered.at)
            if not isinstance(found, PersonAct):
                bad.append(BadLine(line, found))
            elif record_act(work, found, entered):
                taken_in += 1
            else:
                repeated += 1
        if taken_in:
            told: dict[str, object] = {"taken_in": taken_in, "repeated": repeated, "bad_lines": len(bad)}
            subject = sha256(content.encode()).hexdigest()
            journal.append(work, entered.at, journal.Entry.ACTS_FILE, subject, told)
    return ActsReport(taken_in, repeated, tuple(bad))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).", "Name a readable file.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8.", "Save it as UTF-8.") from None


def _lines(path: Path, content: str) -> Iterator[_Line]:
    return _json_lines(content) if path.suffix in (".jsonl", ".ndjson") else _csv_lines(path, content)


def _json_lines(content: str) -> Iterator[_Line]:
    for number, line in enumerate(_physical_lines(content), 1):
        if line.strip():
            yield number, _json_act(line)


def _physical_lines(content: str) -> list[str]:
    """Return the lines; a record is one line, so that a damaged one costs nobody else's act."""
    return [line.removesuffix("\r") for line in content.split("\n")]


def _json_act(line: str) -> TypedAct | EntryProblem:
    try:
        fields = json.loads(line)
    except ValueError:
        return EntryProblem.LINE_UNREADABLE
    if not isinstance(fields, dict):
        return EntryProblem.LINE_UNREADABLE
    if not set(fields) <= _FIELDS:
        return EntryProblem.FIELD_UNKNOWN
    given = {name: value for name, value in fields.items() if value is not None}
    if not all(isinstance(value, str) for value in given.values()):
        return EntryProblem.LINE_UNREADABLE
    return TypedAct(**{**dict.fromkeys(_REQUIRED, ""), **given})


def _csv_lines(path: Path, content: str) -> Iterator[_Line]:
    header, *lines = _physical_lines(content)
    delimiter = ";" if ";" in header else ","
    names = [name.strip() for name in _cells(header, delimiter) or []]
    _check_header(path, names)
    for number, line in enumerate(lines, 2):
        if line.strip():
            cells = _cells(line, delimiter) or []
            is_whole = len(cells) == len(names)
            yield number, TypedAct(**dict(zip(names, cells, strict=True))) if is_whole else EntryProblem.LINE_UNREADABLE


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _check_header(path: Path, names: list[str]) -> None:
    missing, unknown = sorted(set(_REQUIRED) - set(names)), sorted(set(names) - _FIELDS)
    if missing or unknown or len(set(names)) < len(names):
        raise UsageError(
            f"{path}: its first line does not name the columns"
            f" (missing: {', '.join(missing) or 'none'}; unknown: {len(unknown)}).",
            f"Write {','.join(sorted(_FIELDS))}, or leave out relayed_by and reason.",
        )
