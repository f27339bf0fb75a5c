"""Sealing on Apache Spark (``mapInArrow``): the driver plans and records, executors seal.

Each batch is a Spark job of its own, so that its shards are counted and its errors known while
other batches are still at work. Shard ids and records are those of the local engine, since the
same functions make them (:mod:`redactory.pipeline.spark_tasks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pii_rules.policy import built_in_policies
from redactory.config import RunConfig
from redactory.durable import is_temporary
from redactory.errors import InputError, RedactoryError
from redactory.pipeline.batch import Progress, Seal
from redactory.pipeline.outcome import ShardOutcome
from redactory.pipeline.planning import ShardInput
from redactory.pipeline.sealing import SealContext
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.spark_session import spark_session
from redactory.pipeline.spark_tasks import Work, raise_told, rules_digest, sealed_part
from redactory.pipeline.state import RunState

_LOOK_SECONDS: Final = 2.0
_JOBS: Final = 256  # at a time, though there be fewer slots: executors may join later
_COLUMNS: Final = "part long, shard string, outcome string, error string"
Batch = dict[str, Any]
SealOf = Callable[[Batch], Seal]


@contextmanager
def sealing_on_spark(
    setup: RunSetup,
    state: RunState,
    batches: Sequence[Batch],
    context: SealContext,
    progress: Progress,
) -> Iterator[tuple[SealOf, Progress]]:
    """Begin all batches; a function that gives each its ``seal``, and what counts outcomes.

    Args:
        setup: of the run.
        state: of the run.
        batches: what the list step returned.
        context: what executors hold.
        progress: told of each shard once.

    Raises:
        InputError: Spark does not start; see :func:`spark_session`.
    """
    context = replace(context, config=_found_from_anywhere(setup))
    work = Work(context.run_id, rules_digest(setup), context, setup.planner())
    # The session ends first, and with it the jobs that threads wait for.
    with ThreadPoolExecutor(_JOBS) as threads, spark_session(setup.config.master) as session:
        slots = max(1, session.sparkContext.defaultParallelism)
        try:
            jobs = {}
            for batch in batches:
                parts = _parts(setup, state, batch, slots, len(batches))
                jobs[batch["batch_id"]] = threads.submit(_job, session, work, batch, parts)
            begun = _Jobs(jobs, state, progress)
            yield begun.seal_of, begun.count
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _found_from_anywhere(setup: RunSetup) -> RunConfig:
    """The configuration with absolute paths: executors have working folders of their own."""
    config = setup.config
    named = {"policy": config.policy, "canaries": config.canaries}
    if config.policy in built_in_policies():
        del named["policy"]
    absolute = {key: str(Path(path).absolute()) for key, path in named.items() if path}
    return config.model_copy(update={"output": setup.folder.url, **absolute})


class _Jobs:
    """The jobs of a run, by batch.

    Args:
        jobs: the answers that are to come.
        state: of the run.
        progress: told of each shard once.
    """

    def __init__(
        self, jobs: dict[str, Future[list[ShardOutcome]]], state: RunState, progress: Progress
    ) -> None:
        self._jobs = jobs
        self._state = state
        self._progress = progress
        # What an earlier try left may be of shards that this one does not meet again.
        self._seen = set(self._outcome_names())
        self._counted: set[str] = set()

    def seal_of(self, batch: Batch) -> Seal:
        """The outcomes of a batch, in order; shard inputs are not read here."""

        def seal(_unread: Iterable[ShardInput]) -> Iterator[ShardOutcome]:
            return iter(self._answer(batch["batch_id"]))

        return seal

    def count(self, outcome: ShardOutcome) -> None:
        """Tell of a shard, unless it was told of while its batch was at work."""
        if outcome.shard not in self._counted:
            self._counted.add(outcome.shard)
            self._progress(outcome)

    def _answer(self, batch_id: str) -> list[ShardOutcome]:
        """Wait for a batch; whichever fails first ends the wait."""
        while not self._jobs[batch_id].done():
            wait([self._jobs[batch_id]], timeout=_LOOK_SECONDS)
            for job in self._jobs.values():
                if job.done():
                    job.result()
            self._look()
        outcomes = self._jobs[batch_id].result()
        for outcome in outcomes:
            if not self._state.folder.exists(self._state.name("outcomes", f"{outcome.shard}.json")):
                raise InputError(
                    "an executor writes where this process cannot see it",
                    where=self._state.folder.url,
                    hint="on a cluster, input and output must be object storage or shared folders",
                )
        return outcomes

    def _look(self) -> None:
        """Count the shards of batches that are at work."""
        for name in self._outcome_names():
            if name not in self._seen:
                self._seen.add(name)
                self.count(ShardOutcome.decode(self._state.folder.read(name), where=name))

    def _outcome_names(self) -> Iterator[str]:
        for name in self._state.folder.names(self._state.name("outcomes")):
            if not is_temporary(name) and not name.endswith(".sources.json"):
                yield name


def _parts(setup: RunSetup, state: RunState, batch: Batch, slots: int, batches: int) -> int:
    """How many tasks share a batch: enough for all slots, none without a shard to seal."""
    sources = state.read_batch(batch["batch_id"], batch["sha256"], setup.subkeys["work"])
    shards = sum(source.size for source in sources) // setup.config.bytes_per_shard + 1
    return min(shards, -(-slots // batches))


def _job(session: Any, work: Work, batch: Batch, parts: int) -> list[ShardOutcome]:
    """Run a batch to its end.

    Raises:
        RedactoryError: what ended it.
        OSError: the storage failed an executor.
    """

    def on_executor(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch_of_numbers in numbers:
            for part in batch_of_numbers.column(0).to_pylist():
                yield from sealed_part(work, batch, part, parts)

    try:
        # One row a partition, and a partition is a task.
        answers = session.range(0, parts, 1, parts).mapInArrow(on_executor, _COLUMNS).toArrow()
    except Exception:  # noqa: BLE001 - Spark's own, with stack traces of Java and Python
        raise RedactoryError(
            "Apache Spark gave up on a task",
            hint="was an executor out of memory, or is redactory[detect] not installed there? "
            "REDACTORY_DEBUG=1 shows Spark's log, which can quote input; "
            "the run goes on with --resume",
        ) from None
    return joined(answers, parts)


def joined(answers: pa.Table, parts: int) -> list[ShardOutcome]:
    """The outcomes of a batch in order, from the answers of the tasks that shared it.

    Args:
        answers: rows of :data:`~redactory.pipeline.spark_tasks.ANSWER`.
        parts: how many tasks there were.

    Raises:
        RedactoryError: an executor's answer was an error.
        InputError: the tasks have not read the same.
    """
    rows = answers.to_pylist()
    for row in rows:
        if row["error"] is not None:
            raise_told(row["error"])
    plans = [[row for row in rows if row["part"] == part] for part in range(parts)]
    named = [[row["shard"] for row in plan] for plan in plans]
    if any(shards != named[0] for shards in named):
        raise InputError(
            "a file changed while it was read",
            hint="run again when nobody writes to the input",
        )
    return [
        ShardOutcome.decode(
            plans[number % parts][number]["outcome"].encode(), where=f"shard {name}"
        )
        for number, name in enumerate(named[0])
    ]
