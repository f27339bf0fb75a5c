#!/usr/bin/env bash
# Airflow as in production, on this machine and without containers: PostgreSQL, Redis, the API
# server, scheduler, DAG processor, triggerer, and Celery workers for each queue.
#
#   scripts/services.sh start|status|stop [--folder FOLDER]     see --help of each
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/${VENV:-.venv}/bin/python" "$root/scripts/services" "$@"
