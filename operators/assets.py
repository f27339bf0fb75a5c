"""The assets through which DAGs wake each other."""

from __future__ import annotations

from airflow.sdk import Asset

# The name says what it is, not where it lies: a path can hold a person's or a client's name.
SEALED_DATASET = Asset(name="sealed_dataset", uri="x-redactory://sealed-dataset")
TRAINED_MODEL = Asset(name="trained_model", uri="x-redactory://trained-model")
