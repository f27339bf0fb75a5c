"""Train: wakes up when a dataset is published. For now a stub.

It reads the asset event and logs the dataset's id and version, which shows that publishing
wakes a consumer exactly once. It opens no shard and trains nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.assets import SEALED_DATASET
from operators.consume import AnnounceDatasetOperator

with DAG(
    dag_id="redactory_train",
    description="Stub: announces a published dataset",
    doc_md=__doc__,
    schedule=[SEALED_DATASET],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    tags=["redactory"],
):
    AnnounceDatasetOperator(task_id="announce_dataset")
