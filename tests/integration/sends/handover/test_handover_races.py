"""Erasures, purges, STOPs and reports race against the hand-over, small; in full size see `handover_races`."""

from tests.scenes.sends.handover_races import race


def test_what_was_committed_is_never_overtaken_and_the_ledger_tells_what_the_gateway_holds(tmp_path, operations_url):
    told = race(tmp_path, 48, operations_url, seed=20261201)
    assert told["failed"] == []
    assert {name: told[name] for name in ("twice", "overtaken", "forgotten", "told_too_much", "left_open")} == {
        "twice": 0,
        "overtaken": 0,
        "forgotten": 0,
        "told_too_much": 0,
        "left_open": 0,
    }
    assert sum(told["races"].values()) >= 24 and len(told["races"]) == 3
    assert sum(told["in_time"].values()) > 0 and told["reports"] > 50
