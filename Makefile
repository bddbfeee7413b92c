# Filiation: `make` lists what can be made. Every target sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
MANIFEST := dbt_project/target/manifest.json
MODELS := $(shell find dbt_project/models dbt_project/macros dbt_project/*.yml -type f)

.DEFAULT_GOAL := help
.PHONY: help setup demo dev test check lint fix lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) $(MANIFEST) ## make .venv from the lock file

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[0-9.]*' requirements.lock)"
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(MANIFEST): $(READY) $(MODELS)
	DBT_SEND_ANONYMOUS_USAGE_STATS=false $(BIN)/dbt --quiet parse --project-dir dbt_project --profiles-dir dbt_project
	@touch $(MANIFEST)

demo: setup ## run the whole job on the bundled sample, send a small campaign, show where a number comes from
	@sample/demo.sh

dev: setup ## open the Dagster UI on the demo base (http://127.0.0.1:3000)
	@sample/dev.sh

test: setup ## run every test, in up to four processes: one more than cores, as tests wait for servers
	$(BIN)/pytest --numprocesses $(shell n=$$(nproc); echo $$((n < 3 ? n + 1 : 4))) --dist loadfile --no-loadscope-reorder

check: lint test ## what continuous integration runs, but for the demo

lint: setup ## ruff, types, SQL style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/macros dbt_project/tests
	$(BIN)/sqlfluff lint --disable-progress-bar --templater placeholder assets bench consent lineage open_data outlook partners_ingest publishing retention sealing sends stores territories

fix: setup ## let ruff and sqlfluff mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --quiet dbt_project/models dbt_project/tests
	$(BIN)/sqlfluff fix --quiet --templater placeholder assets bench consent lineage open_data outlook partners_ingest publishing retention sealing sends stores territories

lock: $(READY) ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --python-version 3.11 --python-platform linux \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove the demo home and caches, keep .venv
	rm -rf .filiation .pytest_cache .mypy_cache .ruff_cache dbt_project/target
