"""The bench of the judgement runs: floor and ours handle the same consents, a changed dossier grows the base, answers come."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import judgement, judgement_answers

CONSENTS = 12_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a published base of invented consents."""
    made = tmp_path_factory.mktemp("judgement")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FILIATION_ENV", "bench")
        judgement.prepare(made, CONSENTS)
    return made


@pytest.fixture(autouse=True)
def on_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of the bench count."""
    monkeypatch.setenv("FILIATION_ENV", "bench")


def test_floors_and_ours_handle_every_consent(folder: Path) -> None:
    assert judgement.group_plainly(folder) == CONSENTS
    assert judgement.find_after_change(folder) == CONSENTS
    assert judgement.group_acts(folder) == judgement.judge_all(folder) > 0


@pytest.mark.parametrize("name", judgement_answers.ANSWERS)
def test_an_answer_comes_and_spans_agree_with_the_macro(folder: Path, name: str) -> None:
    assert judgement_answers.ANSWERS[name].ask(folder)
