#!/usr/bin/env bash
# Starts Airflow with this repository's DAGs on the loopback interface, and ends all of it again.
#
#   scripts/up.sh            the environment may set PORT (default 18080, else the next free one),
#                            AIRFLOW_HOME, REDACTORY_CONFIG and VENV (default .venv)
#
# `airflow standalone` leaves its children behind when it is terminated, so it gets a process
# group of its own and this script ends the whole group. The API server and the UI listen on
# loopback only; Airflow's log servers (8793 and 8794, behind signed tokens) cannot be told to.
set -euo pipefail
umask 077
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(cd "$root/${VENV:-.venv}/bin" && pwd)

port=$("$bin/python" - "${PORT:-18080}" <<'PYTHON'
import socket
import sys

for port in range(int(sys.argv[1]), 65536):
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(port)
        break
PYTHON
)
url="http://127.0.0.1:$port"

export PATH="$bin:$PATH" PYTHONPATH="$root" AIRFLOW_HOME="${AIRFLOW_HOME:-$root/.airflow}"
export REDACTORY_CONFIG="${REDACTORY_CONFIG:-$AIRFLOW_HOME/redactory.toml}"
export AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__PARALLELISM=4
export AIRFLOW__CORE__PLUGINS_FOLDER="$root/plugins"
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="admin:ADMIN,auditor:VIEWER"
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="$url/execution/"
export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT="$port" AIRFLOW__API__WORKERS=1
export AIRFLOW__API__BASE_URL="$url"
AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=$("$bin/python" -c 'import json, sys; print(json.dumps([{
    "name": "repo",
    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
    "kwargs": {"path": sys.argv[1]}}]))' "$root")
export AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST

mkdir -p "$AIRFLOW_HOME"
if [[ ! -e $REDACTORY_CONFIG ]]; then
  cat > "$REDACTORY_CONFIG" <<TOML
# What redactory_ingest reads unless the trigger form says otherwise.
input = ["$root/redactory/demo_corpus/corpus.jsonl"]
output = "$root/demo-output/airflow-dataset"
policy = "gdpr"
label_column = "label"
TOML
fi

log="$AIRFLOW_HOME/standalone.log"
echo "Starting Airflow (a minute or two; its output goes to $log)"
setsid airflow standalone > "$log" 2>&1 < /dev/null &
group=$!

stop() {
  trap - EXIT INT TERM
  kill -TERM -- "-$group" 2> /dev/null || return 0
  for _ in {1..100}; do
    kill -0 -- "-$group" 2> /dev/null || return 0
    sleep 0.2
  done
  kill -KILL -- "-$group" 2> /dev/null || true
}
trap stop EXIT
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

healthy() {
  "$bin/python" - "$url/api/v2/monitor/health" <<'PYTHON' 2> /dev/null
import json
import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=5) as response:
    health = json.load(response)
parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
sys.exit(any(health[part]["status"] != "healthy" for part in parts))
PYTHON
}

until healthy; do
  if ! kill -0 "$group" 2> /dev/null; then
    echo "Airflow ended before it was ready; the end of $log:" >&2
    tail -n 20 "$log" >&2
    exit 1
  fi
  sleep 2
done

"$bin/python" - "$url" "$AIRFLOW_HOME/simple_auth_manager_passwords.json.generated" <<'PYTHON'
import json
import pathlib
import sys

print(f"Airflow is ready: {sys.argv[1]}")
for user, password in json.loads(pathlib.Path(sys.argv[2]).read_text()).items():
    print(f"  log in as {user:<8} password {password}")
print("DAGs: redactory_ingest (switch it on, then trigger it), redactory_train")
print("Ctrl-C ends it.")
PYTHON
wait "$group"
