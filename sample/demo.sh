#!/usr/bin/env bash
# The whole job on the bundled sample, offline: refresh, plan, approve, send through a local gateway, look a number up.
# Every command is shown before it runs; run any of them again by hand afterwards.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

at() { export FILIATION_NOW="2026-11-24T$1+01:00"; }
tell() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
show() { tell "$@"; "$@"; }

# Only a home whose stamp says that it is a demo's is removed.
if [ -e "$FILIATION_HOME" ] && ! grep -qs '"environment": "demo"' "$FILIATION_HOME/home.json"; then
  printf '%s has no stamp of a demo, so it is not removed. Move it away, then run make demo again.\n' "$FILIATION_HOME" >&2
  exit 2
fi
rm -rf "$FILIATION_HOME"
work=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

at 09:00:00
show filiation init
show filiation refresh
show filiation deliveries
show filiation segment count config/campaigns/demo.yaml

tell filiation campaign plan config/campaigns/demo.yaml --json
filiation campaign plan config/campaigns/demo.yaml --json >"$work/plan.json"
python -m json.tool --no-ensure-ascii "$work/plan.json"
plan=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["plan_id"])' "$work/plan.json")
at 09:30:00
show filiation campaign approve "$plan" --by "Camille Second"

at 10:05:00
filiation gateway simulator --received "$work/received.jsonl" 2>"$work/simulator.log" & servers+=($!)
filiation gateway listen simulator 2>"$work/listener.log" & servers+=($!)
sleep 2
show filiation campaign send "$plan"
sleep 3
show filiation campaign status "$plan"
printf '\n%s messages reached the gateway.\n' "$(wc -l <"$work/received.jsonl")"

at 10:10:00
show filiation lineage "06 39 98 00 42" --reason "demo: where does this number come from?"
printf '\nThe base and its runs stay in %s. Open them in the Dagster UI with: make dev\n' "${FILIATION_HOME#"$PWD"/}"
