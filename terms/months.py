"""Calendar months as the law counts them: the same day number, or the month's last day where there is none.

Clocks and instants belong to `terms.clock`; how many months a rule allows, to the rule.
"""

from __future__ import annotations

import calendar
from datetime import date


def months_after(day: date, months: int) -> date:
    """Return the civil day that many calendar months later; negative = earlier (31 May less 3 = 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
