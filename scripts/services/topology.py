"""What runs, and with which settings: Airflow on one machine, small or as in production.

``local`` is SQLite and Airflow's own executor, for trying things out (``make up``).
``cluster`` is what docker-compose.yml describes: PostgreSQL, Redis, Celery workers for each
queue. Everything listens on the loopback interface or on sockets below the state folder.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST_PORT = 18080

AIRFLOW = {
    "api-server": ["api-server"],
    # Logs lie in one folder that all can read: nobody need serve them, on whatever interface.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


@dataclass(frozen=True)
class Worker:
    """A Celery worker.

    Attributes:
        name: of the service.
        queues: what it takes tasks from, with commas.
        keys: which of the divided key folders it works with.
        tasks: how many at once.
    """

    name: str
    queues: str
    keys: str
    tasks: int = 2


# Two that seal, so that one can be lost; one for each private key; and one that plays all
# compute parties, which is a simulation on one machine anyway.
WORKERS = (
    Worker("worker-seal-1", "default", "seal"),
    Worker("worker-seal-2", "default", "seal"),
    Worker("worker-record", "record", "record", tasks=1),
    Worker("worker-unseal", "unseal", "unseal", tasks=1),
    Worker("worker-parties", "party-1,party-2,party-3", "party", tasks=3),
)


def airflow_settings(folder: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that both topologies share; ``environment`` goes over them.

    Args:
        folder: Airflow's home and ours.
        port: of the API server and UI, on 127.0.0.1.
        environment: the caller's.
    """
    url = f"http://127.0.0.1:{port}"
    bundle = {
        "name": "repo",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(ROOT)},
    }
    drawn = _secrets(folder)
    ours = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__API_AUTH__JWT_SECRET": drawn["jwt"],
        "AIRFLOW__API__SECRET_KEY": drawn["api"],
        "AIRFLOW__API__WORKERS": "1",
        # Else Redis would hand out again what takes longer than an hour.
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
        "AIRFLOW__CORE__FERNET_KEY": drawn["fernet"],
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:ADMIN,auditor:VIEWER",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs" / "tasks"),
        "REDACTORY_CONFIG": str(folder / "redactory.toml"),
    }
    # What would break the set-up if it came from elsewhere.
    fixed = {
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]),
    }
    return ours | dict(environment) | fixed


def celery_settings(postgres: Path, redis: Path) -> dict[str, str]:
    """What Celery adds.

    Args:
        postgres: folder of the database's socket.
        redis: the broker's socket.
    """
    # Airflow's asynchronous sessions turn the same address into asyncpg's.
    database = f"postgresql+psycopg2://airflow@/airflow?host={postgres}"
    return {
        "AIRFLOW__CELERY__BROKER_URL": f"redis+socket://{redis}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": (
            f"postgresql+asyncpg://airflow@/airflow?host={postgres}"
        ),
    }


def free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens at on the loopback interface."""
    for port in range(first, 1 << 16):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"error: no port is free from {first} on")


def _secrets(folder: Path) -> dict[str, str]:
    """Airflow's own keys, drawn at the first start and then kept."""
    file = folder / "secrets.json"
    if not file.exists():
        drawn = {
            "api": secrets.token_urlsafe(32),
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
            "jwt": secrets.token_urlsafe(64),
        }
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(drawn, out)
    return dict(json.loads(file.read_text(encoding="utf-8")))
