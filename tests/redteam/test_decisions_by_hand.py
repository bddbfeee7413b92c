"""Decisions of persons that were written to the ledger by hand, or changed there, let nothing through."""

import pytest
from sqlalchemy import insert, update

from partners_ingest.intake.signed_releases import check_releases, release_signed
from publishing.decisions import allow_loss, allowed_contacts
from sends.handover import restore_guard
from stores.all_stores import open_stores
from stores.operations.base_tables import base_decisions
from stores.operations.database import transaction
from stores.operations.delivery_tables import deliveries, delivery_decisions
from stores.operations.message_tables import restorations
from terms.errors import Refused, UsageError
from tests.scenes.possible_rows import POSSIBLE
from tests.scenes.sends.small_send_home import make_home

HELD = {"outcome": "held", "reason": "ROW_COUNT_LOW", "reading": 0, "data_rows": None, "accepted_rows": None}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A home with a base, a held delivery and a restored ledger."""
    opened = open_stores(make_home(tmp_path_factory.mktemp("home"), contacts=20).settings)
    with transaction(opened.engine) as work:
        for name in ("d1", "d2"):
            row = POSSIBLE["deliveries"] | HELD | {"delivery_id": name, "quarantined_rows": None}
            work.execute(insert(deliveries).values(row))
        work.execute(insert(restorations).values(restored_at=1, backup_made_at=1, restored_by="r"))
    return opened


def _changed(stores, statement):
    with transaction(stores.engine) as work:
        work.execute(statement)


def test_a_release_counts_as_it_was_signed(stores):
    release_signed(stores, "d1", "the partner confirmed it")
    check_releases(stores)
    _changed(stores, update(delivery_decisions).values(why="somebody else confirmed it"))
    with pytest.raises(Refused, match="release on d1 does not count"):
        check_releases(stores)
    _changed(stores, update(delivery_decisions).values(why="the partner confirmed it"))
    by_hand = {"delivery_id": "d2", "kind": "release", "decided_at": 1, "decided_by": "root", "why": "w"}
    _changed(stores, insert(delivery_decisions).values(**by_hand))
    with pytest.raises(Refused, match="release on d2 does not count: nobody signed it"):
        check_releases(stores)


def test_a_loss_is_allowed_as_it_was_signed(stores):
    version = allow_loss(stores, 15, "Camille Second", "a contract has ended")
    assert allowed_contacts(stores, version) == 15
    _changed(stores, update(base_decisions).values(contacts_at_least=0))
    with pytest.raises(Refused, match="not what is there now"):
        allowed_contacts(stores, version)
    by_hand = {"base_version": "b2", "contacts_at_least": 0, "decided_at": 9, "decided_by": "x", "why": "w"}
    _changed(stores, insert(base_decisions).values(**by_hand))
    with pytest.raises(Refused, match="nobody signed it"):
        allowed_contacts(stores, "b2")


def test_a_restoration_is_answered_for_by_a_signature(stores):
    _changed(stores, update(restorations).values(cleared_at=2, cleared_by="x", why="nothing was sent"))
    with stores.engine.connect() as work:
        assert restore_guard._unanswered(stores, work) == [1]
    restore_guard.answer_for_restoration(stores, "Camille Second", "the list of the day is empty")
    with stores.engine.connect() as work:
        assert restore_guard._unanswered(stores, work) == []
    with pytest.raises(UsageError, match="No restoration waits"):
        restore_guard.answer_for_restoration(stores, "Camille Second", "again")
