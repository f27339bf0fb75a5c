"""Ingest: list what is new, seal it batch by batch, record the shards, publish the dataset.

Runs daily on the configuration that `REDACTORY_CONFIG` names on the workers; a manual trigger
may override any of its fields in the form. An object is read once: again only when the storage
says that it changed, and then its new shards supersede the old. A source that was deleted or
emptied is put on record, and its records are kept or shredded as `on_deleted` says.

If the leak gate withheld records, or too many are in quarantine, the task `release` asks a person
before anything is published; who approved or rejected goes into the ledger.

Recording, releasing and publishing run on the queue `record`, whose workers hold the log's signing
key; those that list and seal hold no private key at all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from operators.configuration import INGEST
from operators.ingest import (
    ListSourcesOperator,
    PublishOperator,
    RecordOperator,
    SealBatchOperator,
)
from operators.release import ReleaseOperator
from operators.retries import default_args

with DAG(
    dag_id="redactory_ingest",
    description="Raw text in, sealed and recorded shards out",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=INGEST.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    listed = ListSourcesOperator(task_id="list_sources")
    sealed = SealBatchOperator.partial(
        task_id="seal_batch",
        map_index_template="batch {{ task.batch['batch_id'] }}"
        "{% if shards is defined and shards %}: {{ shards }}{% endif %}",
    ).expand(batch=listed.output)
    recorded = RecordOperator(task_id="record", results=sealed.output, queue="record")
    # Without anything new to seal there may still be a source that is gone.
    released = ReleaseOperator(
        task_id="release",
        results=sealed.output,
        queue="record",
        trigger_rule="none_failed",
        response_timeout=timedelta(days=7),
    )
    published = PublishOperator(
        task_id="publish", results=sealed.output, queue="record", trigger_rule="none_failed"
    )
    recorded >> released >> published
