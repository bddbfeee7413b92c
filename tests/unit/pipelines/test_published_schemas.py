"""The published JSON Schemas are those of the records, and every record has one sentence for each kind of fault."""

import pytest

from pipelines.published_schemas import FOLDER, PUBLISHED, schema_path, schema_text


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_committed_schema_is_that_of_its_record(name):
    assert schema_path(name).read_text(encoding="utf-8") == schema_text(PUBLISHED[name]), (
        "run `python -m pipelines.published_schemas`"
    )


def test_no_other_schema_is_published():
    assert {file.name for file in FOLDER.iterdir()} == {schema_path(name).name for name in PUBLISHED}
