"""Runs the DAGs that keep a dataset, step by step, and prints a report on each as a JSON line.

A program of its own, since Airflow reads its environment when it is first imported. Called as
``python run_ingest.py STEPS.json``, where a step is an object with one of

``{"test": DAG, "conf": {}, "answer": "Approve", "fault": "record"}``
    ``dag.test()`` with this form; a person gives the answer when asked; the named call does its
    work once and then fails, as when a worker is lost.
``{"side_by_side": DAG, "conf": [{}, {}]}``   runs whose tasks alternate
``{"clear": TASK}``                           clear a task of the newest run; what follows runs
``{"wake": true}``                            the scheduler makes the runs that assets ask for
``{"write": PATH, "text": TEXT}`` ``{"delete": PATH}`` ``{"damage": GLOB, "in": FOLDER}``
    what happens to files in between
"""

import json
import os
import sys
import threading
import time
import tomllib
from datetime import timedelta
from pathlib import Path

from airflow import settings
from airflow._shared.timezones.timezone import utcnow
from airflow.dag_processing.dagbag import DagBag
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import DagModel, DagRun, TaskInstance
from airflow.models.asset import AssetEvent
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import get_or_create_dagrun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import clear_task_instances
from airflow.models.trigger import handle_event_submit
from airflow.models.xcom import XComModel
from airflow.sdk.configuration import conf as airflow_conf
from airflow.sdk.definitions.dag import _run_task
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from airflow.triggers.base import TriggerEvent
from airflow.utils.db import initdb
from airflow.utils.sqlalchemy import prohibit_commit
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

import redactory.pipeline
from audit_ledger import Log

ROOT = Path(__file__).parents[2]
USER = {"id": "7", "name": "vera k"}
SECONDS = 900
_EXPORTS_SECONDS = 3  # several times the interval at which every provider of metrics exports


def dag_of(name):
    """A fresh DAG, whose tasks are tried again at once; a run leaves its form in the object."""
    dag = DagBag(dag_folder=str(ROOT)).dags[name]
    for task in dag.tasks:
        task.retry_delay = timedelta(0)
    return dag


def answer(choice, done):
    """Do what the API does when a person answers, as soon as there is a question."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not done.is_set():
        time.sleep(0.2)
        with settings.Session() as session:
            for detail in session.scalars(select(HITLDetail)).all():
                waiting = session.get(TaskInstance, detail.ti_id)
                # dag.test() parks the task a second time; who answered in between answers again.
                if str(waiting.state) != "awaiting_input":
                    continue
                detail.responded_by, detail.responded_at = USER, utcnow()
                detail.chosen_options, detail.params_input = [choice], {}
                event = TriggerEvent(detail.as_resume_event_payload())
                handle_event_submit(event, task_instance=waiting, session=session)
                session.commit()


def fail_once(name):
    """Let a call of the pipeline do its work, and the worker be lost before it can say so."""
    real = getattr(redactory.pipeline, name)

    def failing(*arguments, **options):
        setattr(redactory.pipeline, name, real)
        real(*arguments, **options)
        raise OSError("lost at /secret/zebulon-quill")

    setattr(redactory.pipeline, name, failing)


def test(step):
    """``dag.test()``."""
    done = threading.Event()
    person = threading.Thread(target=answer, args=(step.get("answer", "Reject"), done))
    person.start()
    try:
        if "fault" in step:
            fail_once(step["fault"])
        dag_of(step["test"]).test(run_conf=step.get("conf", {}))
    finally:
        done.set()
        person.join()


def drive(*run_ids):
    """Run what is due in each run by turns, until all have ended."""
    end = time.monotonic() + SECONDS
    left = list(run_ids)
    while left:
        assert time.monotonic() < end, "the runs did not end"
        for run_id in list(left):
            # Running a task closes the session of this thread.
            with settings.NonScopedSession() as session:
                run = session.get(DagRun, run_id)
                run.dag = DBDagBag().get_latest_version_of_dag(run.dag_id, session=session)
                due, _ = run.update_state(session=session)
                for instance in due:
                    instance.try_number += 1
                    instance.state = "scheduled"
                session.commit()
                dag_id, ended = run.dag_id, str(run.state) != "running"
                due = [instance.id for instance in due]
            if ended:
                left.remove(run_id)
            if not due:
                time.sleep(0.1)
                continue
            tasks = dag_of(dag_id).task_dict
            for instance_id in due:
                with settings.NonScopedSession() as session:
                    instance = session.get(TaskInstance, instance_id)
                    _run_task(ti=instance, task=tasks[instance.task_id])


def side_by_side(step):
    """Runs of one DAG that began together."""
    with settings.NonScopedSession() as session:
        dag = DBDagBag().get_latest_version_of_dag(step["side_by_side"], session=session)
        runs = []
        for number, conf in enumerate(step["conf"]):
            now = utcnow() + timedelta(seconds=number)
            runs.append(
                get_or_create_dagrun(
                    dag=dag,
                    run_id=f"manual__{now.isoformat()}",
                    logical_date=now,
                    data_interval=(now, now),
                    run_after=now,
                    conf=conf,
                    triggered_by=DagRunTriggeredByType.TEST,
                    triggering_user_name=f"user-{number}",
                    start_date=now,
                    session=session,
                )
            )
        session.commit()
        made = [run.id for run in runs]
    drive(*made)


def clear(step):
    """Clear a task and everything behind it, as the button in the UI does, and run that."""
    with settings.NonScopedSession() as session:
        newest = session.scalars(
            select(DagRun).where(DagRun.run_type == "manual").order_by(DagRun.id.desc())
        ).first()
        dag = dag_of(newest.dag_id)
        cleared = dag.task_dict[step["clear"]]
        behind = {cleared.task_id, *(task.task_id for task in cleared.get_flat_relatives())}
        instances = [i for i in newest.get_task_instances(session=session) if i.task_id in behind]
        clear_task_instances(instances, session)
        newest.set_state("running")
        session.commit()
        cleared_run = newest.id
    drive(cleared_run)


def wake(_):
    """Let the scheduler create the runs that assets ask for; they begin, and do nothing here."""
    with settings.NonScopedSession() as session:
        # Those that were woken before have ended meanwhile.
        for run in session.scalars(select(DagRun).where(DagRun.run_type == "asset_triggered")):
            run.set_state("success")
        for dag in session.scalars(select(DagModel)):
            dag.exceeds_max_non_backfill = False
        session.commit()
    with settings.Session() as session, prohibit_commit(session) as guard:
        SchedulerJobRunner(Job(), executors=[])._create_dagruns_for_dags(guard, session)
    with settings.NonScopedSession() as session:
        queued = DagRun.run_type == "asset_triggered", DagRun.state == "queued"
        for run in session.scalars(select(DagRun).where(*queued)):
            run.set_state("running")
        session.commit()


def write(step):
    """A file comes, or changes, a minute ago: what is younger is read again by the next run."""
    place = Path(step["write"])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(step["text"], encoding="utf-8")
    written = time.time() - 60
    os.utime(place, (written, written))


def delete(step):
    """A file goes."""
    Path(step["delete"]).unlink()


def damage(step):
    """A bit of the first file that matches is flipped."""
    place = min(Path(step["in"]).glob(step["damage"]))
    raw = place.read_bytes()
    place.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))


DOERS = {each.__name__: each for each in (test, side_by_side, clear, wake, write, delete, damage)}


def leaves():
    """Kinds of all statements of the dataset."""
    standing = tomllib.loads(Path(os.environ["REDACTORY_CONFIG"]).read_text(encoding="utf-8"))
    ledger = Path(standing["output"], "ledger")
    if not ledger.exists():
        return []
    return [entry.statement.kind for entry in Log.open(ledger).entries()]


def report():
    """What there is after a step."""
    with settings.Session() as session:
        runs = session.scalars(
            select(DagRun).where(DagRun.run_type != "scheduled").order_by(DagRun.id)
        ).all()
        manual = [run for run in runs if run.run_type == "manual"]
        newest = manual[-1] if manual else None
        instances = newest.get_task_instances(session=session) if newest else []
        told = session.scalars(select(XComModel).order_by(XComModel.timestamp)).all()
        return {
            "run": newest.run_id if newest else None,
            "state": str(newest.state) if newest else None,
            "woken": [run.dag_id for run in runs if run.run_type == "asset_triggered"],
            "tasks": {
                f"{each.task_id}[{each.map_index}]": [str(each.state), each.try_number]
                for each in instances
            },
            "leaves": leaves(),
            "labels": sorted(i.rendered_map_index for i in instances if i.rendered_map_index),
            "xcoms": [
                [each.task_id, each.key, XComModel.deserialize_value(each)]
                for each in told
                if newest and each.run_id == newest.run_id
            ],
            "events": [
                event.extra for event in session.scalars(select(AssetEvent).order_by(AssetEvent.id))
            ],
            "asked": [
                [detail.subject, detail.body] for detail in session.scalars(select(HITLDetail))
            ],
        }


def main(steps_file):
    """Do all steps."""
    initdb()
    # As the process of a task does.
    stats.initialize(
        factory=stats_utils.get_stats_factory(),
        export_legacy_names=airflow_conf.getboolean("metrics", "legacy_names_on"),
    )
    for step in json.loads(Path(steps_file).read_text(encoding="utf-8")):
        (doer,) = DOERS.keys() & step.keys()
        DOERS[doer](step)
        print("REPORT " + json.dumps(report()), flush=True)
    time.sleep(_EXPORTS_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
