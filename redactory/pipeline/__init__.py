"""The pipeline without Airflow: list, seal, record, publish.

Each step takes the run's configuration and what the step before returned, keeps its state
below ``.runs/<run_id>/`` in the dataset's folder, and may be repeated after a crash.
:func:`redactory.pipeline.run.run` does all four in one process.
"""

from redactory.pipeline.steps import (
    counts_of_batch,
    decide_on_run,
    is_published,
    list_batches,
    publish_run,
    question_of_run,
    record_run,
    seal_batch,
)

__all__ = [
    "counts_of_batch",
    "decide_on_run",
    "is_published",
    "list_batches",
    "publish_run",
    "question_of_run",
    "record_run",
    "seal_batch",
]
