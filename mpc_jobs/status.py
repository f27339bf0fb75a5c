"""How far a party is: a small public file in the job's folder, replaced as things go on."""

from __future__ import annotations

import json
import time
from typing import Any

from mpc_jobs.job import Job
from redactory.canonical import canonical_json
from redactory.durable import Folder
from redactory.errors import RedactoryError

_LEAST_SECONDS = 0.5


class Status:
    """The status file of one party; holds nothing that the job does not open anyway."""

    def __init__(self, folder: Folder, job: Job, party: str) -> None:
        self._folder, self._party = folder, party
        self._epochs = job.training.epochs
        self._phase = ""
        self._said = 0.0

    def say(self, phase: str, **facts: Any) -> None:
        """Write where the run is; within a phase no more than twice a second."""
        now = time.monotonic()
        if phase == self._phase and now - self._said < _LEAST_SECONDS:
            return
        self._phase, self._said = phase, now
        value = {"epochs": self._epochs, "facts": facts, "party": self._party, "phase": phase}
        self._folder.replace(status_file(self._party), canonical_json(value))

    def failed(self, error: RedactoryError) -> None:
        """Say that the party stopped, and why."""
        self._phase = ""
        # Without the place: the job's folder is shared, and a path may hold a name.
        self.say("failed", error=error.what)


def status_file(party: str) -> str:
    """Where a party's status lies in the job's folder."""
    return f"status/{party}.json"


def read_statuses(job: Job, folder: Folder) -> dict[str, dict[str, Any]]:
    """Status by party name; a party that has not started has none."""
    statuses = {}
    for card in job.parties:
        name = status_file(card.name)
        if folder.exists(name):
            statuses[card.name] = json.loads(folder.read(name))
    return statuses
