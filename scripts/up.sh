#!/usr/bin/env bash
# Starts Airflow with this repository's DAGs on the loopback interface, and ends all of it again:
# on Ctrl-C, or when scripts/down.sh runs in another shell.
#
#   scripts/up.sh            the environment may set PORT (default 18080, else the next free one),
#                            AIRFLOW_HOME, REDACTORY_CONFIG and VENV (default .venv)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/${VENV:-.venv}/bin/python" "$root/scripts/services" up "$@"
