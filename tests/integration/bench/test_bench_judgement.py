"""The bench of the judgement runs: floor and ours handle the same consents, a changed dossier grows the base, answers come."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.judgement import answers, cases

CONSENTS = 12_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a published base of invented consents."""
    made = tmp_path_factory.mktemp("judgement")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FILIATION_ENV", "bench")
        cases.prepare(made, CONSENTS)
    return made


@pytest.fixture(autouse=True)
def on_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of the bench count."""
    monkeypatch.setenv("FILIATION_ENV", "bench")


def test_floors_and_ours_handle_every_consent(folder: Path) -> None:
    assert cases.group_plainly(folder) == CONSENTS
    assert cases.find_after_change(folder) == CONSENTS
    assert cases.group_acts(folder) == cases.judge_all(folder) > 0


@pytest.mark.parametrize("name", answers.ANSWERS)
def test_an_answer_comes_and_spans_agree_with_the_macro(folder: Path, name: str) -> None:
    assert answers.ANSWERS[name].ask(folder)
