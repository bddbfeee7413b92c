"""The table of a bench in `docs/performance.md`, between its markers; each run of a case replaces that case's line.

What is measured belongs to the benches. The words around the tables are written by hand.
"""

from __future__ import annotations

import math
import re
import statistics

from bench.comparison import Comparison
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "performance.md"

HEAD = (
    "| case | records | floor s | ours s | ratio min / median | ratio of CPU | asked | peak MB floor / ours |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def line_of(name: str, found: Comparison) -> str:
    """Return the table's line of one case at one size."""
    floors, ours = zip(*found.pairs, strict=True)
    ratios = found.ratios()
    cells = (
        name,
        f"{found.records:,}",
        f"{statistics.median(one.seconds for one in floors):.1f}",
        f"{statistics.median(one.seconds for one in ours):.1f}",
        f"{min(ratios):.3g} / {statistics.median(ratios):.3g}",
        f"{found.cpu_ratio():.3g}",
        "none" if math.isinf(found.case.target) else f"≤ {found.case.target:.3g}",
        f"{max(one.peak_mb for one in floors):.0f} / {max(one.peak_mb for one in ours):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def put_line(text: str, bench: str, line: str) -> str:
    """Return the page with the line in the table of the bench: instead of that case at that size, or at the end.

    Args:
        text: the whole page.
        bench: name of the bench, as in its markers.
        line: the line of one case, as `line_of` makes it.

    Raises:
        UsageError: the page has no place for the bench.
    """
    begin, end = f"<!-- bench:{bench} -->\n", f"<!-- /bench:{bench} -->"
    found = re.search(f"{re.escape(begin)}(.*?){re.escape(end)}", text, re.DOTALL)
    if found is None:
        raise UsageError(
            f"docs/performance.md has no place for the bench {bench}.", f"Write {begin.strip()} and {end}."
        )
    start = " | ".join(line.split(" | ")[:2]) + " |"
    kept = [old for old in found[1].splitlines()[2:] if not old.startswith(start)]
    return text[: found.start(1)] + HEAD + "\n".join(sorted([*kept, line])) + "\n" + text[found.end(1) :]
