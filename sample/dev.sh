#!/usr/bin/env bash
# The Dagster UI on the demo base with its real runs. The open-source UI has no login: it listens on this machine only.
set -euo pipefail
. "$(dirname "$0")/environment.sh"
[ -f "$FILIATION_HOME/warehouse/base.duckdb" ] || "$(dirname "$0")/demo.sh"
export FILIATION_NOW="2026-11-24T09:00:00+01:00"
exec filiation ui --port "${PORT:-3000}"
