"""`dbt docs generate` makes the pages of the project: on an empty build, and without a network."""

import json
from pathlib import Path

from stores.home import init_home
from terms.settings import load_settings
from tests.scenes.judgement.small_base import run_dbt


def test_the_pages_of_the_project_are_made(tmp_path: Path, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    home = init_home(
        load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path), "FILIATION_ACTOR": "test"})
    )
    run_dbt(home, tmp_path / "build.duckdb", "docs", "generate", "--static")
    made = home.dbt / "target"
    manifest = json.loads((made / "manifest.json").read_text())
    assert json.loads((made / "catalog.json").read_text())["errors"] is None
    assert "keyed hash of the number" in (made / "static_index.html").read_text()
    assert {"sends", "pages", "papers"} <= {exposure["name"] for exposure in manifest["exposures"].values()}
    assert (
        manifest["nodes"]["model.filiation.contacts"]["columns"]["contact_id"]["description"]
        == "keyed hash of the number"
    )
