"""Inside a room, imports go down only; between the rooms of floor 1, along the arrows of a table; nowhere in a circle.

A room that is divided into folders has its line in `LEVELS`, so a new inner room is a decision, written here and read
in review. An import that is only for types, or stands within a function, is an import too: the reader follows it.
"""

from collections import defaultdict

import pytest

from tests.unit.project.floors import FLOOR
from tests.unit.project.source.source_tree import circles, imports, module_names

#: Package -> its inner rooms and modules, each line using only those below it; names in one line do not use each other.
LEVELS = {
    "bench": [
        "__main__",
        "registry performance_page",
        "door exclusivity judgement kills lookups sealing territories",
        "comparison plan_rows",
    ],
    "consent": [
        "acts",
        "judgement",
        "rules",
        "dossiers",
    ],
    "lineage": [
        "papers",
        "erasure",
        "lookups",
    ],
    "open_data": [
        "fetch load freshness",
        "download",
        "layouts soundness",
        "shelf",
        "sources",
        "resources",
        "failures",
    ],
    "open_data.layouts": [
        "registry",
        "ban commune_names communes contours income roll",
        "results",
        "delimited geojson",
        "geopackage layout",
    ],
    "partners_ingest": [
        "reports",
        "intake",
        "rows",
        "erased",
        "readers",
        "arrival",
    ],
    "partners_ingest.intake": [
        "partner_check",
        "rehearsal",
        "take_in",
        "processes",
        "delivery_way learned_words",
        "steps signed_releases",
        "contract_suite decisions delivery_case delivery_result",
        "delivery_records preflight quality overview",
        "drift",
    ],
    "pipelines": [
        "command definitions published_schemas rules_page",
        "commands",
        "golden refreshing sending web_server",
        "build",
        "resources schedules sensors",
        "jobs instance failures",
    ],
    "pipelines.commands": [
        "campaigns home partners persons",
        "answers",
    ],
    "sealing": [
        "checks",
        "seals",
        "log",
    ],
    "sends": [
        "reporting",
        "inbound",
        "handover",
        "plans",
        "ledger",
        "rules",
        "orders",
        "gateways",
    ],
    "stores": [
        "backup",
        "migrations",
        "all_stores rotation ledger_of_home reserve",
        "evidence warehouse",
        "vault snapshots lake",
        "operations files",
        "home identity_shapes",
        "engine keys schemas sql_files",
    ],
}
#: Room of floor 1 -> rooms of floor 1 that it uses.
USES = {
    "consent": {"staff"},
    "lineage": {"consent", "outlook", "partners_ingest", "publishing", "sealing", "sends", "staff"},
    "open_data": set(),
    "outlook": {"consent", "sends"},
    "partners_ingest": {"consent", "staff"},
    "publishing": {"staff", "territories"},
    "retention": {"consent", "lineage", "sealing", "sends", "staff"},
    "sealing": set(),
    "sends": {"consent", "partners_ingest", "staff"},
    "staff": set(),
    "territories": set(),
}


def _divided() -> set[str]:
    """Return the packages that have packages within them."""
    packages = {name for name, file in module_names().items() if file.name == "__init__.py"}
    return {name.rpartition(".")[0] for name in packages if "." in name}


def _inner(package: str) -> set[str]:
    start = f"{package}."
    return {name.removeprefix(start).split(".")[0] for name in module_names() if name.startswith(start)}


def _level(package: str) -> dict[str, int]:
    """Return each inner room or module -> its line, counted from the top."""
    return {name: line for line, names in enumerate(LEVELS[package]) for name in names.split()}


def test_every_divided_package_is_ordered():
    assert LEVELS.keys() == _divided()
    assert {package: _level(package).keys() ^ _inner(package) for package in LEVELS} == {
        package: set() for package in LEVELS
    }


@pytest.mark.parametrize("package", LEVELS)
def test_inside_a_room_imports_go_down(package):
    level, start = _level(package), f"{package}."
    guilty = []
    for module, used in imports().items():
        for name in sorted(used):
            if module.startswith(start) and name.startswith(start):
                above, below = (one.removeprefix(start).split(".")[0] for one in (module, name))
                if above != below and level[above] >= level[below]:
                    guilty.append(f"{module} imports {name}")
    assert not guilty, "carve the piece out that is in the wrong place\n" + "\n".join(guilty)


def test_rooms_of_floor_one_use_each_other_by_the_table():
    assert USES.keys() == {room for room, floor in FLOOR.items() if floor == 1}
    assert circles(USES) == []
    found = defaultdict(list)
    for module, used in imports().items():
        for name in sorted(used):
            above, below = module.split(".")[0], name.split(".")[0]
            if above != below and FLOOR.get(above) == FLOOR.get(below) == 1:
                found[above, below].append(f"{module} imports {name}")
    arrows = {(above, below) for above, uses in USES.items() for below in uses}
    assert [line for arrow, lines in found.items() if arrow not in arrows for line in lines] == []
    assert arrows - found.keys() == set(), "no import needs these arrows any more: take them out of the table"


def test_no_modules_import_each_other_in_a_circle():
    assert circles(imports()) == []


@pytest.mark.parametrize(
    ("arrows", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]]),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"a"}}, [["a", "b", "c", "d"]]),
    ],
)
def test_a_circle_is_found(arrows, found):
    assert circles(arrows) == found
