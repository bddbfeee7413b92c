"""Files that are handed out and kept, such as papers: none ever replaces another file.

A page that can be made again is written by `pages.page.write_page`, which replaces the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from terms.errors import UsageError


def refuse_taken(files: Sequence[Path]) -> None:
    """Refuse to write where a file exists; asked before anything is logged or numbered.

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
