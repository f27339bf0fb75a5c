#!/usr/bin/env bash
# Ends what scripts/up.sh or scripts/services.sh started in AIRFLOW_HOME, also after a kill.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python="$root/${VENV:-.venv}/bin/python"
[[ ! -x $python ]] || exec "$python" "$root/scripts/services" stop "$@"
