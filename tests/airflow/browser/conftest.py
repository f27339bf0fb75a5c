"""Airflow as a user meets it: one server for all of these tests, and headless Chromium."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
START_SECONDS = 600  # on a machine where much else runs
WAIT_SECONDS = 180


@dataclass
class Airflow:
    """A running Airflow.

    Attributes:
        url: of the API server.
        folder: everything of it lies below.
        dataset: where the ingest DAG writes to.
        passwords: by user.
    """

    url: str
    folder: Path
    dataset: Path
    passwords: dict[str, str]

    def call(self, path, *, user=None, method="GET", body=None):
        """Status and document of a request to the API."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if user is not None:
            headers["Authorization"] = f"Bearer {self.token(user)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                raw, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            raw, status = error.read(), error.code
        try:
            return status, json.loads(raw)
        except ValueError:
            return status, raw.decode(errors="replace")

    def token(self, user):
        """A token of this user."""
        body = {"username": user, "password": self.passwords[user]}
        status, answer = self.call("/auth/token", method="POST", body=body)
        assert status == 201, status
        return answer["access_token"]

    def until(self, what, ready, seconds=WAIT_SECONDS):
        """Ask until the answer is not false; fails with what was awaited."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                found = ready()
            except OSError:  # not up yet, or too busy to answer
                found = None
            if found:
                return found
            time.sleep(0.5)
        pytest.fail(f"{what}: not within {seconds} seconds\n{self.log()[-3000:]}")

    def log(self):
        """What the server printed."""
        return (self.folder / "standalone.log").read_text(encoding="utf-8", errors="replace")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _environment(folder, url, port):
    bundle = {
        "name": "repo",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(ROOT)},
    }
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AIRFLOW", "REDACTORY", "PYTEST", "COV_"))
    }
    return kept | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:ADMIN,auditor:VIEWER",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # only what a test triggers
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "REDACTORY_CONFIG": str(folder / "standing.toml"),
        "REDACTORY_HOME": str(folder / "home"),
    }


def _write_input(folder, dataset):
    """Seven records and a line that cannot be read, for the form; the standing file names none."""
    rows = [{"id": f"r-{n}", "text": f"Row {n}: write to zoe.r{n}@example.com."} for n in range(7)]
    lines = [*map(json.dumps, rows), '{"id": "broken']
    text = "".join(f"{line}\n" for line in lines)
    (folder / "from-the-form.jsonl").write_text(text, encoding="utf-8")
    (folder / "standing.toml").write_text(
        f"input = {json.dumps([str(folder / 'nothing.jsonl')])}\n"
        f"output = {json.dumps(str(dataset))}\n"
        'dataset_name = "letters"\npolicy = "gdpr"\nner = "none"\nworkers = 1\n'
        "rows_per_shard = 5\nmax_quarantine_share = 0.5\n",
        encoding="utf-8",
    )


def _watch_a_past(folder):
    """For pictures: a dataset with a past beside the one that the DAG writes."""
    path = Path(__file__).parents[1] / "audit_pages" / "world.py"
    spec = importlib.util.spec_from_file_location("audit_pages_world", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    letters = module.build(folder / "past").letters
    settings = folder / "audit.toml"
    settings.write_text(
        f'[[dataset]]\npath = {json.dumps(str(letters))}\nname = "Patient letters"\n'
        f"log_key = {json.dumps(str(letters / 'ledger' / 'log.vkey'))}\n",
        encoding="utf-8",
    )
    return {"REDACTORY_AUDIT": str(settings)}


@pytest.fixture(scope="session")
def airflow(tmp_path_factory):
    """Airflow with this repository's DAGs and plugin, on the loopback interface."""
    folder = tmp_path_factory.mktemp("airflow-server")
    dataset = folder / "dataset"
    _write_input(folder, dataset)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "airflow").mkdir()
    further = _watch_a_past(folder) if os.environ.get("REDACTORY_PICTURES") else {}
    with (folder / "standalone.log").open("wb") as log:
        # Terminated, `standalone` leaves its children behind: it gets a group of its own.
        server = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            cwd=folder,
            env=_environment(folder, url, port) | further,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Airflow(url, folder, dataset, {})
    try:
        started.until("Airflow is healthy", lambda: _healthy(started, server), START_SECONDS)
        generated = folder / "airflow" / "simple_auth_manager_passwords.json.generated"
        started.passwords.update(json.loads(generated.read_text(encoding="utf-8")))
        yield started
    finally:
        _end(server)


def _healthy(started, server):
    assert server.poll() is None, started.log()[-3000:]
    _, health = started.call("/api/v2/monitor/health")
    parts = ("metadatabase", "scheduler", "dag_processor")
    return all(health[part]["status"] == "healthy" for part in parts)


def _end(server):
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, kind)
        except ProcessLookupError:
            break
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            continue
        time.sleep(1)
    server.wait(20)


@pytest.fixture(scope="session")
def browser_programs(unavailable):
    """Chromium and its driver, of the distribution: nothing is downloaded."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    for name, path in found.items():
        if path is None:
            unavailable("chromium", f"the program {name} is not installed")
    return found


@pytest.fixture(scope="session")
def browsers(browser_programs, tmp_path_factory):
    """Makes browsers, each with a profile of its own, and closes them."""
    from selenium import webdriver

    opened = []

    def make(*, dark=False, language="en"):
        options = webdriver.ChromeOptions()
        options.binary_location = browser_programs["chromium"]
        profile = tmp_path_factory.mktemp("profile")
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--window-size=1280,900",
            f"--user-data-dir={profile}",
            f"--lang={language}",
            *(["--force-dark-mode"] if dark else []),
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        service = webdriver.ChromeService(browser_programs["chromedriver"])
        browser = webdriver.Chrome(options=options, service=service)
        browser.command_executor.client_config.timeout = START_SECONDS
        browser.set_page_load_timeout(WAIT_SECONDS)
        opened.append(browser)
        return browser

    yield make
    for browser in opened:
        browser.quit()
