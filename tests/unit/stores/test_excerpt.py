"""An excerpt of a base: its macros see the excerpt's tables, and nothing of the base unseen."""

import duckdb
import pytest

from stores.warehouse.excerpt import open_excerpt


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "base.duckdb"
    with duckdb.connect(str(path)) as base:
        base.execute("create table acts as select range as contact_id from range(3)")
        base.execute("create table rules as select 'R-11' as code")
        base.execute("create view known_rules as select code from rules")
        base.execute("create macro main.worst_code() as 'STOP'")
        base.execute(
            "create macro main.judge(asked) as table select contact_id, r.code, worst_code() as worst"
            " from acts cross join rules as r where contact_id in (select a.contact_id from query_table(asked) as a)"
        )
    return path


def test_macros_read_the_excerpts_own_tables_and_views_of_the_others(path):
    with open_excerpt(path, {"acts"}) as excerpt:
        excerpt.execute("create temp table asked as select 1 as contact_id")
        assert excerpt.execute("from judge('asked')").fetchall() == []
        excerpt.execute("create or replace table acts as from base.main.acts where contact_id = 1")
        assert excerpt.execute("from judge('asked')").fetchall() == [(1, "R-11", "STOP")]
        assert excerpt.execute("from known_rules").fetchall() == [("R-11",)]
        assert excerpt.execute("select count(*) from base.main.acts").fetchone() == (3,)


def test_what_the_excerpt_lacks_is_an_error_and_not_read_from_the_base(path):
    with open_excerpt(path, {"acts"}) as excerpt:
        excerpt.execute("create temp table asked as select 1 as contact_id")
        excerpt.execute("drop view rules")
        with pytest.raises(duckdb.CatalogException):
            excerpt.execute("from judge('asked')")


def test_the_base_cannot_be_changed_through_an_excerpt(path):
    with open_excerpt(path, {"acts"}) as excerpt, pytest.raises(duckdb.InvalidInputException):
        excerpt.execute("delete from base.main.acts")
