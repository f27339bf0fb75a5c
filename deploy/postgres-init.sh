#!/bin/sh
# Runs once, when the database's volume is new: a database for Celery's results, so that workers
# need not know Airflow's own, and Airflow's closed to everybody else.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$RESULTS_PASSWORD" --username "$POSTGRES_USER" \
  --dbname "$POSTGRES_DB" <<'SQL'
REVOKE CONNECT ON DATABASE airflow FROM PUBLIC;
CREATE ROLE results LOGIN PASSWORD :'password';
CREATE DATABASE results OWNER results;
REVOKE CONNECT ON DATABASE results FROM PUBLIC;
SQL
