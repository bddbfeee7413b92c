"""Look-ups of numbers: the access is logged, then one provenance is put together per number.

Its parts are read in `lineage.lookups.origins` (the published base and the vault) and `lineage.lookups.uses` (the
ledger); uses are judged by `consent.judgement`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from lineage.lookups.access_log import Access, record_access
from lineage.lookups.origins import Origins, OriginSources, read_origins
from lineage.lookups.provenance import AsOf, ConsentEvent, Provenance, Send
from lineage.lookups.uses import opt_outs_of, sends_of
from partners_ingest.rows.asked_numbers import asked_numbers
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.operations.suppressions import marked
from stores.warehouse.warehouse import KeptBase, ServedBase, Warehouse

#: Up to so many contacts are asked of a kept base by the plans that it keeps.
_FEW = 10


def look_up(
    stores: Stores,
    numbers: Sequence[str],
    *,
    reason: str,
    case: str | None = None,
    kept: KeptBase | None = None,
) -> list[Provenance]:
    """Return one provenance per asked number, in the order asked; the same number twice gives one.

    The verdicts are "for some sponsor, selected by bureau", now, by all that is known now. The access log's row
    and its journal line are committed before anything is read.

    Args:
        stores: the opened stores.
        numbers: as people write them.
        reason: why; recorded.
        case: required for more than 20 numbers.
        kept: the base as a process of many look-ups keeps it open; None = it is opened for this one.

    Raises:
        UsageError: no reason, no case, or a text that is not one phone number (told by its place, never its value).
        Refused: no base was published yet.
    """
    asked = _read_numbers(stores, numbers)
    access = Access("lineage", stores.settings.actor, reason, case, subjects_of(stores, asked))
    record_access(stores.engine, stores.clock, access)
    few = kept if len(asked) <= _FEW else None
    if kept:
        stores.vault.expect_many()
    with without_pandas(), few.open() if few else _opened(stores.warehouse) as base:
        return describe_contacts(stores, base, asked)


def describe_contacts(stores: Stores, base: ServedBase, asked: Mapping[str, str]) -> list[Provenance]:
    """Return one provenance per contact, in their order, for a caller who has logged the access.

    Args:
        stores: the opened stores.
        base: the published base, open.
        asked: number (E.164; empty where nobody holds it) by contact id.
    """
    at = stores.clock.now()
    with stores.engine.connect() as ledger:
        subjects = _subjects(stores, ledger, asked)
        known = [contact_id for contact_id, subject in zip(asked, subjects, strict=True) if contact_id == subject]
        origins = read_origins(origin_sources(stores, base, ledger), known, at)
        sends, opt_outs = sends_of(ledger, known), opt_outs_of(ledger, known)
    as_of = AsOf(base.manifest.version, at)
    return [
        _provenance(number, contact_id, as_of, origins, sends.get(contact_id, []), opt_outs.get(contact_id, []))
        for contact_id, number in asked.items()
    ]


def origin_sources(stores: Stores, base: ServedBase, ledger: Connection) -> OriginSources:
    """Return what origins are read from.

    Args:
        stores: the opened stores.
        base: the published base, open.
        ledger: the operations database, open for reading.
    """
    return OriginSources(base.questions, base.manifest.deliveries, ledger, stores.vault, stores.number_rules)


@contextmanager
def _opened(warehouse: Warehouse) -> Iterator[ServedBase]:
    with warehouse.open_base_for_few() as base:
        yield ServedBase.of(base)


def _read_numbers(stores: Stores, numbers: Sequence[str]) -> dict[str, str]:
    """Return number by contact id, in the order asked."""
    read = asked_numbers(numbers, stores.number_rules)
    return {stores.keys.contact_id(number): number for number in read}


def subjects_of(stores: Stores, asked: Mapping[str, str]) -> list[str]:
    """Return whose data the access log names: contacts, and for an erased person only the mark.

    Args:
        stores: the opened stores; marks are in the ledger.
        asked: number by contact.
    """
    with stores.engine.connect() as ledger:
        return _subjects(stores, ledger, asked)


def _subjects(stores: Stores, ledger: Connection, asked: Mapping[str, str]) -> list[str]:
    marks = {contact_id: stores.keys.suppression.hex(number) for contact_id, number in asked.items()}
    erased = marked(ledger, list(marks.values()))
    return [mark if mark in erased else contact_id for contact_id, mark in marks.items()]


def contact_of(stores: Stores, text: str) -> tuple[str, str]:
    """Return the number that a text means, as E.164, and its contact.

    Raises:
        UsageError: the text is not one phone number.
    """
    ((contact_id, number),) = _read_numbers(stores, [text]).items()
    return number, contact_id


def _provenance(
    number: str,
    contact_id: str,
    as_of: AsOf,
    origins: Origins,
    sends: Sequence[Send],
    opt_outs: Sequence[ConsentEvent],
) -> Provenance:
    """Return the answer about one contact; it is known if a published row holds it."""
    opt_ins = tuple(origins.opt_ins.get(contact_id, ()))
    events = [*origins.events.get(contact_id, ()), *opt_outs]
    return Provenance(
        number=number,
        contact_id=contact_id,
        as_of=as_of,
        is_known=bool(opt_ins),
        verdicts=origins.verdicts[contact_id] if opt_ins else {},
        opt_ins=opt_ins,
        attributes=origins.attributes.get(contact_id),
        events=tuple(sorted(events, key=lambda event: (event.at is not None, event.at or event.known_at))),
        territory=origins.territories.get(contact_id),
        sends=tuple(sends),
    )
