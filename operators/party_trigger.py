"""Waiting for the receipts of parties that others run: a trigger, so that no slot is held."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class ReceiptsTrigger(BaseTrigger):
    """Fires when every party of a job has left its signed receipt, or when the time is up.

    It is given what the form held and not where the job lies: the triggerer reads that from its
    own standing file, as every worker does.

    Args:
        params: of the DAG run.
        run_id: our id of the run.
        poll_seconds: how often the job's folder is looked at.
        wait_seconds: how long.
    """

    def __init__(
        self, *, params: dict[str, Any], run_id: str, poll_seconds: float, wait_seconds: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.params = params
        self.run_id = run_id
        self.poll_seconds = poll_seconds
        self.wait_seconds = wait_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class and arguments, as Airflow stores them."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "params": self.params,
            "run_id": self.run_id,
            "poll_seconds": self.poll_seconds,
            "wait_seconds": self.wait_seconds,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event with the names of those who have finished and of those who have not."""
        deadline = time.monotonic() + self.wait_seconds
        while True:
            done, missing = await asyncio.to_thread(self._finished)
            left = deadline - time.monotonic()
            if not missing or left <= 0:
                told = {"finished": done, "missing": missing}
                yield TriggerEvent(told)  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(min(self.poll_seconds, left))

    def _finished(self) -> tuple[list[str], list[str]]:
        from operators.failures import guarded  # noqa: PLC0415
        from operators.training import TRAIN  # noqa: PLC0415 - which imports this module
        from redactory.training_steps import finished  # noqa: PLC0415

        return guarded(lambda: finished(TRAIN.read(self.params), self.run_id))
