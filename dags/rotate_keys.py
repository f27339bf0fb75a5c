"""Rotate keys: a reader's key gives way to another; the shards themselves stay as they are.

Triggered by hand: the form asks for the new key. It stops access through this store only: whoever
has the old private key and an old copy of a wrap can still open that file, so after a theft use
`redactory dataset reseal`. Needs the old private key, and the ledger's: queue `unseal`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.configuration import ROTATION
from operators.keeping import RotateKeysOperator
from operators.retries import default_args

with DAG(
    dag_id="redactory_rotate_keys",
    description="A reader's key gives way to another",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=ROTATION.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    RotateKeysOperator(task_id="rotate_keys", queue="unseal")
