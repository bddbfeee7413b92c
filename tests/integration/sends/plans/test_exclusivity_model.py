"""One sponsor per elector and per bureau part, in every order of a few steps, and when several processes race."""

import pytest

import sends.plans.exclusivity
from bench.exclusivity.proofs import race, walk_model
from bench.exclusivity.world import AGES, World, create_tables
from stores.operations.database import open_operations


@pytest.fixture
def few_ages(monkeypatch):
    """A bureau cut into a few ages, so that all orders can be walked in seconds."""
    monkeypatch.setattr(sends.plans.exclusivity, "YOUNGEST", 58)
    monkeypatch.setattr(sends.plans.exclusivity, "OLDEST", 61)


def test_no_order_of_two_steps_with_a_crash_anywhere_breaks_exclusivity(few_ages):
    walk = walk_model(2)
    assert (walk.violations, walk.states > 40, walk.crashes > 500) == ([], True, True)


def test_a_release_that_frees_what_a_sister_plan_holds_would_be_seen(few_ages, monkeypatch, tmp_path):
    for mend in (True, False):
        if not mend:
            monkeypatch.setattr(sends.plans.exclusivity, "_go_over", lambda *_: None)
        world = World(open_operations(f"sqlite:///{tmp_path}/{mend}.sqlite"), dict.fromkeys(AGES, "A"))
        create_tables(world.engine)
        assert world.plan("p0", "s1", ("A",), "whole") and world.plan("p1", "s1", ("A",), "younger")
        world.release("p0")
        assert world.violations() == ([] if mend else ["p1 lost a part of A"])
        assert world.plan("p2", "s2", ("A",), "younger") is not mend


def test_processes_that_race_break_nothing(operations_url):
    assert race(operations_url, 120, 3)["violations"] == 0
