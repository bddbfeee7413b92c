"""The words that the ledger lets in are those of the enums above it, neither more nor fewer."""

import pytest

from consent.acts.person_acts import REQUESTS as ASKED
from consent.acts.person_acts import SUPPRESSING, FactKind
from consent.acts.requests import COMPLAINT
from open_data.load import Outcome
from partners_ingest.arrival.unpacking import Container
from partners_ingest.intake.delivery_records import DecisionKind
from partners_ingest.readers.encodings import EncodingRule
from sends.inbound.replies import Meaning
from sends.ledger.states import TRANSITIONS, State
from sends.orders.order import Kind
from staff.acts import Act
from stores.operations import closed_lists


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (closed_lists.MESSAGE_STATES, State),
        (closed_lists.PLAN_KINDS, Kind),
        (closed_lists.REPLY_MEANINGS, Meaning),
        (closed_lists.OPT_OUT_KINDS, SUPPRESSING),
        (closed_lists.FACT_KINDS, FactKind),
        (closed_lists.REQUEST_KINDS, {*ASKED, COMPLAINT}),
        (closed_lists.DELIVERY_DECISIONS, DecisionKind),
        (closed_lists.CONTAINERS, Container),
        (closed_lists.ENCODING_RULES, EncodingRule),
        (closed_lists.OPEN_DATA_OUTCOMES, Outcome),
        (closed_lists.SIGNED_ACTS, set(Act) - {Act.PLAN}),
    ],
)
def test_a_closed_list_is_its_enum(listed, words):
    assert len(listed) == len(set(listed))
    assert set(listed) == {str(word) for word in words}


def test_a_message_that_was_never_claimed_is_in_a_state_that_needs_no_claim():
    reached, waiting = set(), [State.PLANNED]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += [target for target in TRANSITIONS[state] - reached if target is not State.CLAIMED]
    assert set(closed_lists.UNCLAIMED_STATES) == {str(state) for state in reached}
