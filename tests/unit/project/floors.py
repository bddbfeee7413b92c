"""Which room stands on which floor; docs/decisions/0001 says what each floor is for.

The order of the rooms inside a room stands in `test_inner_rooms`.
"""

FLOOR = {
    "terms": 0,
    "configuration": 0,
    "stores": 0,
    "pages": 0,
    "consent": 1,
    "partners_ingest": 1,
    "open_data": 1,
    "territories": 1,
    "sends": 1,
    "staff": 1,
    "sealing": 1,
    "lineage": 1,
    "retention": 1,
    "outlook": 1,
    "publishing": 1,
    "assets": 2,
    "pipelines": 3,
}
#: Not part of what runs: they may use every floor, and no floor uses them.
BESIDE = {"bench", "sample"}
#: What a stranger gets: uses no room and is used by none but `bench`.
ALONE = {"verifier"}
