"""Fields of one YAML record, typed, refused by file and key. Which fields a record has is its module's business."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from terms.errors import UsageError


def text(path: Path, record: Mapping[str, object], key: str) -> str:
    """Return a text that is not blank."""
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise wrong(path, key, "text (in quotes where it looks like a number)")
    return value


def optional_text(path: Path, record: Mapping[str, object], key: str) -> str | None:
    """Return a text, None where the key is absent or null."""
    return None if record.get(key) is None else text(path, record, key)


def texts(path: Path, record: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return a list of texts that is not empty."""
    value = record.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise wrong(path, key, "a list of texts")
    return tuple(value)


def number(path: Path, record: Mapping[str, object], key: str) -> int:
    """Return a whole number."""
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(path, key, "a whole number")
    return value


def optional_number(path: Path, record: Mapping[str, object], key: str) -> int | None:
    """Return a whole number, None where the key is absent or null."""
    return None if record.get(key) is None else number(path, record, key)


def refuse_unknown(path: Path, record: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Refuse a record with a key that nobody reads.

    Raises:
        UsageError: naming the file and the keys.
    """
    unknown = sorted(str(key) for key in record.keys() - known.keys())
    if unknown:
        raise UsageError(f"{path.name}: unknown key {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")


def wrong(path: Path, key: str, wanted: str) -> UsageError:
    """Return the error of a key that is not what it must be."""
    return UsageError(f"{path.name}: {key} must be {wanted}.", "Correct the file.")
