"""When a base grows, whom a night touches, and which rows the build then sees: one contact per way to reach somebody.

That a grown base is the whole one is tested with dbt; here every clause has the contact, or the input, that only it finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from publishing.affected_contacts import Changes, changes_since, collect_affected
from publishing.changed_claims import ChangedClaims
from stores.engine import connect
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.snapshots import Snapshot, SnapshotStore
from stores.warehouse.inputs import AcceptedDelivery, BuildInputs
from stores.warehouse.warehouse import BaseManifest
from terms.settings import load_settings

_LAKE = """
create schema lake;
create table lake.rows as select * from (values
    ('old', 1, 'a', 'web', 'new-rows', 'k1', 'i1', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('new', 1, 'a', 'web', 'new-rows', 'k2', 'i2', 'p0', 'F0', 'n0', timestamp '2026-02-01'),
    ('old', 2, 'a', 'web', 'same-record', 'k2', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 3, 'a', 'web', 'same-ip', 'k3', 'i2', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 4, 'b', 'web', 'other-partner-ip', 'k4', 'i2', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 5, 'b', 'web', 'withdrawn-record', 'k5', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 6, 'b', 'web', 'withdrawn-number', 'k6', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 7, 'b', 'web', 'signalled', 'k7', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 8, 'b', 'web', 'moved', 'k8', null, 'p1', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 9, 'c', 'full', 'in-full-feed', 'k9', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 10, 'c', 'web', 'in-other-feed', 'k10', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 11, 'd', 'web', 'by-form', 'k11', null, 'p0', 'F1', 'n0', timestamp '2026-01-01'),
    ('old', 12, 'd', 'web', 'by-notice', 'k12', null, 'p0', 'F0', 'n1', timestamp '2026-01-01'),
    ('old', 13, 'd', 'web', 'by-instant', 'k13', null, 'p0', 'F0', 'n0', timestamp '2025-06-01'),
    ('old', 14, 'd', 'web', 'by-export', 'k14', null, 'p0', 'F0', 'n0', null),
    ('old', 15, 'e', 'web', 'of-partner', 'k15', null, 'p0', 'F1', 'n1', null),
    ('old', 16, 'b', 'web', 'nobody', 'k16', 'i3', 'p0', 'F1', 'n1', timestamp '2025-06-01'),
    -- rows near the affected contacts: of the same person, of the same record, of the same IP at the same partner
    ('old', 17, 'b', 'web', 'by-form', 'k17', 'i4', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 18, 'b', 'web', 'near-record', 'k17', null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 19, 'b', 'web', 'near-ip', 'k19', 'i4', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 20, 'a', 'web', 'far-ip', 'k20', 'i4', 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    -- rows that share nothing with any other
    ('new', 21, 'a', 'web', 'new-alone', null, null, 'p0', 'F0', 'n0', timestamp '2026-01-01'),
    ('old', 22, 'd', 'web', 'at-the-end', 'k22', null, 'p0', 'F0', 'n0', timestamp '2025-07-01'),
    ('old', 23, 'b', 'web', 'by-form', null, null, 'p0', 'F0', 'n0', timestamp '2026-01-01')
) as rows (
    delivery_id, line_number, partner_id, feed_id, contact_id, source_key, ip_key, address_key, form_version, notice_id,
    consented_at
);
create view lake.opt_ins as
select *, if(line_number = 14, timestamp '2025-06-30', timestamp '2026-03-01') as exported_at from lake.rows;
create table lake.withdrawals as select * from (values
    ('new', null, 'k5'), ('new', 'withdrawn-number', null), ('old', 'nobody', 'k16')
) as rows (delivery_id, contact_id, source_key);
create table lake.withdrawal_signals as select * from (values ('new', 'signalled', null)) as rows (
    delivery_id, contact_id, source_key
);
create table lake.deliveries as select * from (values
    ('old', 'c', 'full', 'optins', 'full'), ('new', 'a', 'web', 'optins', 'delta'), ('newest', 'c', 'full', 'optins', 'full')
) as rows (delivery_id, partner_id, feed_id, kind, mode);
create table lake.address_ties as select 'p0' as address_key, 'bureau' as bureau union all select 'p1', 'other';
create table main.address_ties as select 'p0' as address_key, 'bureau' as bureau union all select 'p1', 'bureau';
create table main.contacts as select unnest(range(1000)) as contact_id;
create table main.situation_keys (situation_id bigint);
create table main.base_manifest (manifest_json varchar);
"""

#: Half-open: the row of 1 June is in, one of 1 July is not.
_JUNE = (datetime(2025, 6, 1), datetime(2025, 7, 1))


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    """A build that is a copy of a base of a thousand contacts."""
    with connect() as connection:
        connection.execute(_LAKE)
        yield connection


def _affected(build: duckdb.DuckDBPyConnection, deliveries: tuple[str, ...], *claims: ChangedClaims) -> set[str]:
    assert collect_affected(build, Changes(deliveries, claims)) is not None
    rows = build.execute("select contact_id from lake.touched").fetchall()
    assert len(set(rows)) == len(rows)
    return {contact for (contact,) in rows}


def test_a_new_file_touches_its_people_and_whoever_shares_a_record_an_ip_or_a_full_export_with_it(build):
    assert _affected(build, ("new", "newest")) == {
        "new-rows",
        "new-alone",
        "same-record",
        "same-ip",
        "withdrawn-record",
        "withdrawn-number",
        "signalled",
        "moved",
        "in-full-feed",
    }


@pytest.mark.parametrize(
    ("claims", "affected"),
    [
        (ChangedClaims("d", "F1", None, None, None), {"by-form"}),
        (ChangedClaims("d", None, "n1", None, None), {"by-notice"}),
        (ChangedClaims("d", None, None, *_JUNE), {"by-instant", "by-export"}),
        (
            ChangedClaims("d", None, None, datetime(2025, 6, 2), None),
            {"by-form", "by-notice", "by-export", "at-the-end"},
        ),
        (ChangedClaims("d", None, None, None, datetime(2025, 6, 1, 0, 0, 1)), {"by-instant"}),
        (ChangedClaims("e", None, None, None, None), {"of-partner"}),
    ],
    ids=["form", "notice", "span", "from", "until", "partner"],
)
def test_a_changed_dossier_affects_the_people_of_the_rows_that_it_is_about(build, claims, affected):
    assert _affected(build, (), claims) == affected


def test_the_build_sees_all_rows_of_affected_contacts_and_those_that_share_a_record_or_an_ip_with_them(build):
    _affected(build, (), ChangedClaims("d", "F1", None, None, None))
    seen = build.execute("select contact_id, line_number from lake.opt_ins order by line_number").fetchall()
    assert seen == [("by-form", 11), ("by-form", 17), ("near-record", 18), ("near-ip", 19), ("by-form", 23)]


@pytest.mark.parametrize(("contacts", "affected"), [(5, 1), (4, None)])
def test_more_than_a_fifth_of_the_contacts_affected_needs_a_whole_build(build, contacts, affected):
    build.execute("delete from main.contacts where contact_id >= $contacts", {"contacts": contacts})
    assert collect_affected(build, Changes((), (ChangedClaims("d", "F1", None, None, None),))) == affected


_SERVING = BaseManifest(
    version="v1",
    published_at="2026-11-24T04:00:00Z",
    inputs_sha256="",
    code_version="sql-1",
    rule_set_sha256="",
    deliveries={"old": 1},
    open_data={"bureaux@1": "b"},
    snapshots={"controller": "c", "dossiers": "d"},
    row_counts={"contacts": 100},
    control_totals={},
    touched_since_whole=20,
)


def _delivery(delivery_id: str, reading: int = 1) -> AcceptedDelivery:
    return AcceptedDelivery(delivery_id, "a", "web", "optins", "delta", "a.csv", "0" * 64, reading, 0, 0)


def _snapshots(**sha256: str) -> dict[str, Snapshot]:
    return {kind: Snapshot(kind, sha, 1, datetime(2026, 11, 24, tzinfo=UTC)) for kind, sha in sha256.items()}


#: One file and other rules since the serving base.
_INPUTS = BuildInputs(
    deliveries=(_delivery("old"), _delivery("new")),
    open_data={"bureaux@1": "b"},
    ties_sha256="ties",
    snapshots=_snapshots(controller="c", dossiers="d", rules="r"),
    code_version="sql-1",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SnapshotStore:
    """Snapshots of a new home: none is kept."""
    folder = tmp_path_factory.mktemp("home")
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(folder), "FILIATION_ACTOR": "test"})
    engine = open_operations(settings.database_url)
    home = init_home(settings)
    migrate(engine)
    return SnapshotStore(home, engine)


@pytest.mark.parametrize(
    ("serving", "inputs", "changes"),
    [
        (_SERVING, _INPUTS, Changes(("new",), ())),
        (None, _INPUTS, None),
        (replace(_SERVING, touched_since_whole=21), _INPUTS, None),
        (replace(_SERVING, row_counts={}), _INPUTS, None),
        (replace(_SERVING, snapshots={"dossiers": "d"}), _INPUTS, None),
        (_SERVING, replace(_INPUTS, code_version="sql-2"), None),
        (_SERVING, replace(_INPUTS, open_data={"bureaux@1": "other"}), None),
        (_SERVING, replace(_INPUTS, snapshots=_snapshots(controller="other", dossiers="d")), None),
        (_SERVING, replace(_INPUTS, snapshots=_snapshots(dossiers="d")), None),
        (_SERVING, replace(_INPUTS, snapshots=_snapshots(controller="c", dossiers="other")), None),
        (_SERVING, replace(_INPUTS, deliveries=(_delivery("new"),)), None),
        (_SERVING, replace(_INPUTS, deliveries=(_delivery("old", 2), _delivery("new"))), None),
    ],
    ids=[
        "a new file",
        "a first base",
        "many affected since the whole one",
        "contacts never counted",
        "a base without controller",
        "other SQL",
        "other open data",
        "another controller",
        "no controller",
        "dossiers whose earlier state is gone",
        "a file that is gone",
        "a file read again",
    ],
)
def test_a_base_grows_where_all_that_judges_everybody_is_the_same(store, serving, inputs, changes):
    with connect() as connection:
        assert changes_since(serving, inputs, store, connection) == changes
