"""A whole run in one process: list, seal, record, publish. The CLI and the tests call this."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redactory.errors import InputError, KeyringError, PolicyError, RedactoryError
from redactory.keys import LOG
from redactory.pipeline.batch import Progress, seal_batch, sealing
from redactory.pipeline.leftovers import discard as discard_run
from redactory.pipeline.listing import list_batches
from redactory.pipeline.outcome import ShardOutcome
from redactory.pipeline.pool import worker_count
from redactory.pipeline.publishing import Published, publish_run
from redactory.pipeline.recording import open_log, record_run
from redactory.pipeline.residual import check_residual
from redactory.pipeline.sanitise import Sanitiser
from redactory.pipeline.sealing import SealContext, Tick
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState, unfinished_runs
from redactory.provenance import cli_provenance
from redactory.sources import Listing
from redactory.trust import new_origin


@dataclass
class RunTotals:
    """Sums over the shards of a run, for people."""

    records_in: int = 0
    records_out: int = 0
    quarantined: int = 0
    shards: int = 0
    adopted_shards: int = 0
    size: int = 0
    entities: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: ShardOutcome) -> None:
        """Count one shard."""
        self.records_in += outcome.rows_in
        self.records_out += outcome.rows_out
        self.quarantined += outcome.quarantined
        self.shards += 1
        self.adopted_shards += outcome.data.adopted
        self.size += outcome.size
        for name, count in outcome.entities.items():
            self.entities[name] = self.entities.get(name, 0) + count
        for name, count in outcome.reasons.items():
            self.reasons[name] = self.reasons.get(name, 0) + count


@dataclass(frozen=True)
class RunResult:
    """What a run did."""

    published: Published
    totals: RunTotals


def run(
    setup: RunSetup,
    *,
    run_id: str | None = None,
    resume: bool = False,
    discard: bool = False,
    sanitiser: Sanitiser | None = None,
    progress: Callable[[ShardOutcome], None] = lambda _: None,
    tick: Tick | None = None,
    started: Callable[[int, bool], None] = lambda _size, _exact: None,
) -> RunResult:
    """Run the pipeline to the end.

    Args:
        setup: configuration and keys.
        run_id: name of the run; drawn by default.
        resume: finish the run that was interrupted, if there is one.
        discard: drop interrupted runs first.
        sanitiser: in place of the configured policy (one process only).
        progress: told of each shard.
        tick: told of progress within a shard, where one process does the work.
        started: told the input's size in bytes, and whether that is the decompressed size.

    Raises:
        InputError: an interrupted run is here and neither ``resume`` nor ``discard`` given,
            or the input holds no record.
        LeakError: on the labelled sample more survives than the policy allows.
        RedactoryError: any other expected failure.
    """
    listing = setup.check_input()
    check_residual(setup.config)
    left = unfinished_runs(setup.folder)
    if discard:
        for old in left:
            discard_run(setup, old)
        left = []
    if left and not resume:
        raise InputError(
            f"an interrupted run is here: {left[0]}",
            where=setup.folder.url,
            hint="finish it with --resume, or drop it with --discard",
        )
    run_id = left[0] if left else run_id or new_run_id()
    setup.ensure_keys()
    setup.keys.ensure(LOG)
    if setup.has_log():
        open_log(setup)  # so that a wrong key or passphrase shows now, not after hours of work
    else:
        setup.keys.log_signer(new_origin())
    state = RunState(setup.folder, run_id)
    totals = RunTotals()
    # Of these the same command would meet again, so nothing is kept to resume.
    final: tuple[type[RedactoryError], ...] = (InputError, KeyringError, PolicyError)

    def count(outcome: ShardOutcome) -> None:
        totals.add(outcome)
        progress(outcome)

    try:
        with state.alive():
            results = _seal_all(
                setup, state, listing, sanitiser, progress=count, tick=tick, started=started
            )
            _refuse_empty(setup, totals)
            final = (PolicyError,)  # from here on an input error is one of writing
            provenance = cli_provenance(run_id)
            record_run(setup, run_id, results, provenance)
            published = publish_run(setup, run_id, results, provenance)
    except OSError as error:
        raise InputError(
            f"a file cannot be written: {error.strerror or 'input/output error'}",
            where=setup.folder.url,
            hint="mend it and continue with the same command and --resume",
        ) from None
    except RedactoryError as error:
        costly = isinstance(error, InputError) and totals.records_in  # hours of work, perhaps
        if isinstance(error, final) and not left and not costly:
            discard_run(setup, run_id)  # what was recorded stays, and the next run adopts it
        raise
    return RunResult(published, totals)


def _seal_all(
    setup: RunSetup,
    state: RunState,
    listing: Listing,
    sanitiser: Sanitiser | None,
    *,
    progress: Progress,
    tick: Tick | None,
    started: Callable[[int, bool], None],
) -> list[dict[str, Any]]:
    sources = listing.sources
    batches = list_batches(setup, state.run_id, listing)
    context = setup.seal_context(state.run_id)
    size = sum(source.size for source in sources)
    started(size, all(s.compression is None and s.format != "parquet" for s in sources))
    if setup.config.engine == "spark" and batches and sanitiser is None:
        return _seal_on_spark(setup, state, batches, context, progress)
    workers = 1 if sanitiser else worker_count(setup.config.workers, size)
    with sealing(context, workers, sanitiser, tick) as seal:
        return [
            seal_batch(setup, state.run_id, batch, context=context, seal=seal, progress=progress)
            for batch in batches
        ]


def _seal_on_spark(
    setup: RunSetup,
    state: RunState,
    batches: list[dict[str, Any]],
    context: SealContext,
    progress: Progress,
) -> list[dict[str, Any]]:
    from redactory.pipeline.spark import sealing_on_spark  # noqa: PLC0415 - an extra

    with sealing_on_spark(setup, state, batches, context, progress) as (seal_of, count):
        return [
            seal_batch(
                setup, state.run_id, batch, context=context, seal=seal_of(batch), progress=count
            )
            for batch in batches
        ]


def _refuse_empty(setup: RunSetup, totals: RunTotals) -> None:
    # A folder whose files are all sealed already reads nothing, and that is fine.
    if not totals.records_in and not setup.evidence().head(setup.dataset).version:
        raise InputError("the input holds no record", where=", ".join(setup.config.input))


def new_run_id() -> str:
    """UTC time and a random tail: sorts by age, unique without coordination."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
