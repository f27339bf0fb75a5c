"""Runs the real DAGs in a fresh Airflow home and prints what came of it as one JSON line.

A program of its own, since Airflow reads its environment when it is first imported. Called as
``python run_dags.py CONF.json RUN [RUN ...]`` by the tests, where RUN is ``filled`` (the form
holds CONF), ``standing`` (the form is empty), ``consumer`` (the scheduler looks for what the
asset has woken, and that runs) or ``report`` (print what there is so far, as at the end).
"""

import json
import sys
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
from airflow.utils.db import initdb
from airflow.utils.sqlalchemy import prohibit_commit
from sqlalchemy import select

ROOT = Path(__file__).parents[2]


def wake_consumers(dags):
    """Let the scheduler create the runs that assets ask for, and run their tasks."""
    with settings.Session() as session, prohibit_commit(session) as guard:
        SchedulerJobRunner(Job(), executors=[])._create_dagruns_for_dags(guard, session)
    session = settings.Session()
    waiting = select(DagRun).where(DagRun.run_type == "asset_triggered", DagRun.state == "queued")
    for dag_run in session.scalars(waiting).all():
        dag_run.set_state("running")
        for instance in dag_run.get_task_instances(session=session):
            instance.try_number += 1
            session.commit()
            _run_task(ti=instance, task=dags[dag_run.dag_id].task_dict[instance.task_id])
        dag_run.dag = DBDagBag().get_latest_version_of_dag(dag_run.dag_id, session=session)
        dag_run.update_state(session=session)
        session.commit()


def outcome():
    """States, XComs and asset events of everything that ran."""
    with settings.Session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.run_type != "scheduled")).all()
        ran = {run.run_id for run in runs}
        instances = session.scalars(select(TaskInstance)).all()
        return {
            "runs": [[run.dag_id, run.run_type, str(run.state)] for run in runs],
            "tasks": [
                [each.task_id, each.map_index, str(each.state), each.try_number, each.max_tries]
                for each in instances
                if each.run_id in ran
            ],
            "labels": [each.rendered_map_index for each in instances if each.map_index >= 0],
            "xcoms": [
                [each.task_id, each.key, XComModel.deserialize_value(each)]
                for each in session.scalars(select(XComModel)).all()
            ],
            "events": [event.extra for event in session.scalars(select(AssetEvent)).all()],
        }


def main(conf_file, *steps):
    """Run the steps in order."""
    initdb()
    conf = json.loads(Path(conf_file).read_text(encoding="utf-8"))
    for step in steps:
        bag = DagBag(dag_folder=str(ROOT))  # a run leaves its form's values in the DAG object
        if step == "consumer":
            wake_consumers(bag.dags)
        elif step == "report":
            report()
        else:
            bag.dags["redactory_ingest"].test(run_conf=conf if step == "filled" else {})
    report()


def report():
    """One line for the tests."""
    print("OUTCOME " + json.dumps(outcome()))


if __name__ == "__main__":
    main(*sys.argv[1:])
