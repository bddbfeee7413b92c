"""Writes the bundled sample: landing folder, open data, and what is expected of them. Same bytes on each run.

    .venv/bin/python -m sample.make_sample [--into FOLDER]

The dossiers of the two invented partners are written by hand (`config/partners/`) and read here, because a
form shows the notice that stands in its dossier. What persons, places and files look like is decided in the
modules beside this one.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml

from sample import contest_files, shop_files
from sample.landed_file import LandedFile
from sample.open_data_files import write_open_data
from sample.people import Person, build_people
from sample.place import build_place

SEED = "Filiation, Valombre"
ROOT = Path(__file__).resolve().parent
PARTNERS = ROOT.parent / "config" / "partners"
#: Customers of the shop who also play the contests.
SHARED_PEOPLE = 100


@dataclass(frozen=True)
class Forms:
    """What a partner's forms show: notice id and text of each form version."""

    notice_ids: Mapping[str, str]
    texts: Mapping[str, str]


def make_sample(into: Path, partners: Path = PARTNERS) -> list[LandedFile]:
    """Write the sample below `into` and return its partner files in order of arrival.

    Args:
        into: folder that gets `landing/`, `open_data/` and `expected/`; what stood there is replaced.
        partners: folder of dossiers.
    """
    for name in ("landing", "open_data", "expected"):
        shutil.rmtree(into / name, ignore_errors=True)
    place = build_place(Random(f"{SEED} place"))
    write_open_data(into / "open_data", place, Random(f"{SEED} open data"))
    people = build_people(Random(f"{SEED} people"), place, contest_files.PEOPLE + shop_files.PEOPLE - SHARED_PEOPLE)
    contest, shop = read_forms(partners / contest_files.PARTNER), read_forms(partners / shop_files.PARTNER)
    files = contest_files.contest_files(Random(f"{SEED} contest"), people, contest.texts)
    files += shop_files.shop_files(Random(f"{SEED} shop"), _shoppers(people), shop.notice_ids)
    files.sort(key=lambda file: (file.arrived_at, file.name))
    _write_landing(into / "landing", files)
    _write_expected(into / "expected", files)
    return files


def read_forms(dossier: Path) -> Forms:
    """Return notice id and text of each form version of a dossier folder."""
    versions = yaml.safe_load((dossier / "partner.yaml").read_text())["form_versions"]
    notice_ids = {item["form_version"]: item["notice_id"] for item in versions}
    texts = {version: (dossier / "notices" / f"{notice}.txt").read_text() for version, notice in notice_ids.items()}
    return Forms(notice_ids, texts)


def _shoppers(people: Sequence[Person]) -> list[Person]:
    """Return the shop's customers: the shown person and some players among them, the rest persons of their own."""
    players = people[200 : 200 + SHARED_PEOPLE - 1]
    own = people[contest_files.PEOPLE :]
    shoppers = [people[0]]
    step = len(own) // len(players)
    for position, player in enumerate(players):
        shoppers += [player, *own[position * step : (position + 1) * step]]
    return shoppers + list(own[len(players) * step :])


def _write_landing(folder: Path, files: Sequence[LandedFile]) -> None:
    rows = ["partner,file,arrived_at_utc,bytes"]
    for file in files:
        target = folder / file.partner_id / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        rows.append(f"{file.partner_id},{file.name},{file.arrived_at:%Y-%m-%dT%H:%M:%SZ},{len(file.content)}")
    (folder / "arrivals.csv").write_text("\n".join(rows) + "\n")


def _write_expected(folder: Path, files: Sequence[LandedFile]) -> None:
    folder.mkdir(parents=True)
    heads = ["partner,file,outcome,reason,data_rows,accepted_rows,quarantined_rows"]
    rows = ["partner,file,line,reasons"]
    for file in files:
        is_accepted = file.outcome == "accepted"
        counts = [file.data_rows, file.accepted_rows, len(file.quarantined) if is_accepted else None]
        cells = [file.partner_id, file.name, file.outcome, file.reason, *("" if n is None else str(n) for n in counts)]
        heads.append(",".join(cells))
        rows += [f"{file.partner_id},{file.name},{row.line},{row.reasons}" for row in file.quarantined]
    (folder / "files.csv").write_text("\n".join(heads) + "\n")
    (folder / "quarantine.csv").write_text("\n".join(rows) + "\n")


def main() -> None:
    """Write the sample where it is committed, or below `--into`."""
    parser = argparse.ArgumentParser(description="Write the bundled sample; the same bytes on each run.")
    parser.add_argument("--into", type=Path, default=ROOT, help="folder to write to (default: sample/)")
    files = make_sample(parser.parse_args().into)
    print(f"{len(files)} partner files, {sum(len(file.content) for file in files):,} bytes")


if __name__ == "__main__":
    main()
