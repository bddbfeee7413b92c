"""Taking in a STOP from any source by the command; it counts for all sponsors at once.

Writing an act, whoever told it, belongs to `consent.acts.person_acts`; reading what a phone wrote to `replies`; what an
opt-out does to a use is judged by the base.
"""

from __future__ import annotations

from consent.acts.person_acts import ActKind, Subject, suppress
from partners_ingest.rows.asked_numbers import asked_number
from stores.all_stores import Stores
from stores.operations.database import transaction
from stores.reserve import keep_reserve, write_in_reserve
from terms.errors import UsageError
from terms.free_text import refuse_number


def opt_out(stores: Stores, number: str, source: str) -> None:
    """Take in a STOP from any source; it is effective from now on, for every sponsor and channel.

    Of an erased person nothing is written: the mark says more.

    Args:
        stores: the opened stores.
        number: in any way a person writes it.
        source: where the STOP came from, such as "letter of 24 November".

    Raises:
        UsageError: the text is not one phone number (it is not repeated), or no source is given, or it holds a number.
    """
    if not source.strip():
        raise UsageError("An opt-out needs its source.", "Say where it came from with --source.")
    refuse_number(source, "The source")
    subject, now = Subject.of(stores.keys, asked_number(number, stores.number_rules)), stores.clock.now()

    def write() -> None:
        with transaction(stores.engine) as work:
            contact_id = subject.as_known(work).contact_id
            if contact_id is not None:
                suppress(work, contact_id, ActKind.STOP, source.strip(), effective_at=now, known_at=now)

    write_in_reserve(stores.engine, write)
    keep_reserve(stores.engine)
