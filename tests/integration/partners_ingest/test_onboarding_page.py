"""docs/onboarding-a-partner.md does what it says: its folder reads its sample, its answer is the command's."""

from __future__ import annotations

import re
from pathlib import Path

from tests.commands import ROOT, Shell

PAGE = (ROOT / "docs" / "onboarding-a-partner.md").read_text(encoding="utf-8")
TEMPLATE = ROOT / "docs" / "formats" / "tally"


def _block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def _apply(diff: str, root: Path) -> list[Path]:
    """Write the new files of a diff under `root`."""
    files = []
    for part in diff.split("--- /dev/null\n")[1:]:
        head, *lines = part.splitlines(keepends=True)
        files.append(root / head.removeprefix("+++ b/").strip())
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_text("".join(line.removeprefix("+") for line in lines), encoding="utf-8")
    return files


def test_the_page_onboards_its_partner(tmp_path: Path) -> None:
    diff = _block("diff")
    files = _apply(diff, tmp_path)
    assert all(file.suffix in (".yaml", ".txt") for file in files), "no line of Python"
    assert f"{sum(line.startswith('+') and not line.startswith('+++') for line in diff.splitlines())} lines" in PAGE
    for file in files:
        assert (
            file.read_bytes() == (TEMPLATE / file.relative_to(tmp_path / "config" / "partners" / "tally")).read_bytes()
        )
    sample = tmp_path / "jardins_2026-08-13.csv"
    sample.write_text(_block("csv"), encoding="utf-8")
    shell = Shell(tmp_path / "home", {"FILIATION_ENV": "test", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"})
    answer = shell.run("partner", "check", str(tmp_path / "config" / "partners" / "tally"), "--sample", str(sample))
    assert answer.code == 0, answer.err
    prompt, _, shown = _block("console").partition("\n")
    assert prompt == "$ filiation partner check config/partners/tally --sample jardins_2026-08-13.csv"
    assert answer.out == shown
