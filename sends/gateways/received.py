"""The durable record of a simulator: one line of JSON per message received, read again at the next start.

It holds numbers and texts, so it lies outside the home. What a simulator does with a message belongs to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

#: Read and written by nobody but the account that runs the simulator.
_MODE = 0o600


class ReceivedFile:
    """The record, open for appending; `lines` are those of earlier runs.

    A line that a kill cut was never answered: it is removed.

    Raises:
        OSError: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.lines: list[Mapping[str, str]] = []
        if path.exists():
            *whole, cut = path.read_bytes().split(b"\n")
            self.lines = [json.loads(line) for line in whole]
            os.truncate(path, path.stat().st_size - len(cut))
        self._file = open(path, "a", encoding="utf-8", opener=_of_its_owner)
        os.fchmod(self._file.fileno(), _MODE)

    def write(self, line: Mapping[str, str | None]) -> None:
        """Add a line; it outlives a kill of this process."""
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _of_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)
