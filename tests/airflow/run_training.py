"""Runs ingest and the training that it wakes, and prints what came of it as one JSON line.

``dag.test()`` runs one task after the other, but the parties of a training job wait for each
other: what is due together gets a process each, ``python run_training.py DAG INSTANCE``.
"""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

from airflow import settings
from airflow.dag_processing.dagbag import DagBag
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import DagRun, TaskInstance
from airflow.models.asset import AssetEvent
from airflow.models.dagbag import DBDagBag
from airflow.models.xcom import XComModel
from airflow.sdk.definitions.dag import _run_task
from airflow.utils.sqlalchemy import prohibit_commit
from sqlalchemy import select

ROOT = Path(__file__).parents[2]
TRAIN = "redactory_train"


def work(dag_id, instance_id):
    """Run one task, and its trigger if it defers."""
    task_of = DagBag(dag_folder=str(ROOT)).dags[dag_id].task_dict
    with settings.Session() as session:
        instance = session.get(TaskInstance, uuid.UUID(instance_id))
        _run_task(ti=instance, task=task_of[instance.task_id], run_triggerer=True)
        session.commit()


def run_to_end(dag_run, session, *, seconds=600):
    """Run what is due until nothing is, or the time is up."""
    end = time.monotonic() + seconds
    dag_run.set_state("running")
    session.commit()
    dag_run.dag = DBDagBag().get_latest_version_of_dag(dag_run.dag_id, session=session)
    while time.monotonic() < end:
        session.expire_all()
        due, _ = dag_run.update_state(session=session)
        for instance in due:
            instance.try_number += 1
            instance.state = "scheduled"
        names = [str(instance.id) for instance in due]
        session.commit()
        if str(dag_run.state) != "running":
            return
        if len(names) > 1:
            _together(dag_run.dag_id, names, end - time.monotonic())
        elif names:
            work(dag_run.dag_id, names[0])
        else:
            time.sleep(0.5)  # a task waits for its next try
    raise TimeoutError(f"{dag_run.dag_id} did not end")


def _together(dag_id, names, seconds):
    processes = [subprocess.Popen([sys.executable, __file__, dag_id, name]) for name in names]
    try:
        for process in processes:
            process.wait(seconds)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wake():
    """Let the scheduler create the runs that assets ask for, and run the training among them."""
    with settings.Session() as session, prohibit_commit(session) as guard:
        SchedulerJobRunner(Job(), executors=[])._create_dagruns_for_dags(guard, session)
    waiting = select(DagRun).where(DagRun.dag_id == TRAIN, DagRun.state == "queued")
    with settings.Session() as session:
        for dag_run in session.scalars(waiting).all():
            run_to_end(dag_run, session)


def outcome():
    """Training runs, XComs of their tasks, and asset events."""
    with settings.Session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.dag_id == TRAIN)).all()
        xcoms = session.scalars(select(XComModel).where(XComModel.dag_id == TRAIN)).all()
        tasks = session.scalars(select(TaskInstance).where(TaskInstance.dag_id == TRAIN)).all()
        return {
            "runs": [[run.run_type, str(run.state)] for run in runs],
            "tasks": {each.task_id: str(each.state) for each in tasks},
            "xcoms": [[x.task_id, x.key, XComModel.deserialize_value(x)] for x in xcoms],
            "events": [event.extra for event in session.scalars(select(AssetEvent)).all()],
        }


def main():
    """Ingest, then twice what the event asks for; the second time, nothing."""
    DagBag(dag_folder=str(ROOT)).dags["redactory_ingest"].test()
    wake()
    wake()
    print("OUTCOME " + json.dumps(outcome()))


if __name__ == "__main__":
    if sys.argv[1:]:
        work(*sys.argv[1:])
    else:
        main()
