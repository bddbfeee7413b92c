"""Reading of deliveries in the test's own process, where a test changes the code that reads or counts what it does.

What goes wrong ends as it does in a process of its own, but for what ends a process: that is shown with real ones.
"""

from __future__ import annotations

from consent.dossiers.dossiers import DossierSet
from partners_ingest.erased.erased_records import Marks
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadResult
from partners_ingest.intake.delivery_way import read_delivery
from partners_ingest.intake.processes.failures import Failure, failure_of
from partners_ingest.intake.processes.messages import packed_answer, read_answer
from partners_ingest.intake.processes.reading_processes import settle
from stores.all_stores import Stores


class ReadingHere:
    """Reads deliveries in this process; each answer is packed and read as a child's is."""

    def __init__(self, stores: Stores, _dossiers: DossierSet, _marks: Marks) -> None:
        self._stores = stores

    def __enter__(self) -> ReadingHere:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, case: DeliveryCase) -> ReadResult:
        answer: ReadResult | Failure
        try:
            answer = read_delivery(self._stores, case)
        except Exception as error:
            answer = failure_of(error)
        heard = read_answer(packed_answer(answer))
        assert heard is not None, "an answer has a class that is not in the list"
        return settle(self._stores, case, heard)
