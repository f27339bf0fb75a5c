"""The pipeline without Airflow: list, seal, record, publish.

Each step takes the run's configuration and what the step before returned, keeps its state
below ``.runs/<run_id>/`` in the dataset's folder, and may be repeated after a crash.
"""
