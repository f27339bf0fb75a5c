"""The four steps as separate calls, for schedulers: each may run on another machine.

What passes between them are small dictionaries of ids, counts and digests, so that they may
lie in an XCom. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit_ledger import Provenance
from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline import approval, listing, publishing, recording
from redactory.pipeline import batch as _batch
from redactory.pipeline.counts import Counts, counts
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState


def list_batches(
    config: RunConfig, run_id: str, *, keys: KeyStore | None = None
) -> list[dict[str, Any]]:
    """Find the input: ``[{batch_id, manifest_path, sha256}]``, at most 1024 entries.

    An input whose every file is sealed already gives an empty list.
    """
    setup = RunSetup(config, keys)
    found = setup.check_input()
    setup.ensure_keys()
    return listing.list_batches(setup, run_id, found)


def seal_batch(
    config: RunConfig, run_id: str, batch: dict[str, Any], *, keys: KeyStore | None = None
) -> dict[str, Any]:
    """Redact and seal a batch: ``{batch_id, result_path, sha256, rows_in, …}``.

    Needs public keys and the scope's pseudonym key only. One process does the work unless
    the configuration asks for workers: the scheduler spreads batches itself.
    """
    setup = RunSetup(config, keys)
    context = setup.seal_context(run_id)
    with _batch.sealing(context, config.workers or 1) as seal:
        return _batch.seal_batch(setup, run_id, batch, context=context, seal=seal)


def record_run(
    config: RunConfig,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    provenance: Provenance,
    *,
    keys: KeyStore | None = None,
) -> dict[str, Any]:
    """Put sealed shards in place and record them: ``{run_id, checkpoint_size, root}``."""
    return recording.record_run(RunSetup(config, keys), run_id, results, provenance)


def publish_run(
    config: RunConfig,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    provenance: Provenance,
    *,
    asked: bool = False,
    keys: KeyStore | None = None,
) -> dict[str, Any]:
    """Make what was recorded a new version of the dataset; counts and digests come back."""
    setup = RunSetup(config, keys)
    return publishing.publish_run(setup, run_id, results, provenance, asked=asked).as_json()


def question_of_run(
    config: RunConfig,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    *,
    keys: KeyStore | None = None,
) -> approval.Doubt | None:
    """What a person must be asked before a recorded run may be published; None for nothing."""
    return approval.question(RunSetup(config, keys), run_id, results)


def decide_on_run(
    config: RunConfig,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    decision: approval.Decision,
    provenance: Provenance,
    *,
    keys: KeyStore | None = None,
) -> None:
    """State what that person decided; a refused run is dropped."""
    approval.decide(RunSetup(config, keys), run_id, results, decision, provenance)


def is_published(config: RunConfig, run_id: str, *, keys: KeyStore | None = None) -> bool:
    """Whether the run was published and nothing is left to do for it."""
    setup = RunSetup(config, keys)
    return RunState(setup.folder, run_id).is_finished(setup.evidence().head(setup.dataset))


def counts_of_batch(
    config: RunConfig, run_id: str, result: Mapping[str, Any], *, keys: KeyStore | None = None
) -> Counts:
    """What a batch did, in numbers that may leave for a monitoring system."""
    return counts(RunSetup(config, keys), run_id, result)
