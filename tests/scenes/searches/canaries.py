"""Planted values that must never be seen outside vault and evidence, and the delivery that carries them.

The rows are made from rows of the bundled sample, so that they follow its feeds whatever these become.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from tests.commands import ROOT

#: An accepted row, a row without a number, and a damaged line carry these values.
NUMBER = "+33639987777"
NAME = "Zzcanarinet"
EMAIL = "zzcanari@exemple.test"
STREET = "77 allee du Zzcanari"
ALL = (NUMBER, "0639987777", NAME, EMAIL, "Zzcanari")

_SAMPLE = ROOT / "sample" / "landing"
_MODEL = "jeux_participations_20261120T020000Z.jsonl.gz"
FILE = "jeux_participations_20261123T020000Z.jsonl.gz"


def landing_with_canaries(target: Path) -> Path:
    """Copy the sample's landing folder to `target` and add a delivery whose rows carry the planted values."""
    shutil.copytree(_SAMPLE, target)
    partner = target / "jeux-valombre"
    lines = gzip.decompress((partner / _MODEL).read_bytes()).decode(errors="ignore").split("\n")
    planted = [_planted(line, position) for position, line in enumerate(lines)]
    damaged = planted[0][: len(planted[0]) // 2]
    content = "\n".join([*planted, damaged]) + "\n"
    (partner / FILE).write_bytes(gzip.compress(content.encode()))
    arrivals = target / "arrivals.csv"
    size = (partner / FILE).stat().st_size
    arrivals.write_text(f"{arrivals.read_text().rstrip()}\njeux-valombre,{FILE},2026-11-23T02:07:45Z,{size}\n")
    return target


def _planted(line: str, position: int) -> str:
    """Put the planted values into one row; every other row keeps no usable number."""
    try:
        row = json.loads(line)
    except ValueError:
        return line
    values = {"lastname": NAME, "email": EMAIL, "address": STREET, "mobile": NUMBER if position % 2 else f"N/A {NAME}"}
    for field in row.get("form", []):
        if field["variable"] in values:
            field["responses"] = [{"value": values[field["variable"]]}]
    row["id"] = f"ZZCANARI-{position:04d}"
    return json.dumps(row, ensure_ascii=False)
