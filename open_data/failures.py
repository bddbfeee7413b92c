"""The error of one source: it fails alone, and its previous vintage stays in use.

An error in the configuration of sources is a `UsageError` of `open_data.sources`.
"""

from __future__ import annotations

from terms.errors import FiliationError


class SourceFailed(FiliationError):
    """A file of a source cannot be read as its layout says, or its totals are not the published ones."""
