"""Runs the predict DAG on a tiny dataset and prints what came of it, one JSON line a run.

A program of its own, since Airflow reads its environment when it is first imported. Called as
``python run_predict.py FOLDER`` by the tests: the DAG runs before there is anything; with
features and a model; once more, with nothing new; and after the texts have grown.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
from airflow import settings
from airflow.dag_processing.dagbag import DagBag
from airflow.models import DagRun, TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select

from mpc_jobs.features import FeatureSpec
from redactory.config import RunConfig
from redactory.featurising.building import build_features
from redactory.featurising.settings import FeatureBuild
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup
from redactory.proving_models import Parameters, commit_model, quantise, save_model

ROOT = Path(__file__).parents[2]
D = 8
CANARY = "canary-1618033988"


def ingest(folder, name, numbers):
    """Texts into the sealed dataset."""
    rows = [
        {
            "id": str(n),
            "text": f"The pump no {n} drips, {CANARY}",
            "label": "no" if n % 2 else "yes",
        }
        for n in numbers
    ]
    source = folder / name
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = {
        "input": [str(source)],
        "output": str(folder / "notes"),
        "ner": "none",
        "label_column": "label",
        "rows_per_shard": 3,
    }
    run(RunSetup(RunConfig.parse(config), KeyStore()))


def prepare(folder):
    """Texts, features, and a model whose parameters nobody else knows."""
    ingest(folder, "first.jsonl", range(5))
    spec = FeatureSpec(d=D, scale_bits=12)
    notes, features = str(folder / "notes"), str(folder / "notes.features")
    build_features(FeatureBuild(dataset=notes, output=features, spec=spec), KeyStore())
    rng = np.random.default_rng(5)
    parameters = Parameters(((rng.normal(size=(1, D)), np.zeros(1)),), "none")
    own = commit_model(quantise(parameters, scale_bits=12), spec_digest=spec.digest)
    save_model(own, str(folder / "model"))


def predict(folder):
    """One run of the DAG; the form names the model, the standing file the rest."""
    dag = DagBag(dag_folder=str(ROOT / "dags" / "predict.py")).dags["redactory_predict"]
    dag.test(run_conf={"model": str(folder / "model")})
    return sorted(asset.name for asset in dag.timetable.asset_condition.objects)


def outcome(woken_by):
    """The newest run: its state, its tasks, what they returned."""
    with settings.Session() as session:
        newest = session.scalars(select(DagRun).order_by(DagRun.id.desc())).first()
        tasks = select(TaskInstance).where(TaskInstance.run_id == newest.run_id)
        xcoms = select(XComModel).where(XComModel.run_id == newest.run_id)
        return {
            "woken_by": woken_by,
            "state": str(newest.state),
            "tasks": {each.task_id: str(each.state) for each in session.scalars(tasks)},
            "xcoms": {
                each.task_id: XComModel.deserialize_value(each)
                for each in session.scalars(xcoms)
                if each.key == "return_value"
            },
        }


def main(place):
    """The four runs."""
    folder = Path(place)
    steps = (
        lambda: KeyStore().ensure("reader", "quarantine", "log"),
        lambda: prepare(folder),
        lambda: None,
        lambda: ingest(folder, "more.jsonl", range(5, 7)),
    )
    for step in steps:
        step()
        print("OUTCOME " + json.dumps(outcome(predict(folder))), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    main(sys.argv[1])
