"""What an executor does: read a batch, seal its share of the shards, answer in Arrow.

An executor holds public keys and the scope's subkeys. It reads the input by itself, so no record
ever passes through Spark: in goes the id of a batch, out come the facts of sealed shards. A batch
may be divided over several tasks: each reads the whole of it, seals every ``parts``-th shard, and
names all of them, so that the driver sees whether all have read the same.

A failure is an answer too. Raised, it would be tried again three times, and written with its
traceback into logs that others read.
"""

from __future__ import annotations

import errno
import json
import os
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from pii_rules.policy_rule import OPERATORS
from pii_rules.surrogates import lists
from redactory.canonical import digest_of
from redactory.durable import open_folder
from redactory.errors import (
    InputError,
    IntegrityError,
    KeyringError,
    LeakError,
    LedgerError,
    PolicyError,
    RedactoryError,
)
from redactory.pipeline.planning import Planner
from redactory.pipeline.sanitise import read_canaries
from redactory.pipeline.sealing import SealContext, ShardSealer
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState

ANSWER = pa.schema(
    [
        ("part", pa.int64()),
        ("shard", pa.string()),
        ("outcome", pa.string()),
        ("error", pa.string()),
    ]
)
_KINDS = {
    kind.__name__: kind
    for kind in (
        RedactoryError,
        InputError,
        IntegrityError,
        KeyringError,
        LeakError,
        LedgerError,
        PolicyError,
    )
}


@dataclass(frozen=True)
class Work:
    """What executors need of a run; equal where the run and its rules are.

    Attributes:
        rules: digest of all that decides what is found and replaced, as the driver has it.
        context: of the run.
        planner: cuts sources into shards.
    """

    run_id: str
    rules: str
    context: SealContext = field(compare=False, repr=False)
    planner: Planner = field(compare=False, repr=False)


def rules_digest(setup: RunSetup) -> str:
    """Digest of policy, detector, models, word lists and canaries as they are found here."""
    return digest_of(
        {
            "policy": setup.policy.digest,
            "detector": setup.detector,
            "operators": OPERATORS,
            "surrogate_lists": lists.digest(),
            "canaries": sorted(read_canaries(setup.config.canaries)),
        }
    )


def sealed_part(
    work: Work, batch: Mapping[str, Any], part: int, parts: int
) -> Iterator[pa.RecordBatch]:
    """Seal one task's share of a batch.

    Args:
        work: of the run.
        batch: an entry of what the list step returned.
        part: which task this is, from 0.
        parts: how many share the batch.

    Yields:
        A row of :data:`ANSWER` for each shard of the batch, with its outcome where it was sealed
        here; a row with an error at the end where one ended the work.
    """
    try:
        sealer = _sealer(work)
        state = RunState(open_folder(work.context.config.output), work.run_id)
        subkey = work.context.subkeys["work"]
        sources = state.read_batch(batch["batch_id"], batch["sha256"], subkey)
        for number, shard in enumerate(work.planner.plan(sources)):
            outcome = None
            if number % parts == part:
                outcome = sealer.process(shard).encode().decode()
            yield _row(part, shard=shard.shard, outcome=outcome)
    except Exception as error:  # noqa: BLE001 - its text could quote a record
        if os.environ.get("REDACTORY_DEBUG"):
            traceback.print_exc()
        yield _row(part, error=_told(error))


def raise_told(told: str) -> None:
    """Raise the error that an executor answered with.

    Raises:
        RedactoryError: the very one, or that a bug of a type was met.
        OSError: the storage's.
    """
    facts = json.loads(told)
    if "errno" in facts:
        raise OSError(facts["errno"], os.strerror(facts["errno"]))
    if "bug" in facts:
        raise RedactoryError(
            f"internal error on an executor ({facts['bug']}); this is a bug",
            hint="REDACTORY_DEBUG=1 there writes a traceback to its log, which can quote input",
        )
    kind = _KINDS.get(facts["kind"], RedactoryError)
    raise kind(facts["what"], where=facts["where"], hint=facts["hint"])


@lru_cache(maxsize=1)
def _sealer(work: Work) -> ShardSealer:
    """Loaded once in each worker process, which does many tasks.

    Raises:
        InputError: other rules or models are installed here than where the run was planned.
    """
    if rules_digest(RunSetup(work.context.config)) != work.rules:
        raise InputError(
            "an executor has another version of redactory, its models, the policy or the canaries",
            hint="have the same on every machine",
        )
    return ShardSealer(work.context)


def _told(error: Exception) -> str:
    """An error as facts that hold no text of a record."""
    if isinstance(error, RedactoryError):
        kind = type(error).__name__
        return json.dumps(
            {"kind": kind, "what": error.what, "where": error.where, "hint": error.hint}
        )
    if isinstance(error, OSError):
        return json.dumps({"errno": error.errno or errno.EIO})
    return json.dumps({"bug": type(error).__name__})


def _row(
    part: int, *, shard: str | None = None, outcome: str | None = None, error: str | None = None
) -> pa.RecordBatch:
    row = {"part": part, "shard": shard, "outcome": outcome, "error": error}
    return pa.RecordBatch.from_pylist([row], schema=ANSWER)
