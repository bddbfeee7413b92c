"""What assets are given: the opened stores, the stores with the writer's lock held, the sender, and dbt.

Opening happens when a run starts, never at import.
"""

import os
import shutil
from collections.abc import Iterator, Mapping

import dagster as dg

from sends.handover.sender import PlanSender, send_plan
from stores.all_stores import Stores, open_stores
from stores.home import writer_lock
from stores.ledger_of_home import require_ledger
from stores.migrations.schema_version import require_schema
from stores.reserve import keep_reserve
from terms.settings import load_settings

#: Bytes that must be free after a run, or what it left of a build goes.
_LITTLE_ROOM = 256 * 1024 * 1024


def fixed(value: object) -> dg.ResourceDefinition:
    """Return a resource that is this object, and that a run with any configuration for it is refused.

    Whoever reaches the UI chooses a run's configuration: a resource with fields could be given another program or folder.
    """
    return dg.ResourceDefinition(lambda _: value, config_schema={})


@dg.resource(
    config_schema={}, description="The stores of the home that the environment names, for reading and for the ledger."
)
def stores(_: dg.InitResourceContext) -> Stores:
    """Open the stores."""
    return _opened()


@dg.resource(
    config_schema={}, description="The same stores while this run holds the writer's lock; a second writer is refused."
)
def writing_stores(_: dg.InitResourceContext) -> Iterator[Stores]:
    """Open the stores and hold its lock until the run ends."""
    opened = _opened()
    with writer_lock(opened.home):
        try:
            yield opened
        finally:
            make_room(opened)


def stores_of_command(opened: Stores) -> Mapping[str, dg.ResourceDefinition]:
    """Return the resources of a run that the command starts: its own stores, whose settings name the folders it was given."""

    @dg.resource(config_schema={})
    def writing(_: dg.InitResourceContext) -> Iterator[Stores]:
        with writer_lock(opened.home):
            try:
                yield opened
            finally:
                make_room(opened)

    return {"stores": fixed(opened), "writing_stores": writing}


@dg.resource(
    config_schema={},
    description="What hands a plan over. The command gives one that has settled and checked the plan already.",
)
def sender(_: dg.InitResourceContext) -> PlanSender:
    """Return the sender, which settles and checks by itself."""
    return send_plan


def make_room(opened: Stores) -> None:
    """Remove what a run left of a build where little room is left, and keep the ledger's reserve.

    A STOP needs the room. Otherwise a build that a check refused stays, to be looked at (docs/runbook.md).
    """
    if shutil.disk_usage(opened.home.root).free < _LITTLE_ROOM:
        opened.warehouse.discard_build()
    keep_reserve(opened.engine)


def _opened() -> Stores:
    opened = open_stores(load_settings(os.environ))
    require_ledger(opened.home, opened.engine)
    require_schema(opened.engine)
    return opened
