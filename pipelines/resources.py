"""What assets are given: the opened stores, the stores with the writer's lock held, the sender, and dbt.

Opening happens when a run starts, never at import.
"""

import os
from collections.abc import Iterator

import dagster as dg

from sends.handover.sender import PlanSender, send_plan
from stores.all_stores import Stores, open_stores
from stores.home import writer_lock
from stores.migrations.schema_version import require_schema
from terms.settings import load_settings


@dg.resource(description="The stores of the home that the environment names, for reading and for the ledger.")
def stores() -> Stores:
    """Open the stores."""
    return _opened()


@dg.resource(description="The same stores while this run holds the writer's lock; a second writer is refused.")
def writing_stores() -> Iterator[Stores]:
    """Open the stores and hold its lock until the run ends."""
    opened = _opened()
    with writer_lock(opened.home):
        yield opened


@dg.resource(description="What hands a plan over. The command gives one that has settled and checked the plan already.")
def sender() -> PlanSender:
    """Return the sender, which settles and checks by itself."""
    return send_plan


def _opened() -> Stores:
    opened = open_stores(load_settings(os.environ))
    require_schema(opened.engine)
    return opened
