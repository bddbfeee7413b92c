"""Reads one workbook in a process of its own: from standard input, its first sheet's rows as lines to standard output.

A library's own code (Rust) may panic, abort or ask for more memory than there is on a file made to break it; then this
process ends, and the file is damaged. Who starts it, and what lines are for, belongs to `table_files`.
"""

from __future__ import annotations

import importlib
import io
import resource
import sys
from collections.abc import Iterator
from typing import Any

from partners_ingest.arrival.table_cells import line_of

#: Exit code for a workbook that cannot be read; other codes but 0 are faults of ours.
UNREADABLE = 3


def main() -> None:
    """Read within the limits that the command line names: bytes of address space, seconds of processor."""
    memory_bytes, cpu_seconds = (int(word) for word in sys.argv[1:3])
    calamine: Any = importlib.import_module("python_calamine")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    try:
        for line in _lines(calamine, sys.stdin.buffer.read()):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except (calamine.CalamineError, IndexError, OSError, MemoryError):
        sys.exit(UNREADABLE)
    except BaseException as error:
        # what the library did not foresee comes as an exception that is no Exception and has no name
        sys.exit(UNREADABLE if type(error).__name__ == "PanicException" else 1)


def _lines(calamine: Any, workbook: bytes) -> Iterator[bytes]:
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    sheet = book.get_sheet_by_index(0)
    top, left = sheet.start or (0, 0)
    yield from (line_of([]) for _ in range(top))
    for row in sheet.iter_rows():
        yield line_of([*[""] * left, *row])


if __name__ == "__main__":
    main()
