"""A form version switched off on the sample's base: at once by day, by the base after the next refresh, and not before."""

from datetime import datetime, timedelta

import pytest

from consent.acts.form_stops import FormVersionKey, reach
from consent.judgement.live_facts import load_live_facts
from stores.all_stores import open_stores
from terms.reasons import Profile
from terms.settings import load_settings
from tests.commands import Answer

NOW = "2026-11-24T11:00:00+01:00"
LATER = "2026-11-25T11:00:00+01:00"
FORM = FormVersionKey("jeux-valombre", "600300")


class Scene:
    """A copy of the sample's home, and the commands that run in it."""

    def __init__(self, shell):
        self._shell = shell

    def run(self, *arguments: str, at: str = NOW) -> Answer:
        return self._shell.run(*arguments, at=at)

    def stores(self, at: str = NOW):
        return open_stores(load_settings(self._shell.environ(at=at)))

    def reach(self, at: datetime):
        stores = self.stores()
        with stores.warehouse.open_base() as base:
            return reach(base, stores, FORM, at)

    def stops_loaded_by_day(self) -> int:
        stores = self.stores()
        with stores.warehouse.open_base() as base:
            load_live_facts(base, stores.engine, "live_facts", None)
            return base.execute("select count(*) from live_facts where kind = 'form_stop'").fetchone()[0]


@pytest.fixture(scope="module")
def scene(sample_of_module):
    shell, done = sample_of_module
    assert done.code == 0, done.err
    return Scene(shell)


@pytest.fixture(scope="module")
def stopped(scene):
    answer = scene.run("form", "stop", FORM.form_version, "--why", "the box is ticked beforehand", "--json")
    assert answer.code == 0, answer.err
    return answer.json()


def test_the_command_tells_whom_it_concerns_before_and_after(stopped):
    assert (stopped["partner"], stopped["form_version"]) == (FORM.partner_id, FORM.form_version)
    assert stopped["before"]["contacts"] == stopped["after"]["contacts"] > 0
    assert stopped["before"]["usable_strict"] > stopped["after"]["usable_strict"]
    assert stopped["before"]["usable_market"] > stopped["after"]["usable_market"]


def test_a_second_stop_changes_nothing(scene, stopped):
    again = scene.run("form", "stop", FORM.form_version, "--why", "again", "--json", at=LATER).json()
    assert again["stopped_at"] == stopped["stopped_at"]
    assert again["before"] == again["after"]


def test_an_unknown_form_version_and_a_number_in_the_reason_are_refused(scene):
    assert scene.run("form", "stop", "no-such-form", "--why", "x").code == 2
    refused = scene.run("form", "stop", "600400", "--why", "asked by 06 39 98 00 42")
    assert refused.code == 2
    assert "06 39" not in refused.err


def test_before_the_stop_its_acts_could_be_used_and_the_day_still_says_so(scene, stopped):
    instant = datetime.fromisoformat(stopped["stopped_at"])
    assert scene.reach(instant - timedelta(seconds=1)).usable[Profile.STRICT] == stopped["before"]["usable_strict"]
    assert scene.reach(instant).usable[Profile.STRICT] == stopped["after"]["usable_strict"]


def test_the_next_base_knows_the_stop_from_its_own_instant(scene, stopped):
    instant = datetime.fromisoformat(stopped["stopped_at"])
    assert scene.stops_loaded_by_day() > 0
    refreshed = scene.run("refresh", "--json", at=LATER)
    assert refreshed.code == 0, refreshed.err
    assert scene.stops_loaded_by_day() == 0
    assert scene.reach(instant - timedelta(seconds=1)).usable[Profile.STRICT] == stopped["before"]["usable_strict"]
    assert scene.reach(instant).usable[Profile.STRICT] == stopped["after"]["usable_strict"]
