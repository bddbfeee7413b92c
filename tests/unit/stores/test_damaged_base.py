"""A single flipped byte of the base is found when it is read and by the check, in words; nothing is answered from it."""

import random

import duckdb
import pytest

from stores.warehouse.damage import BaseDamaged, read_whole, told_damage
from tests.scenes.sends.small_send_home import make_home


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("damaged"), contacts=300)


def sums(warehouse):
    with warehouse.open_base() as base:
        names = [name for (name,) in base.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return [base.execute(f'select sum(hash(t)::hugeint) from "{name}" as t').fetchone() for name in names]


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_byte_is_told_or_changes_nothing(stores, seed):
    warehouse, moments = stores.warehouse, random.Random(seed)
    whole, right = warehouse.base_path.read_bytes(), sums(warehouse)
    flipped = bytearray(whole)
    flipped[moments.randrange(12_288 if seed < 3 else len(whole))] ^= 1 << moments.randrange(8)
    warehouse.base_path.write_bytes(flipped)
    try:
        try:
            assert sums(warehouse) == right
            read_whole(warehouse)
        except duckdb.Error as error:
            assert "warehouse/base.duckdb" in str(told_damage(error))
            with pytest.raises(BaseDamaged, match="is damaged"):
                read_whole(warehouse)
    finally:
        warehouse.base_path.write_bytes(whole)
    assert read_whole(warehouse) > 5


def test_another_error_is_not_taken_for_damage():
    with pytest.raises(duckdb.Error) as told:
        duckdb.sql("select nothing")
    assert told_damage(told.value) is None
    assert told_damage(ValueError("Corrupt database file")) is None
