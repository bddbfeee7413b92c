"""Kills a refresh at random instants, lets one more refresh run, and compares the base with one that nobody killed.

A long proof that is run by hand (`python -m bench.kill_refresh --help`); kills at each named step of a delivery's way
are tests. What a base is compared by stands in `bench.base_digest`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.base_digest import base_digest, differing_tables
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
    """Run the proof and print a line per kill; exit with 1 if a base differs."""
    asked = _arguments()
    inputs = Inputs(asked.landing, asked.partners, asked.open_data)
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="filiation-kills-") as folder:
        root = Path(folder)
        began = time.monotonic()
        calm = _calm_base(root / "calm", inputs)
        lasted = time.monotonic() - began
        print(f"calm refresh: {lasted:.0f} s, {len(calm)} tables", flush=True)
        differing = 0
        for number in range(1, asked.kills + 1):
            after = chance.uniform(0.05, 0.95) * lasted
            told = _kill_once(root / "killed", inputs, after)
            differs = differing_tables(calm, base_digest(_base(root / "killed")))
            differing += bool(differs)
            print(f"kill {number}: {told}; {', '.join(differs) or 'the same base'}", flush=True)
            shutil.rmtree(root / "killed")
    print(f"{asked.kills - differing} of {asked.kills} gave the same base")
    sys.exit(1 if differing else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kill_refresh", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--landing", type=Path, default=PROJECT_ROOT / "sample" / "landing")
    parser.add_argument("--partners", type=Path, default=PROJECT_ROOT / "config" / "partners")
    parser.add_argument("--open-data", type=Path, default=PROJECT_ROOT / "sample" / "open_data")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _calm_base(home: Path, inputs: Inputs) -> Mapping[str, str]:
    _run(home, ["init"])
    _run(home, inputs.words())
    return base_digest(_base(home))


def _kill_once(home: Path, inputs: Inputs, after: float) -> str:
    """Kill a first refresh `after` seconds with everything it started, run another, and say what the kill left."""
    _run(home, ["init"])
    running = subprocess.Popen(
        [str(FILIATION), *inputs.words()],
        env=_environ(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        running.wait(timeout=after)
        told = f"had ended before {after:.1f} s"
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        told = f"after {after:.1f} s, {_counts(home)}"
    _run(home, inputs.words())
    return told


def _counts(home: Path) -> str:
    evidence = sum(1 for item in (home / "evidence").iterdir() if item.is_dir())
    served = "a base" if _base(home).exists() else "no base"
    return f"{evidence} files landed and {served}"


def _run(home: Path, words: Sequence[str]) -> None:
    subprocess.run([str(FILIATION), *words], env=_environ(home), check=True, capture_output=True)


def _environ(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILIATION_", "DAGSTER_"))}
    ours = {"FILIATION_HOME": str(home), "FILIATION_ENV": "test", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    return {**kept, **ours}


def _base(home: Path) -> Path:
    return home / "warehouse" / "base.duckdb"


if __name__ == "__main__":
    main()
