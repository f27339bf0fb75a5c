"""Airflow operators: each ``execute`` is one call into ``redactory``, and nothing of its own.

Nothing here imports a detector, Arrow or the pipeline before a task runs: the DAG processor
parses the DAG files again and again.
"""
