"""Kills refreshes of one home at random instants, lets one more run, and compares its base with one that nobody killed.

A refresh that ended before its kill has nothing left to kill: its base is compared, and the next one starts on a new home.
A long proof that is run by hand, in one call or in several (`python -m bench.kills.kill_refresh --help`); kills at each named
step of a delivery's way are tests. Bases are compared by `bench.kills.base_digest`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.kills.base_digest import base_digest, differing_tables
from terms.settings import PROJECT_ROOT

FILIATION = Path(sys.executable).with_name("filiation")


@dataclass(frozen=True)
class Inputs:
    """The folders that a refresh reads; never changed here."""

    landing: Path
    partners: Path
    open_data: Path

    def words(self) -> Sequence[str]:
        """Return the command that takes them in."""
        folders = {"--landing": self.landing, "--partners": self.partners, "--open-data": self.open_data}
        return ["refresh", *(str(word) for item in folders.items() for word in item)]


def main() -> None:
    """Do what was asked in a folder that keeps everything between calls; exit with 1 if the base differs."""
    asked = _arguments()
    inputs = Inputs(asked.landing, asked.partners, asked.open_data)
    asked.folder.mkdir(parents=True, exist_ok=True)
    lasted = _calm_refresh(asked.folder, inputs)
    command = [str(FILIATION), *inputs.words()]
    chance = random.Random(asked.seed)
    differs = kills = 0
    while kills < asked.kills:
        is_killed, told = _kill(asked.folder / "killed", command, chance.uniform(0.02, 0.98) * lasted)
        kills += is_killed
        print(f"kill {kills}: {told}" if is_killed else told, flush=True)
        if not is_killed:
            differs += _compare(asked.folder)
            shutil.rmtree(asked.folder / "killed")
    if asked.finish:
        _run(asked.folder / "killed", ["init"])
        _run(asked.folder / "killed", inputs.words())
        differs += _compare(asked.folder)
    sys.exit(1 if differs else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kills.kill_refresh", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, help="where the two homes are kept between calls")
    parser.add_argument("--landing", type=Path, default=PROJECT_ROOT / "sample" / "landing")
    parser.add_argument("--partners", type=Path, default=PROJECT_ROOT / "config" / "partners")
    parser.add_argument("--open-data", type=Path, default=PROJECT_ROOT / "sample" / "open_data")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finish", action="store_true", help="let one more refresh run and compare the two bases")
    return parser.parse_args()


def _calm_refresh(folder: Path, inputs: Inputs) -> float:
    """Make the base that nobody kills, once, and return how many seconds it took."""
    kept = folder / "calm_seconds"
    if not kept.exists():
        began = time.monotonic()
        _run(folder / "calm", ["init"])
        _run(folder / "calm", inputs.words())
        kept.write_text(f"{time.monotonic() - began:.1f}")
        print(f"calm refresh: {kept.read_text()} s", flush=True)
    return float(kept.read_text())


def _compare(folder: Path) -> int:
    """Say which tables differ between the two bases, and return how many."""
    calm, killed = base_digest(_base(folder / "calm")), base_digest(_base(folder / "killed"))
    differs = differing_tables(calm, killed)
    print(f"{len(calm)} tables: {', '.join(differs) or 'the same base'}")
    return len(differs)


def _kill(home: Path, command: Sequence[str], after: float) -> tuple[bool, str]:
    """Start a command on a home and kill it `after` seconds with everything that it started.

    Returns:
        whether it was killed, not ended before, and what is there then.
    """
    _run(home, ["init"])
    running = subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env=_environ(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = running.wait(timeout=after)
        return False, f"ended by itself ({code}) before {after:.1f} s, {_counts(home)}"
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return True, f"after {after:.1f} s, {_counts(home)}"


def _counts(home: Path) -> str:
    evidence = sum(1 for item in (home / "evidence").iterdir() if item.is_dir())
    with closing(sqlite3.connect(home / "operations.sqlite")) as ledger:
        (rows,) = ledger.execute("select count(*) from deliveries").fetchone()
    served = "a base" if _base(home).exists() else "no base"
    return f"{evidence} files landed, {rows} committed, {served}"


def _run(home: Path, words: Sequence[str]) -> None:
    done = subprocess.run([str(FILIATION), *words], env=_environ(home), check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{words[0]} ended with {done.returncode}: {done.stderr.splitlines()[-1:]}")


def _environ(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILIATION_", "DAGSTER_"))}
    ours = {"FILIATION_HOME": str(home), "FILIATION_ENV": "test", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    return {**kept, **ours}


def _base(home: Path) -> Path:
    return home / "warehouse" / "base.duckdb"


if __name__ == "__main__":
    main()
