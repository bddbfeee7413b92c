"""What a failed run says to a person: the words of our own errors in it, and their exit code.

The text of a foreign exception is not repeated here, for it may hold a value of a row; the run's page has it.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from terms.errors import FiliationError, Refused, UsageError

_BY_EXIT_CODE: dict[int, type[FiliationError]] = {1: FiliationError, 2: UsageError, 3: Refused}


def failed_steps(result: dg.ExecuteInProcessResult) -> str:
    """Return the names of the steps that failed, for a person."""
    steps = sorted({event.step_key for event in result.all_events if event.is_step_failure and event.step_key})
    return ", ".join(steps) or "the run's start"


def told_error(result: dg.ExecuteInProcessResult, remedy: str) -> FiliationError | None:
    """Return what our own errors in a failed run say, as an error of the first one's exit code; None if none is ours.

    Args:
        result: a run that failed.
        remedy: what to say after it.
    """
    if any(
        name is not None and "IOException" in name and "Corrupt database file" in text for name, text in _errors(result)
    ):
        return FiliationError("The base is damaged; `filiation log check` says what to do.", remedy)
    ours = _our_classes(FiliationError)
    told = {text: ours[name] for name, text in _errors(result) if name in ours}
    if not told:
        return None
    kind = _BY_EXIT_CODE[next(iter(told.values())).exit_code]
    return kind(" ".join(told), remedy)


def _errors(result: dg.ExecuteInProcessResult) -> Iterator[tuple[str | None, str]]:
    """Yield class name and text of every error in the run's failures, each with those that caused it."""
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None) if event.is_failure else None
        while error is not None:
            yield error.cls_name, error.message.partition(": ")[2].strip()
            error = error.cause


def _our_classes(root: type[FiliationError]) -> dict[str, type[FiliationError]]:
    found = {root.__name__: root}
    for kind in root.__subclasses__():
        found |= _our_classes(kind)
    return found
