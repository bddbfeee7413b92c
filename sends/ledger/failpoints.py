"""Names of the steps between two durable writes of sender and listener, at each of which a crash test kills.

Dying at a step belongs to `terms.failpoint`; each name stands in the code right behind the step that it names.
"""

from __future__ import annotations

FAILPOINTS = (
    "sender.claimed",
    "sender.judged",
    "sender.marked",
    "sender.handed_over",
    "sender.recorded",
    "listener.received",
    "listener.committed",
    "listener.acknowledged",
)
