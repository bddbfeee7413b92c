"""Environment, settings and clock: closed lists, exhaustive maps, messages that name the variable."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms import environment
from terms.clock import Clock, from_micros, to_iso, to_micros
from terms.environment import Environment, parse_environment
from terms.errors import SecretMissing, UsageError
from terms.identifiers import delivery_id, digest
from terms.reasons import FILE_OUTCOMES, FileReason
from terms.settings import load_settings


def _environ(**changes):
    return {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home", **changes}


@pytest.mark.parametrize(
    "name", ["NUMBER_RULES", "DEMO_KEYS", "MOVABLE_CLOCK", "LIVE_SENDING", "SIMULATED_SENDING", "QUIET_SECONDS"]
)
def test_every_map_knows_every_environment(name):
    assert set(getattr(environment, name)) == set(Environment)


def test_every_file_reason_has_an_outcome():
    assert set(FILE_OUTCOMES) == set(FileReason)


@pytest.mark.parametrize("value", [None, "", "prod", "TEST"])
def test_an_unknown_environment_is_an_error_that_lists_the_names(value):
    with pytest.raises(UsageError) as caught:
        parse_environment(value)
    assert "FILIATION_ENV" in str(caught.value)
    assert all(member in str(caught.value) for member in Environment)


def test_demo_environments_have_a_committed_key_and_others_must_be_given_one():
    assert load_settings(_environ()).contact_key == load_settings(_environ()).contact_key
    for name in ("staging", "production"):
        with pytest.raises(SecretMissing) as caught:
            load_settings(_environ(FILIATION_ENV=name))
        assert "FILIATION_CONTACT_KEY" in str(caught.value)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_short_secret_is_refused_where_real_numbers_live(environment):
    keys = {"FILIATION_CONTACT_KEY": "a" * 32, "FILIATION_VAULT_KEY": "b" * 31}
    with pytest.raises(UsageError, match="FILIATION_VAULT_KEY has 31 characters") as caught:
        load_settings(_environ(FILIATION_ENV=environment, **keys))
    assert "bbb" not in str(caught.value)
    assert load_settings(_environ(FILIATION_ENV=environment, **{**keys, "FILIATION_VAULT_KEY": "b" * 32}))


def test_the_landing_folder_is_not_inside_the_home():
    settings = load_settings(_environ())
    assert settings.home not in settings.landing.parents


def test_secrets_are_not_printed():
    settings = load_settings(_environ(FILIATION_CONTACT_KEY="tell nobody", FILIATION_VAULT_KEY="nor this"))
    assert "tell nobody" not in repr(settings) and "key" not in repr(settings)


def test_the_clock_cannot_be_moved_in_production():
    keys = {
        "FILIATION_CONTACT_KEY": "a" * 32,
        "FILIATION_VAULT_KEY": "b" * 32,
        "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
    }
    with pytest.raises(UsageError, match="FILIATION_NOW"):
        load_settings(_environ(FILIATION_ENV="production", **keys))


@pytest.mark.parametrize("value", ["yesterday", "2026-11-24T09:00:00"])
def test_a_clock_without_offset_is_refused(value):
    with pytest.raises(UsageError, match="FILIATION_NOW"):
        load_settings(_environ(FILIATION_NOW=value))


def test_a_moved_clock_ticks():
    clock = Clock(datetime(2026, 11, 24, 8, tzinfo=UTC))
    first = clock.now()
    assert first >= datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert clock.now() > first


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_micros_keep_an_instant(instant):
    assert from_micros(to_micros(instant)) == instant
    assert datetime.fromisoformat(to_iso(instant)) == instant


@given(st.text(), st.text(), st.text())
def test_a_renamed_duplicate_is_a_delivery_of_its_own(partner, name, other):
    if name != other:
        assert delivery_id(partner, name, "00") != delivery_id(partner, other, "00")


def test_ids_keep_parts_apart():
    assert digest("ab", "c") != digest("a", "bc")
