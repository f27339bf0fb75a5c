"""Ingest: list the sources, seal them batch by batch, record the shards, publish the dataset.

Runs daily on the configuration that `REDACTORY_CONFIG` names on the workers; a manual trigger
may override any of its fields in the form. Recording and publishing run on the queue `record`,
whose workers hold the log's signing key; those that list and seal hold no private key at all.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.configuration import RUN
from operators.ingest import (
    ListSourcesOperator,
    PublishOperator,
    RecordOperator,
    SealBatchOperator,
)
from operators.retries import default_args

with DAG(
    dag_id="redactory_ingest",
    description="Raw text in, sealed and recorded shards out",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=RUN.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    listed = ListSourcesOperator(task_id="list_sources")
    sealed = SealBatchOperator.partial(
        task_id="seal_batch",
        map_index_template="batch {{ task.batch['batch_id'] }}",
    ).expand(batch=listed.output)
    recorded = RecordOperator(task_id="record", results=sealed.output, queue="record")
    recorded >> PublishOperator(task_id="publish", results=sealed.output, queue="record")
