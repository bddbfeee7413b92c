"""Freezing an audience leaves the tables that are declared, also the one that the judgement creates."""

from sends.orders.order_file import read_order
from sends.plans.frozen_audience import count_contacts, count_excluded, freeze_audience
from sends.plans.temporary_tables import AUDIENCE, CLOSED_PLACES, DECIDED_AUDIENCE, HELD, INVITED, JUDGED
from sends.rules.context import read_context
from tests.scenes.sends.small_send_home import make_home, write_order


def test_the_tables_of_a_frozen_audience_are_those_that_are_declared(tmp_path):
    stores = make_home(tmp_path, contacts=40)
    context = read_context(stores.settings.config, read_order(write_order(tmp_path)))
    with stores.warehouse.open_base() as base:
        (place,) = freeze_audience(base, stores, context, "a" * 16, stores.clock.now())
        for table in (AUDIENCE, JUDGED, CLOSED_PLACES, HELD, INVITED, DECIDED_AUDIENCE):
            described = {name: kind.lower() for name, kind, *_ in base.execute(f"describe {table.name}").fetchall()}
            assert described == {name: column.type for name, column in table.columns.items()}, table.name
        assert AUDIENCE.count(base) == JUDGED.count(base) == DECIDED_AUDIENCE.count(base) == 40
        assert count_contacts(base) + sum(count_excluded(base).values()) == 40
    assert place.zones == {"metropole"} and place.is_territory_known
