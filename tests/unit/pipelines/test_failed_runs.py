"""What a failed run says: the words of our own errors and their exit code, and never the text of a foreign one."""

from collections.abc import Callable

import dagster as dg
import pytest

from pipelines.failures import failed_steps, told_error
from terms.errors import FiliationError, Refused, SecretMissing, UsageError

NUMBER = "+33639980042"


def _run(*broken: Callable[[], None]) -> dg.ExecuteInProcessResult:
    """Run a job with one step per function, each failing by it."""

    def step(name: str, fail: Callable[[], None]) -> dg.OpDefinition:
        @dg.op(name=name)
        def run() -> None:
            fail()

        return run

    steps = [step(f"step_{place}", fail) for place, fail in enumerate(broken)]

    @dg.job
    def night() -> None:
        for one in steps:
            one()

    return night.execute_in_process(raise_on_error=False)


def _failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def _caused_by(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        try:
            raise error
        except type(error) as cause:
            raise ValueError(f"near {NUMBER}") from cause

    return fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FiliationError("The disk is full.", "Make room."), 1),
        (UsageError("The file is no YAML.", "Correct line 3."), 2),
        (SecretMissing("There is no key.", "Set it."), 2),
        (Refused("The base would shrink.", "Allow it by name."), 3),
    ],
)
def test_our_own_error_keeps_its_words_and_its_exit_code(error: FiliationError, code: int) -> None:
    result = _run(_failing(error))
    told = told_error(result, "Run it again.")
    assert told is not None
    assert told.exit_code == code
    assert str(error) in str(told) and str(told).endswith("Run it again.")
    assert failed_steps(result) == "step_0"


def test_the_text_of_a_foreign_error_is_not_told() -> None:
    result = _run(_failing(ValueError(f"could not convert {NUMBER}")))
    assert told_error(result, "Run it again.") is None
    assert failed_steps(result) == "step_0"


def test_our_error_is_found_under_a_foreign_one() -> None:
    told = told_error(_run(_caused_by(Refused("The base would shrink.", "Allow it."))), "Run it again.")
    assert told is not None and told.exit_code == 3
    assert "The base would shrink." in str(told) and NUMBER not in str(told)


def test_every_failed_step_is_named_and_the_first_error_of_ours_decides() -> None:
    result = _run(
        _failing(ValueError(NUMBER)),
        _failing(UsageError("The file is no YAML.", "Correct it.")),
        _failing(Refused("The base would shrink.", "Allow it.")),
    )
    told = told_error(result, "Run it again.")
    assert failed_steps(result) == "step_0, step_1, step_2"
    assert told is not None
    assert "The file is no YAML." in str(told) and "The base would shrink." in str(told) and NUMBER not in str(told)


def test_a_run_that_did_not_fail_has_no_failed_step() -> None:
    result = _run(lambda: None)
    assert result.success
    assert told_error(result, "") is None
