"""Audit: verify the ledger, every file of the datasets, and the proofs; daily, and loudly.

Each part is a mapped task: the dataset, its identity map, and the feature datasets that the
`[audit]` table of the standing file names. A verdict, good or bad, becomes a `verified` statement
in the ledger. Whatever is wrong fails the task at once, with the first broken thing in its
message. Stating needs the ledger's signing key: queue `record`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.configuration import AUDIT
from operators.keeping import InspectOperator, ListPartsOperator
from operators.retries import default_args

with DAG(
    dag_id="redactory_audit",
    description="Is everything still as it was recorded?",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=AUDIT.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    InspectOperator.partial(
        task_id="inspect",
        queue="record",
        map_index_template="{{ task.part['part'] }}",
    ).expand(part=ListPartsOperator(task_id="list_parts").output)
