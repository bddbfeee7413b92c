"""A person's decision about a base that shrinks: who allows how many contacts, and why.

Only the volume policy can be overruled; every other blocking check says that something is wrong. The checks are in
`publishing.checks`.
"""

from __future__ import annotations

from sqlalchemy import select

from staff.acting import acting_person
from staff.acts import Act
from staff.decisions import enter, rely_on, sign_for
from staff.signed_records import Decision
from stores.all_stores import Stores
from stores.operations import base_tables, database, journal
from terms.clock import to_micros
from terms.errors import Refused, UsageError
from terms.free_text import refuse_number


def allow_loss(stores: Stores, contacts_at_least: int, by: str | None, why: str) -> str:
    """Record that the next base may hold fewer contacts than the policy allows, and return the version it follows.

    The decision holds against the base that serves now: once another one is published it has lapsed.

    Args:
        stores: whose base.
        contacts_at_least: how many contacts the next base must still have.
        by: who answers for it, where one account plays everybody; None = the actor of the settings.
        why: in words, without a number of a person.

    Raises:
        UsageError: no reason, or a negative number of contacts.
        Refused: nothing was published yet, so nothing can shrink; or the person may not.
    """
    if not why.strip():
        raise UsageError("No reason was given.", "Say with --why why so many contacts may go.")
    if contacts_at_least < 0:
        raise UsageError("A base cannot have fewer than 0 contacts.", "Say with --down-to how many must remain.")
    refuse_number(why, "The reason")
    serving = stores.warehouse.manifest()
    if serving is None:
        raise Refused("No base has been published in this home.", "Run `filiation refresh` first.")
    now, person = stores.clock.now(), acting_person(stores, by)
    signed = sign_for(stores, _signed(serving.version, contacts_at_least, why), person)
    decision = {
        "base_version": serving.version,
        "contacts_at_least": contacts_at_least,
        "decided_at": to_micros(now),
        "decided_by": person.name,
        "why": why,
    }
    with database.transaction(stores.engine) as work:
        work.execute(base_tables.base_decisions.insert().values(**decision))
        journal.append(work, now, journal.Entry.BASE_DECISION, serving.version, decision)
        enter(work, stores, signed)
    return serving.version


def allowed_contacts(stores: Stores, base_version: str) -> int | None:
    """Return the fewest contacts that a person allowed for the base after this one; None = nobody decided.

    Raises:
        Refused: nobody signed it who may.
    """
    table = base_tables.base_decisions
    query = select(table.c.contacts_at_least, table.c.why).where(table.c.base_version == base_version)
    with stores.engine.connect() as connection:
        newest = connection.execute(query.order_by(table.c.decided_at.desc()).limit(1)).first()
        if newest is None:
            return None
        rely_on(connection, stores, _signed(base_version, newest.contacts_at_least, newest.why))
    return int(newest.contacts_at_least)


def _signed(base_version: str, contacts_at_least: int, why: str) -> Decision:
    return Decision(Act.ALLOW_LOSS, base_version, {"contacts_at_least": contacts_at_least, "why": why})
