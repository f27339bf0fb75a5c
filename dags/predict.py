"""Predict: labels for new rows, each shard of them with a proof that anyone can check.

Wakes up when a dataset is published or a model was trained, and can be triggered by hand. It
brings the feature dataset up to date, predicts on the shards that the model has no proof for,
and verifies the new proofs as an auditor would; predictions and verdict go into the log of the
features. The model is that of the form or of the table `[predict]`, by default the one that was
trained last. The first two tasks open rows and so run on the queue `unseal`, whose workers hold
the reader's key; the last needs the log's key only.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from operators.assets import SEALED_DATASET, TRAINED_MODEL
from operators.predicting import (
    PREDICT,
    PredictOperator,
    UpdateFeaturesOperator,
    VerifyProofsOperator,
)
from operators.retries import default_args

with DAG(
    dag_id="redactory_predict",
    description="Labels with proofs for new rows",
    doc_md=__doc__,
    schedule=SEALED_DATASET | TRAINED_MODEL,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=PREDICT.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    features = UpdateFeaturesOperator(task_id="update_features", queue="unseal")
    predicted = PredictOperator(task_id="predict", queue="unseal")
    features >> predicted >> VerifyProofsOperator(task_id="verify_proofs", queue="record")
