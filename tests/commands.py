"""Runs the `filiation` command as its users do: a process of its own, an environment, an exit code.

For tests of every folder; what is asserted stands in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILIATION = Path(sys.executable).with_name("filiation")
#: Without compiled modules each of some hundred processes would compile the whole project again.
_NOT_INHERITED = ("FILIATION_", "DAGSTER_", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Answer:
    """What one command printed and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return standard output as one JSON value: nothing else may stand there."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """Return standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def write(self, file: Path) -> None:
        """Write it to a file, for another process of the test run."""
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> Answer:
        """Return what `write` wrote."""
        return cls(**json.loads(file.read_text()))


@dataclass(frozen=True)
class Shell:
    """A home and the settings with which commands are run on it."""

    home: Path
    settings: Mapping[str, str]

    def run(self, *words: str, at: str | None = None, **changes: str) -> Answer:
        """Run one command and wait for its end.

        Args:
            words: the command without `filiation`.
            at: ISO instant at which the clock starts; none = as the settings say.
            changes: further variables, by their name without `FILIATION_`.
        """
        done = subprocess.run(
            [str(FILIATION), *words],
            cwd=ROOT,
            env=self.environ(at=at, **changes),
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, at: str | None = None) -> subprocess.Popen[str]:
        """Start a command that runs until it is ended; its lines go to standard error of the process object."""
        return subprocess.Popen(
            [str(FILIATION), *words],
            cwd=ROOT,
            env=self.environ(at=at),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environ(self, at: str | None = None, **changes: str) -> dict[str, str]:
        """Return the variables of a process on this home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        moved = {"FILIATION_NOW": at} if at else {}
        more = {f"FILIATION_{name}": value for name, value in changes.items()}
        return {**kept, "FILIATION_HOME": str(self.home), **self.settings, **moved, **more}


def sample_shell(home: Path, **changes: str) -> Shell:
    """Return a shell on a home of the bundled sample, at the demo's clock."""
    return Shell(
        home,
        {
            "FILIATION_ENV": "test",
            "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
            "FILIATION_LANDING": str(ROOT / "sample" / "landing"),
            "FILIATION_OPEN_DATA": str(ROOT / "sample" / "open_data"),
            **{f"FILIATION_{name}": value for name, value in changes.items()},
        },
    )
