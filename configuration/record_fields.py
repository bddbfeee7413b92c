"""Typed keys of one parsed YAML record (a mapping); every error names file and key.

Used for open-data sources (`open_data.sources`, `open_data.resources`), which decide the keys. Files whose errors name
the line are read by `configuration.fields` or `configuration.marked_yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from terms.errors import UsageError


def text(path: Path, record: Mapping[str, object], key: str) -> str:
    """Return a text that is not empty.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        key: in the record.

    Raises:
        UsageError: the key is absent, or its value is no text or empty.
    """
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise wrong(path, key, "text (in quotes where it looks like a number)")
    return value


def optional_text(path: Path, record: Mapping[str, object], key: str) -> str | None:
    """Return a text, or None where the key is absent or null.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        key: in the record.

    Raises:
        UsageError: the value is no text or empty.
    """
    return None if record.get(key) is None else text(path, record, key)


def texts(path: Path, record: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return a list of texts that is not empty.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        key: in the record.

    Raises:
        UsageError: the key is absent, or its value is no list of texts or empty.
    """
    value = record.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise wrong(path, key, "a list of texts")
    return tuple(value)


def number(path: Path, record: Mapping[str, object], key: str) -> int:
    """Return a whole number.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        key: in the record.

    Raises:
        UsageError: the key is absent, or its value is no whole number.
    """
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(path, key, "a whole number")
    return value


def optional_number(path: Path, record: Mapping[str, object], key: str) -> int | None:
    """Return a whole number, or None where the key is absent or null.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        key: in the record.

    Raises:
        UsageError: the value is no whole number.
    """
    return None if record.get(key) is None else number(path, record, key)


def refuse_unknown(path: Path, record: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Refuse a record with a key that nobody reads.

    Args:
        path: of the file, for the error.
        record: the parsed mapping.
        known: a mapping whose keys are the known ones.

    Raises:
        UsageError: naming the file and the keys.
    """
    unknown = sorted(str(key) for key in record.keys() - known.keys())
    if unknown:
        raise UsageError(f"{path.name}: unknown key {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")


def wrong(path: Path, key: str, wanted: str) -> UsageError:
    """Return the error of a key with a wrong value; the caller raises it.

    Args:
        path: of the file.
        key: in the record.
        wanted: what the value must be, as in "must be a whole number".
    """
    return UsageError(f"{path.name}: {key} must be {wanted}.", "Correct the file.")
