"""`python -m bench.sealing.alterations --flips N`: flip single bits in the stores and the log of a sealed home, count what is named.

The home is the one that `FILIATION_HOME` names; each byte is put back after its round, and the chain must hold again
at the end. The check is `sealing.checks.check`; the same with few flips is a test.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import typer

from sealing.checks.check import check_chain
from sealing.log.log import Log
from sealing.seals.files import current_seals
from stores.all_stores import Stores, open_stores
from terms.settings import load_settings


def main(flips: int = 5_000, seed: int = 1) -> None:
    """Flip `flips` bits, one in each file per round, and say how many were named.

    Example: python -m bench.sealing.alterations --flips 5000
    """
    stores, chance, done, missed = open_stores(load_settings(os.environ)), random.Random(seed), 0, []
    if not check_chain(Log.of(stores), stores.home).holds:
        raise SystemExit("The chain does not hold before anything was changed.")
    while done < flips:
        files = list(_guarded_files(stores))
        originals = {file: _flip(stores.home.root / file, chance) for file in files}
        named = {mismatch.where for mismatch in check_chain(Log.of(stores), stores.home).mismatches}
        for file, content in originals.items():
            (stores.home.root / file).write_bytes(content)
        missed += [file for file in files if file not in named]
        done += len(files)
    holds = check_chain(Log.of(stores), stores.home).holds
    typer.echo(
        f"{done} flips in {len(files)} files: {done - len(missed)} named, {len(missed)} missed; holds after: {holds}"
    )
    for file in missed:
        typer.echo(f"missed: {file}")


def _guarded_files(stores: Stores) -> Iterator[str]:
    """Yield the paths under the home of sealed files, tiles that the last checkpoint rests on, and checkpoints."""
    root, log = stores.home.root, Log.of(stores)
    yield from current_seals(stores.engine)
    last = log.last_checkpoint()
    for file in [*log.tiles.files(last.size if last else 0), *(log.folder / "checkpoints").iterdir()]:
        yield file.relative_to(root).as_posix()


def _flip(file: Path, chance: random.Random) -> bytes:
    """Flip one bit of a file and return what it held."""
    content = file.read_bytes()
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    file.write_bytes(changed)
    return content


if __name__ == "__main__":
    typer.run(main)
