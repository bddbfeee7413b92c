# The settings of the demo, for demo.sh and dev.sh; sourced, not run.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Whatever the shell exports for another home, its database and keys, is not the demo's.
for name in "${!FILIATION_@}"; do unset "$name"; done
export FILIATION_ENV=demo
export FILIATION_HOME="$PWD/.filiation/demo"
export FILIATION_LANDING="$PWD/sample/landing"
export FILIATION_OPEN_DATA="$PWD/sample/open_data"
export FILIATION_CONFIG="$PWD/config"
export PATH="$PWD/.venv/bin:$PATH"
export DBT_SEND_ANONYMOUS_USAGE_STATS=false GX_ANALYTICS_ENABLED=false
