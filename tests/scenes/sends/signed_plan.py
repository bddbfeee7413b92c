"""A plan with a HOLD, planned, lifted and approved by three persons, for those who would get around them.

Each attack changes the ledger in a transaction that is rolled back: one home serves them all.
"""

import json
from contextlib import contextmanager
from hashlib import sha256

from sqlalchemy import delete, insert, select, update

from sends.ledger.plan_rows import find_plan
from sends.plans.approval import approved_sha256, check_approval, context_of, lift_hold, lifted_codes
from sends.plans.planning import plan_campaign
from staff.acts import Act
from staff.persons import Person
from staff.register import INSTALLER, founding
from staff.signed_records import SignedDecision, record_of
from staff.ssh_signatures import PublicKey, public_key_of, sign_text
from stores.operations.database import transaction
from stores.operations.log_tables import signatures
from stores.operations.plan_tables import approvals, plans
from terms.clock import to_micros
from tests.scenes.sends.small_send_home import make_home, write_order

HOLD = "BUREAU_RESULT_TARGETING"
_MACRON = {"election": "PRES2022", "round": 2, "candidate": "MACRON", "share_of_votes": {"min": 0.5}}

#: `officer` may lift what the dpo may, `manager` only what an approver may.
PERSONS = """persons:
- {id: officer, name: officer, os_account: o, keys: [{public_key: "%(key)s"}], roles: [{role: dpo}]}
- {id: manager, name: manager, os_account: m, keys: [{public_key: "%(other)s"}], roles: [{role: approver}]}
"""


class RolledBack(Exception):
    """Ends an attack."""


class SignedPlan:
    """A planned plan with a HOLD over a small home."""

    def __init__(self, folder, keys):
        self.stores = make_home(folder, contacts=500)
        told = PERSONS % {"key": public_key_of(keys[0]).line, "other": public_key_of(keys[1]).line}
        (self.stores.settings.config / "staff" / "persons.yaml").write_text(told)
        order = write_order(folder, audience={"bureau_vote": _MACRON})
        self.plan_id = plan_campaign(self.stores, order).plan_id

    def lift(self, by="officer"):
        lift_hold(self.stores, self.plan_id, HOLD, by, "assessment signed today")

    @contextmanager
    def attack(self):
        """Give a transaction on the ledger, which is rolled back."""
        try:
            with transaction(self.stores.engine) as work:
                yield work
                raise RolledBack
        except RolledBack:
            pass

    def plan(self, work):
        return find_plan(work, self.plan_id)

    def check(self, work):
        """Ask what the sender asks before anything leaves."""
        plan = self.plan(work)
        context = context_of(self.stores, plan)
        check_approval(self.stores, work, plan, context)
        lifted_codes(self.stores, work, plan, context)

    def forge_approval(self, work, by="second"):
        """Write an approval by hand: its hash needs no secret."""
        work.execute(delete(approvals).where(approvals.c.plan_id == self.plan_id))
        work.execute(update(plans).where(plans.c.plan_id == self.plan_id).values(state="approved"))
        told = {"approved_by": by, "approved_at": 1, "approved_sha256": approved_sha256(work, self.plan(work))}
        work.execute(insert(approvals).values(plan_id=self.plan_id, **told))

    def signed(self, work, act):
        """Return the newest signed record of an act as it is written."""
        return work.execute(
            select(signatures).where(signatures.c.act == act).order_by(signatures.c.number.desc())
        ).first()

    def write(self, work, private, decision, by, *, settings=None, at=None):
        """Write a record signed with any key in the name of anybody."""
        at = at or self.stores.clock.now()
        record = record_of(settings or self.stores.settings, decision, by, at)
        key: PublicKey = public_key_of(private)
        signed = SignedDecision(decision, by, at, record, key.fingerprint, sign_text(private, record))
        row = {"act": decision.act.value, "subject": decision.subject, "record_json": record, "person_id": by}
        row |= {"record_sha256": sha256(record.encode()).hexdigest(), "key_fingerprint": signed.key_fingerprint}
        work.execute(insert(signatures).values(**row, signed_at=to_micros(at), signature=signed.signature))

    def enter(self, work, private, person: Person, by=INSTALLER):
        """Write a line of the staff register, signed with any key."""
        self.write(work, private, founding(person), by)

    def content(self, work, act=Act.APPROVE):
        return json.loads(self.signed(work, act.value).record_json)["content"]
