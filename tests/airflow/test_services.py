"""The production topology, natively: PostgreSQL, Redis, Celery. A worker is killed half-way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
BATCHES = 20
RECORDS = 3
DAG = "redactory_ingest"
WOKEN = ("redactory_train", "redactory_predict")
# Generous: the machine may be busy with other things.
START_SECONDS = 400
RUN_SECONDS = 1200

pytestmark = pytest.mark.xdist_group("services")


def seconds(limit):
    """Go on for so long, with pauses."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        yield
        time.sleep(1)


class Airflow:
    """Somebody who is logged in.

    Args:
        url: of the API server.
        user: who; the simple auth manager's.
        password: theirs.
    """

    def __init__(self, url, user, password):
        self._url = url
        self._token = None
        told = self.ask("POST", "/auth/token", {"username": user, "password": password})
        self._token = told["access_token"]

    def ask(self, method, path, body=None):
        """The answer to a request, as JSON."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            return json.load(response)

    def switch_on(self, dag):
        """Switch a DAG on, as soon as it is known."""
        for _ in seconds(240):
            known = self.ask("GET", "/api/v2/dags?limit=100")["dags"]
            if dag in {each["dag_id"] for each in known}:
                break
        else:
            raise TimeoutError(f"the DAG {dag} did not appear")
        self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})

    def first_run(self, dag):
        """The first run of a DAG, as soon as there is one."""
        for _ in seconds(240):
            if runs := self.runs(dag):
                return runs[0]["dag_run_id"]
        raise TimeoutError(f"the DAG {dag} did not run")

    def runs(self, dag):
        """The runs of a DAG, the oldest first."""
        return self.ask("GET", f"/api/v2/dags/{dag}/dagRuns?order_by=start_date")["dag_runs"]

    def state(self, dag, run):
        """The state of a run."""
        return self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"]

    def tasks(self, dag, run):
        """The task instances of a run."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances?limit=200"
        return self.ask("GET", path)["task_instances"]


class Cluster:
    """A state folder and the program that manages what runs out of it."""

    def __init__(self, folder):
        self.folder = folder
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        self.environment = kept | {
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "240",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW_HOME": str(folder),
            "REDACTORY_CONFIG": str(folder / "standing.toml"),
            "REDACTORY_HOME": str(folder / "home"),
        }

    def services(self, *arguments):
        """Run the program to its end."""
        done = subprocess.run(
            [sys.executable, SCRIPTS / "services", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def status(self):
        """What runs."""
        return json.loads(self.services("status", "--json")[1])

    def redactory(self, *arguments, home="home", code=0):
        """Run our own program; returns its output."""
        done = subprocess.run(
            [Path(sys.executable).with_name("redactory"), *map(str, arguments)],
            env=self.environment | {"REDACTORY_HOME": str(self.folder / home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == code
        return done.stdout


def members(session):
    """Processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def alive(session):
    """Those that are more than an entry that init has not collected yet."""

    def state(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "X"

    return [pid for pid in members(session) if state(pid) not in "ZX"]


def kill_at_work(cluster, worker, airflow, run):
    """SIGKILL all processes of a worker as soon as both its slots hold tasks that run.

    A task that Celery has begun and Airflow not yet would be handed out again as if it were new.
    """
    from celery import Celery

    session = cluster.status()["sessions"][worker]
    broker = f"redis+socket://{cluster.folder}/redis/socket"
    with Celery(broker=broker) as app:
        for _ in seconds(120):
            told = app.control.inspect(timeout=2).active() or {}
            held = [
                str(task["args"])
                for name, tasks in told.items()
                if name.startswith(worker)
                for task in tasks
            ]
            ids = [task["id"] for task in airflow.tasks(DAG, run) if task["state"] == "running"]
            if sum(each in arguments for each in ids for arguments in held) == 2:
                break
        else:
            raise TimeoutError(f"{worker} got no tasks")
    for pid in members(session):
        os.kill(pid, signal.SIGKILL)


def contents(cluster, dataset):
    """Ids of the shards, and every record."""
    shards = {file.name.partition(".")[0] for file in (dataset / "shards").glob("*.parquet")}
    records = cluster.redactory("dataset", "read", dataset, home="homes/unseal")
    return shards, records.splitlines()


def failures(folder, tasks):
    """What stands at the end of the logs of tasks that did not go well."""
    told = []
    for task in tasks:
        if task["state"] not in {"success", "skipped"}:
            logs = folder.glob(f"logs/tasks/**/task_id={task['task_id']}/**/attempt=*.log")
            mapped = [log for log in logs if f"map_index={task['map_index']}" in str(log)]
            ends = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in sorted(mapped))
            told.append(f"{task['task_id']} {task['map_index']} {task['state']}\n{ends}")
    return "\n".join(told)


@pytest.fixture(scope="module")
def folder(unavailable):
    if shutil.which("redis-server") is None:
        unavailable("redis", "Redis is not installed")
    if not shutil.which("postgres") and not list(
        Path("/usr/lib/postgresql").glob("*/bin/postgres")
    ):
        unavailable("postgresql", "PostgreSQL's server is not installed")
    # A socket's path must be short, and the database's user must reach it.
    made = Path(tempfile.mkdtemp(prefix="redactory-services-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(folder):
    """Everything is up, with input for twenty batches, and nothing has run yet."""
    inputs = folder / "in"
    inputs.mkdir()
    for number in range(BATCHES):
        rows = [
            {
                "id": f"{number}-{row}",
                "text": f"{'Row' if row % 2 else 'Line'} {row}: write to jo.{number}@example.com.",
                "label": "odd" if row % 2 else "even",
            }
            for row in range(RECORDS)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (inputs / f"{number:02}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "spec.json").write_text(json.dumps({"d": 16, "scale_bits": 12}))
    (folder / "standing.toml").write_text(
        f"input = [{json.dumps(str(inputs))}]\noutput = {json.dumps(str(folder / 'dataset'))}\n"
        'bytes_per_batch = 1\nworkers = 1\nner = "none"\nlabel_column = "label"\n'
        f"[train]\nspec = {json.dumps(str(folder / 'spec.json'))}\n"
        "assume_range = true\nepochs = 2\nbatch_rows = 16\n",
        encoding="utf-8",
    )
    made = Cluster(folder)
    started, output, errors = made.services("start", "--wait", str(START_SECONDS))
    assert started == 0, output + errors
    yield made
    made.services("stop")


@pytest.fixture(scope="module")
def airflow(cluster):
    """The administrator."""
    passwords = cluster.folder / "simple_auth_manager_passwords.json.generated"
    password = json.loads(passwords.read_text())["admin"]
    return Airflow(cluster.status()["url"], "admin", password)


@pytest.fixture(scope="module")
def run(cluster, airflow):
    """The DAG's scheduled run over all batches; a worker was killed half-way."""
    for dag in (*WOKEN, DAG):
        airflow.switch_on(dag)
    run = airflow.first_run(DAG)
    killed = False
    for _ in seconds(RUN_SECONDS):
        tasks = airflow.tasks(DAG, run)
        sealed = [t for t in tasks if t["task_id"] == "seal_batch" and t["state"] == "success"]
        if not killed and len(sealed) >= BATCHES // 4:
            kill_at_work(cluster, "worker-seal-1", airflow, run)
            killed = True
        if (state := airflow.state(DAG, run)) in {"success", "failed"}:
            break
    assert killed
    tasks = airflow.tasks(DAG, run)
    return {"state": state, "tasks": tasks, "told": failures(cluster.folder, tasks)}


def test_the_run_ends_well_although_a_worker_was_killed(run):
    assert run["state"] == "success", run["told"]
    sealed = [task for task in run["tasks"] if task["task_id"] == "seal_batch"]
    assert len(sealed) == BATCHES
    assert {task["state"] for task in sealed} == {"success"}
    assert max(task["try_number"] for task in sealed) > 1  # what it had in hand was done again


def test_the_dataset_is_that_of_an_unbroken_run(cluster, run):
    unbroken = cluster.folder / "unbroken"
    cluster.redactory("run", "--config", cluster.folder / "standing.toml", "-o", unbroken)
    shards, records = contents(cluster, cluster.folder / "dataset")
    assert len(shards) >= BATCHES
    assert len(records) == BATCHES * RECORDS
    assert (shards, records) == contents(cluster, unbroken)
    cluster.redactory("dataset", "verify", cluster.folder / "dataset")


@pytest.fixture(scope="module")
def woken(cluster, airflow, run):
    """The runs that the published dataset and then the trained model woke, with their tasks."""
    for _ in seconds(RUN_SECONDS):
        runs = [(dag, each) for dag in WOKEN for each in airflow.runs(dag)]
        trained = [each["state"] for dag, each in runs if dag == "redactory_train"]
        predicted = [each["state"] for dag, each in runs if dag == "redactory_predict"]
        # One prediction was woken before there was a model.
        ended = {*trained, *predicted} <= {"success", "failed"}
        if ended and trained and (len(predicted) > 1 or "failed" in trained):
            break
    told = {dag: [] for dag in WOKEN}
    for dag, each in runs:
        tasks = airflow.tasks(dag, each["dag_run_id"])
        told[dag].append((each["state"], tasks, failures(cluster.folder, tasks)))
    return told


def test_the_parties_train_beside_one_another_as_tasks_of_their_own_queues(woken):
    ((state, tasks, told),) = woken["redactory_train"]
    assert state == "success", told
    assert {task["state"] for task in tasks} == {"success"}
    queues = {task["task_id"]: task["queue"] for task in tasks}
    assert [queues[f"party_{n}"] for n in (1, 2, 3)] == ["party-1", "party-2", "party-3"]
    assert {queues[name] for name in ("build_features", "deal", "reveal")} == {"unseal"}
    assert queues["record_model"] == "record"


def test_the_trained_model_wakes_predictions_whose_proofs_are_verified(cluster, woken):
    (early, _, told), *later = woken["redactory_predict"]
    assert early == "success", told
    assert later
    state, tasks, told = later[-1]
    assert state == "success", told
    assert {task["task_id"]: task["state"] for task in tasks} == {
        "update_features": "success",
        "predict": "success",
        "verify_proofs": "success",
    }
    features = cluster.folder / "dataset.features"
    cluster.redactory("dataset", "verify", features)
    shown = json.loads(cluster.redactory("ledger", "show", features / "ledger", "--json"))
    kinds = {statement["predicateType"].split(":")[3] for statement in shown}
    assert {"dealt", "trained", "predicted", "verified"} <= kinds


def test_the_lost_worker_is_seen(cluster, run):
    told = cluster.status()
    assert not told["healthy"]
    assert told["services"]["worker-seal-1"] == "ended"
    assert {state for name, state in told["services"].items() if name != "worker-seal-1"} == {
        "runs"
    }


def test_workers_hold_the_keys_of_their_queue_only(cluster, woken):
    private = {
        kind: {
            file.name
            for file in (cluster.folder / "homes" / kind / "keys").iterdir()
            if not file.name.endswith(".pub.pem")
        }
        for kind in ("seal", "record", "unseal", "party")
    }
    assert private == {
        "seal": set(),
        "record": {"log.pem"},
        "unseal": {"log.pem", "owner.pem", "reader.pem"},
        "party": set(),
    }
    # One key, not one that a worker drew for itself and that the next start would sweep away.
    assert (cluster.folder / "homes" / "unseal" / "keys" / "owner.pem").samefile(
        cluster.folder / "home" / "keys" / "owner.pem"
    )
    assert not (cluster.folder / "homes" / "seal" / "passphrase").exists()
    dataset = cluster.folder / "dataset"
    assert cluster.redactory("dataset", "read", dataset, home="homes/seal", code=5) == ""


def test_a_second_start_is_refused(cluster, run):
    code, _, errors = cluster.services("start")
    assert code == 1
    assert "runs in" in errors
    assert "Traceback" not in errors


def test_everything_can_be_stopped(cluster, run):
    sessions = cluster.status()["sessions"].values()
    assert cluster.services("stop")[0] == 0
    assert not [pid for session in sessions for pid in alive(session)]
    assert cluster.services("status")[0] == 1


def test_down_ends_what_a_killed_up_left_behind(folder):
    """The processes are in the middle of starting, which is when ending them is hardest."""
    small = Cluster(folder / "small")
    up = subprocess.Popen(
        [SCRIPTS / "up.sh"],
        env=small.environment | {"VENV": os.path.relpath(sys.prefix, ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in seconds(START_SECONDS):
            if len(sessions := small.status()["sessions"]) == 4:
                break
            assert up.poll() is None
    finally:
        up.kill()
        up.wait()
    assert all(alive(session) for session in sessions.values())
    done = subprocess.run(
        [SCRIPTS / "down.sh"],
        env=small.environment | {"VENV": os.path.relpath(sys.prefix, ROOT)},
        check=False,
    )
    assert done.returncode == 0
    assert not [pid for session in sessions.values() for pid in alive(session)]
