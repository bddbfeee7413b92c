"""Files that are given away and kept, such as papers: none is ever put in the place of another file.

A page that can be made again at any time belongs to `pages.page`, which writes it over what was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from terms.errors import UsageError


def refuse_taken(files: Sequence[Path]) -> None:
    """Refuse to write where something is already; asked before anything is logged or gets a number.

    Raises:
        UsageError: a file exists, or a broken link of its name does.
    """
    taken = [file for file in files if file.exists() or file.is_symlink()]
    if not taken:
        return
    others = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
    raise UsageError(
        f"{taken[0]}{others} exists already; what was given away is never replaced.",
        "Give another name or folder, or move what is there away.",
    )
