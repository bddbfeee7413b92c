"""What assets are given: the opened house, the house with the writer's lock held, and dbt.

Opening happens when a run starts, never at import.
"""

import os
from collections.abc import Iterator

import dagster as dg

from stores.home import writer_lock
from stores.house import House, open_house
from terms.settings import load_settings


@dg.resource(description="The stores of the home that the environment names, for reading and for the ledger.")
def house() -> House:
    """Open the house."""
    return open_house(load_settings(os.environ))


@dg.resource(description="The same house while this run holds the writer's lock; a second writer is refused.")
def writing_house() -> Iterator[House]:
    """Open the house and hold its lock until the run ends."""
    opened = open_house(load_settings(os.environ))
    with writer_lock(opened.home):
        yield opened
