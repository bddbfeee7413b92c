"""The table of states: what docs draw, and that nothing final moves."""

from hypothesis import given
from hypothesis import strategies as st

from sends.ledger.states import MAY_HAVE_LEFT, TRANSITIONS, State, diagram, sources_of
from terms.settings import PROJECT_ROOT


def test_the_page_draws_the_table():
    page = (PROJECT_ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    assert page.split("```mermaid\n")[1].split("\n```")[0] == diagram()


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(State)
    assert {target for targets in TRANSITIONS.values() for target in targets} <= set(State)


def test_final_states_do_not_move():
    final = {state for state, targets in TRANSITIONS.items() if not targets}
    assert final == {
        State.EXCLUDED,
        State.REJECTED,
        State.DELIVERED,
        State.UNDELIVERED,
        State.EXPIRED,
        State.CANCELLED,
    }


@given(st.lists(st.sampled_from(State), max_size=30))
def test_a_message_that_may_have_left_is_planned_again_only_on_proof(wanted):
    state = State.PLANNED
    for target in wanted:
        if target not in TRANSITIONS[state]:
            continue
        if target is State.PLANNED:
            assert state in (State.CLAIMED, State.UNKNOWN)
        if state in MAY_HAVE_LEFT - {State.CLAIMED, State.UNKNOWN}:
            assert target in MAY_HAVE_LEFT
        state = target


def test_sources_are_the_table_read_backwards():
    for target in State:
        assert set(sources_of(target)) == {state for state in State if target in TRANSITIONS[state]}
