"""Retention: shred what is older than it may be; daily.

The `[retention]` table of the standing file says after how many days data, superseded shards and
the quarantine go; the quarantine always does. A dry run only counts what is due. Shredding
destroys keys and needs none that opens anything, only the ledger's to say so: queue `record`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.configuration import RETENTION
from operators.keeping import ExpireOperator
from operators.retries import default_args

with DAG(
    dag_id="redactory_retention",
    description="Shred what is older than it may be",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=RETENTION.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    ExpireOperator(task_id="expire", queue="record")
