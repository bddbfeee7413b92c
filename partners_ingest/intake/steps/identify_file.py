"""The step that says by its name and size which feed a file belongs to.

Its bytes are opened by `open_container`.
"""

from __future__ import annotations

from partners_ingest.intake import preflight
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import IdentifiedFile, Stop
from terms.reasons import FileReason


def identify_file(case: DeliveryCase) -> IdentifiedFile:
    """Return feed and instant of export of a file, and the stop FILE_EMPTY, DOSSIER_INVALID or UNKNOWN_FILE where one applies."""
    named = preflight.name_file(case.dossier, case.file_name) if case.dossier else None
    if case.size == 0:
        return IdentifiedFile(Stop(FileReason.FILE_EMPTY), named)
    if case.has_invalid_dossier:
        return IdentifiedFile(Stop(FileReason.DOSSIER_INVALID), None)
    return IdentifiedFile(None if named else Stop(FileReason.UNKNOWN_FILE), named)
