"""What an error says of the delivery that was being read: a reason to hold it, or that this machine failed.

The words of an error are never passed on: those of a database quote the cell that it stumbled on.
"""

from __future__ import annotations

import errno
import os
import traceback
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from partners_ingest.arrival.damage import LimitPassed
from terms.errors import FiliationError
from terms.reasons import FileReason

#: No space, no handle, or a disk that cannot be read: the next run may succeed.
_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM}
)
#: The largest file that the process may write is a limit of the delivery, not of the disk.
_FILE_TOO_LARGE = errno.EFBIG
_OUT_OF_MEMORY = (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError)
#: A file that grows batch by batch tells the kind of an error as its code (`stores.files.growing_file`).
_OUT_OF_MEMORY_NAMES = frozenset(error.__name__ for error in _OUT_OF_MEMORY)
_DISK_NAMES = frozenset({"IOException", "OSError"})


@dataclass(frozen=True)
class Failure:
    """Why reading gave no result; `reason` is None where the machine is to blame, and not the file."""

    reason: FileReason | None
    detail: str


def failure_of(error: BaseException) -> Failure:
    """Return what an error says of the delivery, in words without any text of it."""
    if isinstance(error, LimitPassed):
        return Failure(FileReason.TOO_LARGE, str(error))
    where = _describe(error)
    if isinstance(error, _OUT_OF_MEMORY) or _code(error) in _OUT_OF_MEMORY_NAMES:
        return Failure(FileReason.TOO_LARGE, f"it takes too much memory: {where}")
    if _is_file_too_large(error):
        return Failure(FileReason.TOO_LARGE, f"it takes too much space on disk: {where}")
    return Failure(None if _is_of_the_machine(error) else FileReason.READER_FAILED, where)


def _is_file_too_large(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == _FILE_TOO_LARGE
    return isinstance(error, duckdb.IOException) and os.strerror(_FILE_TOO_LARGE) in str(error)


def _is_of_the_machine(error: BaseException) -> bool:
    """Return whether a disk failed; DuckDB reads and writes no file here but our own."""
    if isinstance(error, OSError):
        return error.errno in _OF_THE_MACHINE
    return isinstance(error, duckdb.IOException) or _code(error) in _DISK_NAMES


def _code(error: BaseException) -> str | None:
    return error.code if isinstance(error, FiliationError) else None


def _describe(error: BaseException) -> str:
    """Return the kind of an error and where in the code it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
