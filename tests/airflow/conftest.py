import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def repository_root_on_path(tmp_path_factory):
    """``operators`` is never installed; and Airflow must not touch the user's own home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow-home")))
        patch.syspath_prepend(str(ROOT))
        yield


class Deployment:
    """An Airflow home of its own, and programs that run in it."""

    def __init__(self, folder, database=None):
        self.folder = folder
        bundle = {
            "name": "repo",
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(ROOT)},
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        self.environment = kept | {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "REDACTORY_CONFIG": str(folder / "standing.toml"),
            "REDACTORY_HOME": str(folder / "home"),
        }
        (folder / "airflow").mkdir()
        if database is not None:
            shutil.copy(database, folder / "airflow" / "airflow.db")

    def python(self, *arguments):
        """Run a Python program to its end; returns its output."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with (self.folder / "output.log").open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout


@pytest.fixture
def bare_deployment(tmp_path):
    """Without a database."""
    return Deployment(tmp_path)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory):
    """Airflow's tables on SQLite; making them takes longer than most of what the tests do."""
    made = Deployment(tmp_path_factory.mktemp("migrated"))
    made.python("-c", "from airflow.utils.db import initdb; initdb()")
    return made.folder / "airflow" / "airflow.db"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, migrated_database):
    return Deployment(tmp_path_factory.mktemp("deployment"), migrated_database)
