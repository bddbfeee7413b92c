"""How long a plan takes beside the reservations of others, against a bare query that reserves the same contacts.

`python -m tests.scenes.sends.plan_rate CONTACTS RESERVATIONS` prints one JSON line: the plan, and one statement that puts
the same contacts into a copy of the same table. CPU seconds are told besides wall seconds. Nothing here is a test.
"""

import json
import resource
import sys
import tempfile
import time
import uuid
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import text

from sends.plans.planning import plan_campaign
from stores.operations.database import insert_once, transaction
from tests.scenes.sends.small_send_home import make_home, write_order

_COPY = (
    "create temp table reserved as select * from contact_reservations",
    "create unique index temp.one_each on reserved (election, round, contact_id)",
)
_BARE = """
    insert into reserved
    select 'PRES2027', 1, contact_id, 'horizon', 'bare', 1 from messages where true
    on conflict do nothing
"""


def _reserve_others(stores, number: int) -> None:
    """Another sponsor's electors, none of whom is in the audience."""
    row = {"election": "PRES2027", "round": 1, "sponsor_id": "union", "plan_id": "theirs", "expires_at": 2**60}
    from stores.operations.plan_tables import contact_reservations

    for start in range(0, number, 100_000):
        ids = (str(uuid.UUID(int=(index * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)) for index in range(start, min(start + 100_000, number)))  # fmt: skip
        with transaction(stores.engine) as work:
            insert_once(work, contact_reservations, [row | {"contact_id": contact_id} for contact_id in ids])


def measure(contacts: int, reservations: int) -> dict[str, object]:
    """Plan over so many contacts, beside so many reservations of others, and run the bare query in the same run."""
    folder = Path(tempfile.mkdtemp(prefix="filiation-plan-"))
    stores = make_home(folder, contacts=contacts, name="bench")
    _reserve_others(stores, reservations)
    wall, cpu = time.monotonic(), time.process_time()
    plan = plan_campaign(stores, write_order(folder, gateway="smsc"))
    ours = time.monotonic() - wall, time.process_time() - cpu
    with transaction(stores.engine) as work:
        work.execute(text("pragma query_only = off"))
        for statement in _COPY:
            work.execute(text(statement))
        wall, cpu = time.monotonic(), time.process_time()
        work.execute(text("delete from reserved where plan_id = :plan"), {"plan": plan.plan_id})
        work.execute(text(_BARE))
        bare = time.monotonic() - wall, time.process_time() - cpu
    told: dict[str, object] = {"planned": plan.contacts, "excluded": dict(plan.excluded), "reservations": reservations}
    told |= {"seconds": round(ours[0], 1), "cpu_seconds": round(ours[1], 1)}
    told |= {"bare_seconds": round(bare[0], 1), "bare_cpu_seconds": round(bare[1], 1)}
    told |= {"ratio": round(ours[0] / bare[0], 1), "ratio_of_cpu": round(ours[1] / bare[1], 1)}
    return told | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
