"""A small home for the tests of `sends`: a hand-made base with a judgement of its own, a vault, a configuration copy.

The judgement here is a stand-in with the real signature: what the base decides is tested with the base. Numbers are
of the fiction range only.
"""

import json
import shutil
import threading
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from sends.gateways.faults import Faults
from sends.gateways.routes import open_gateway
from sends.gateways.simulator import start
from sends.handover.plan_to_send import read_plan_to_send
from sends.handover.reconciliation import reconcile
from stores.all_stores import Stores, open_stores
from stores.home import init_home
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.operations import database, delivery_tables
from stores.schemas.vault_tables import IDENTITIES
from stores.warehouse.warehouse import BaseManifest
from terms.clock import Clock
from terms.settings import PROJECT_ROOT, load_settings
from tests.scenes.sends.audience_macros import create_audience_macros

NOW = "2026-11-24T10:05:00+01:00"
DELIVERY = "d" * 16

_JUDGE = """
create macro judge_use(
    asked, live_facts, use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on,
    use_number_rules, use_profile, use_moment, use_known_by
) as table
select
    contact_id,
    case when len(codes) = 0 then 'SENDABLE' else 'REFUSED' end as verdict,
    case when len(codes) = 0 then 'ALLOW' else 'REFUSE' end as decision,
    codes,
    codes[1] as worst_code,
    delivery_id as best_delivery_id,
    1::bigint as best_line_number
from (
    select a.contact_id, g.delivery_id, list_sort(list_concat(
        case when g.code is null then [] else [g.code] end,
        case when g.expires_at <= use_moment then ['CONSENT_EXPIRED'] else [] end,
        case when use_eligible_on is not null and g.adult_on > use_eligible_on then ['NOT_ELECTOR'] else [] end,
        case when s.contact_id is null then [] else ['SUPPRESSED'] end)) as codes
    from query_table(asked) as a
    left join given as g using (contact_id)
    left join (
        select distinct contact_id from query_table(live_facts)
        where occurred_at <= use_moment and known_at <= use_known_by
            and kind in ('stop', 'objection', 'erasure', 'withdrawal')
    ) as s using (contact_id)
)
"""

#: The same where the day brought nothing.
_BY_NIGHT = _JUDGE.replace("judge_use(", "judge_use_by_night(").replace("asked, live_facts,", "asked,")
_BY_NIGHT = _BY_NIGHT.replace("query_table(live_facts)", "no_facts")


def number(index):
    """The fiction number of a contact."""
    return f"+3363998{index:04d}"


def bench_number(index):
    """The number of a contact in the environment `bench`: nobody's, anywhere; a million of them."""
    return f"+33701{index:06d}"


def number_of(stores, index):
    """The number of a contact in the environment of a home."""
    return bench_number(index) if stores.settings.environment == "bench" else number(index)


def environment(home, config, url=None, now=NOW, name="test"):
    """The variables of a process that works on a home."""
    variables = {"FILIATION_ENV": name, "FILIATION_HOME": str(home), "FILIATION_CONFIG": str(config)}
    variables |= {"FILIATION_NOW": now, "FILIATION_ACTOR": "planner"}
    return variables | ({"FILIATION_DATABASE_URL": url} if url else {})


def make_home(folder: Path, url=None, contacts=400, now=NOW, base=True, name="test") -> Stores:
    """A home with a published base of `contacts` people in commune 75111, every tenth of whom may not be sent to."""
    config = folder / "config"
    if not config.exists():
        shutil.copytree(PROJECT_ROOT / "config", config)
    settings = load_settings(environment(folder / "home", config, url, now, name))
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    if base:
        fill_vault(stores, contacts)
        publish(stores, contacts)
    return stores


def at(stores, moment):
    """The same stores with a clock that starts at another instant."""
    return replace(stores, clock=Clock(datetime.fromisoformat(moment)))


def publish(stores, contacts, version="b1", rules="rules-1", refused=(), macron_votes=560, changes=(), expiring=None):
    """Publish a base: contact i votes in bureau 1101 (even) or 1102 (odd), is 20 + i % 60 years old.

    `changes` are rows of `bureau_changes`: map, code, newer map, change, codes there. `expiring` tells of contacts when
    their consent ends.
    """
    build = stores.warehouse.start_build(stores.home.root)
    ids = [stores.keys.contact_id(number_of(stores, i)) for i in range(contacts)]
    build.execute(
        "create table people as select unnest($ids::uuid[]) as contact_id, unnest(range($n))::integer as i",
        {"ids": ids, "n": contacts},
    )
    build.execute(
        "create table contacts as select contact_id, case when i % 2 = 0 then 'F' else 'M' end as sex,"
        " date '2006-06-15' - to_years(i % 60) as birth_date, '75011' as postcode, 'FR' as country,"
        " '75111' as commune_code, 'k' || i as address_key, 'a' || i as address_id,"
        " case when i % 2 = 0 then '751114201' else '751114202' end as iris_code,"
        " ['metropole'] as zones from people"
    )
    build.execute(
        "create table address_ties as select 'k' || i as address_key, map,"
        " '75056_110' || (1 + i % 2) as bureau_code from people, (values ('2022'), ('2026')) as maps (map)"
    )
    build.execute(
        "create table bureau_results as select *, votes / valid_votes as share_of_votes from (values"
        " ('PRES2022', 2, '75056_1101', '2022', 900, 800, 'MACRON', $macron_votes),"
        " ('PRES2022', 2, '75056_1101', '2022', 900, 800, 'LE PEN', 240),"
        " ('PRES2022', 2, '75056_1102', '2022', 900, 800, 'MACRON', 400),"
        " ('PRES2022', 2, '75056_1102', '2022', 900, 800, 'LE PEN', 400))"
        " as r (election, round, bureau_code, map, votes_cast, valid_votes, candidate, votes)",
        {"macron_votes": macron_votes},
    )
    build.execute(
        "create table bureau_changes (from_map varchar, bureau_code varchar, to_map varchar, change varchar,"
        " to_codes varchar[])"
    )
    for row in changes:
        build.execute("insert into bureau_changes values (?, ?, ?, ?, ?)", row)
    build.execute(
        "create table iris as select * from (values ('751114201', 24000.0), ('751114202', null))"
        " as r (iris_code, median_euros)"
    )
    build.execute(
        "create table codes as select i, case when i % 10 = 9 or list_contains($refused::integer[], i)"
        " then 'CONSENT_EXPIRED' end as code from people",
        {"refused": list(refused)},
    )
    build.execute(
        "create table given as select contact_id, $delivery as delivery_id, code, birth_date + to_years(18) as adult_on,"
        " ends.at as expires_at from people join codes using (i) join contacts using (contact_id)"
        " left join (select unnest($who::integer[]) as i, unnest($at::timestamp[]) as at) as ends using (i)",
        {"delivery": DELIVERY, "who": list(expiring or {}), "at": [to_utc(at) for at in (expiring or {}).values()]},
    )
    build.execute("create table acts as select contact_id, delivery_id from given")
    for table in ("findings", "act_standings"):
        build.execute(f"create table {table} as select contact_id from given")
    build.execute(_JUDGE)
    build.execute("create table no_facts (contact_id uuid, kind varchar, occurred_at timestamp, known_at timestamp)")
    build.execute(_BY_NIGHT)
    create_audience_macros(build)
    # no instant is late enough: counts ask the stand-in, as everybody else here
    build.execute("create table knowledge as select 'infinity'::timestamp as complete_from")
    build.close()
    stores.warehouse.publish(BaseManifest(version, NOW, "i", "c", rules, {DELIVERY: 1}, {}, {}, {}, {}))


def fill_vault(stores, contacts):
    """Write the numbers of the first contacts into the vault."""
    connection = duckdb.connect()
    stores.vault.unlock(connection)
    e164s = [number_of(stores, i) for i in range(contacts)]
    ids = [stores.keys.contact_id(e164) for e164 in e164s]
    connection.execute(
        "create table n as select unnest($ids::uuid[]) as contact_id, unnest($e164s) as e164",
        {"ids": ids, "e164s": e164s},
    )
    filled = {"delivery_id": "$delivery", "line_number": "1", "contact_id": "contact_id", "e164": "e164"}
    columns = ", ".join(f"{filled.get(c.name, 'null')}::{c.type} as {c.name}" for c in IDENTITIES.columns)
    stores.vault.write(
        connection, IDENTITIES, reading_name(DELIVERY, 1), f"select {columns} from n", {"delivery": DELIVERY}
    )
    row = {
        "delivery_id": DELIVERY,
        "partner_id": "p",
        "file_name": "f.csv",
        "sha256": "0" * 64,
        "bytes": 1,
        "warnings_json": "[]",
        "outcome": "accepted",
        "reading": 1,
        "arrived_at": 0,
        "taken_in_at": 0,
    }
    with database.transaction(stores.engine) as work:
        database.insert_once(work, delivery_tables.deliveries, [row])


def write_order(folder: Path, **changes) -> Path:
    """An order over commune 75111 that passes every rule, with some fields changed."""
    order = {
        "campaign_id": "T-1",
        "kind": "selected",
        "election": "PRES2027",
        "round": 1,
        "sponsor": "horizon",
        "channel": "sms",
        "profile": "strict",
        "gateway": "simulator",
        "audience": {"communes": ["75111"]},
        "message": {
            "sender": "HORIZON27",
            "text": "Parti de l'Horizon : reunion jeudi 18 h. Union des Territoires. Pub. politique."
            " Avis: https://avis.example/n1 Origine: https://origine.example/k1 STOP 36111",
        },
        "window": {"from": "2026-11-24T10:00:00+01:00", "to": "2026-11-24T20:00:00+01:00"},
        "rate_per_second": 2000,
        "validity_minutes": 120,
    } | changes
    path = folder / f"{order['campaign_id']}.yaml"
    path.write_text(json.dumps({key: value for key, value in order.items() if value is not ...}))
    return path


def point_gateway(stores, url, name="simulator", **changes):
    """Let a gateway of the configuration copy mean another address, with some limits changed."""
    path = stores.settings.config / "gateways" / f"{name}.yaml"
    wanted = {"url": url, "quiet_seconds": 0, "rate_per_second": 5000} | changes
    lines = [line for line in path.read_text().splitlines() if line.split(":")[0] not in wanted]
    _rewrite(path, [*lines, *(f"{name}: {value}" for name, value in wanted.items())])


def point_breaker(stores, name, **changes):
    """Let a gateway's circuit breaker have other limits."""
    path = stores.settings.config / "gateways" / f"{name}.yaml"
    lines = path.read_text().splitlines()
    for limit, value in changes.items():
        lines = [f"  {limit}: {value}" if line.startswith(f"  {limit}:") else line for line in lines]
    _rewrite(path, lines)


def _rewrite(path, lines):
    """Put a file in the place of another at once: a listener may read it at any moment."""
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines) + "\n")
    beside.replace(path)


@contextmanager
def simulator(received=None, port=0, **faults):
    """A simulator that answers in a thread of this process."""
    running = start(port, Faults(**({"report_delay_seconds": 0.0} | faults)), received, Clock())
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.stop()
        thread.join()


def reconcile_plan(stores, plan_id, quiet=None):
    """Ask the gateway about a plan's UNKNOWN messages, as the sender does before and after a send."""
    ours = read_plan_to_send(stores, plan_id)
    with closing(open_gateway(ours.context.gateway)) as gateway:
        return reconcile(stores, ours, gateway, quiet)


def received_lines(path):
    """What a simulator wrote down."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def faults_file(path, **faults):
    """A file of faults for a simulator of its own process."""
    path.write_text(json.dumps({name: value for name, value in asdict(Faults(**faults)).items()}))
    return path


def to_utc(moment):
    """An ISO instant as the base has it."""
    return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)


def later(moment, **delta):
    """An ISO instant some time after another."""
    return (datetime.fromisoformat(moment) + timedelta(**delta)).isoformat()
