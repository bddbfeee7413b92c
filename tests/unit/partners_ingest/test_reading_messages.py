"""What is told to the process of a delivery arrives as it was, also what is wrong with another partner's dossier."""

import pickle
from pathlib import Path

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.intake.processes.messages import packed

ROOT = Path(__file__).resolve().parents[3]


def test_dossiers_and_their_problems_arrive_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "third-partner").mkdir()
    (tmp_path / "third-partner" / "partner.yaml").write_text("favourite_colour: blue\n")
    told = read_dossiers(tmp_path)
    assert [problem.partner_id for problem in told.problems] == ["third-partner"]
    (heard,) = pickle.loads(packed(told)).problems
    assert str(heard) == str(told.problems[0]) and heard.fault.line == told.problems[0].fault.line


def test_the_dossiers_of_the_sample_arrive_as_they_are() -> None:
    told = read_dossiers(ROOT / "config" / "partners")
    assert pickle.loads(packed(told)) == told and told.dossiers
