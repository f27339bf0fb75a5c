"""Asks Airflow and its workers whether they are well."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable

PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


def airflow_health(url: str) -> dict[str, str]:
    """The state of each part of Airflow, as its API server tells it; ``absent`` without one."""
    try:
        # Not urlopen: a proxy of the environment has no business on the loopback interface.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/api/v2/monitor/health", timeout=5) as response:
            told = json.load(response)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return dict.fromkeys(PARTS, "absent")
    return {part: str((told.get(part) or {}).get("status")) for part in PARTS}


def missing_workers(broker: str, names: Iterable[str]) -> set[str]:
    """Those of the named Celery workers that do not answer.

    Args:
        broker: its URL.
        names: what the workers are called before the ``@``.
    """
    from celery import Celery  # noqa: PLC0415 - a second that `stop` need not take

    with Celery(broker=broker) as asking:
        answers = asking.control.ping(timeout=2)
    there = {name.partition("@")[0] for answer in answers for name in answer}
    return set(names) - there
