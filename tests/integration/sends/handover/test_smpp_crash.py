"""Kills over SMPP and of Kannel, small: no phone gets a message twice, nothing is forgotten. Full size: see `kill_scene`."""

import random

import pytest

from sends.handover.sender import WINDOW
from sends.ledger.states import State
from tests.scenes.postgres_server import PostgresServer, binaries
from tests.scenes.sends.gateway_routes import has_kannel
from tests.scenes.sends.kill_scene import (
    KannelScene,
    KillScene,
    kill_at_random,
    kill_at_steps,
    kill_kannel,
    kill_postgres,
)


@pytest.fixture
def scene(tmp_path):
    made = KillScene(tmp_path, contacts=1_200, early_report_every=7, duplicate_report_every=5)
    made.start_world()
    yield made
    made.stop()


def test_kills_at_every_step_between_two_durable_writes(scene):
    unknown = kill_at_steps(scene)
    assert max(unknown["sender.claimed"], unknown["sender.judged"]) <= 0, "nothing was about to leave"
    assert unknown["sender.marked"] == WINDOW
    assert 0 < unknown["sender.recorded"] <= WINDOW, "the same commit marks the next window"
    scene.finish()


@pytest.mark.parametrize("mode", ["send", "smsc"])
def test_kills_at_random(scene, mode):
    kill_at_random(scene, mode, 2, random.Random(7), 60)
    scene.finish()


def test_a_kill_of_the_database_server(tmp_path):
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL's server (initdb, pg_ctl) is not installed")
    server = PostgresServer(folder)
    scene = KillScene(tmp_path, 900, server.new_database())
    try:
        scene.start_world()
        kill_postgres(scene, server, 1, random.Random(7))
        assert State.PLANNED not in scene.finish()
    finally:
        scene.stop()
        scene.stores.engine.dispose()
        server.stop()


def test_a_kill_of_kannel_hands_nobody_over_twice(tmp_path):
    if not has_kannel():
        pytest.skip("Kannel is not installed")
    scene = KannelScene(tmp_path, 300, report_delay_seconds=0.2)
    try:
        scene.start_world()
        kill_kannel(scene, 1, random.Random(7))
        counts = scene.finish()
        assert counts[State.UNKNOWN] <= 8, "as many as were on their way"
        assert len(scene.arrived()) >= 270 - counts[State.UNKNOWN]
    finally:
        scene.stop()
