"""The time zone of metropolitan France: days and hours of rules, orders and pages are in it unless they name another.

Zones of electors overseas belong to `sends.rules.calendar`.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

#: Civil time of metropolitan France.
PARIS = ZoneInfo("Europe/Paris")
