"""Train on shares with local parties in one call: for trying out, tests and benchmarks.

    from mpc_jobs.engine import train_local
    from mpc_jobs.training_spec import Features, Labels, Training

    run = train_local(
        x, y,                                  # int64, (n, d) and (n, k)
        training=Training(model="logistic", epochs=5, batch_rows=1000, learning_rate=0.8,
                          assume_range=True),
        features=Features(columns=256, fraction_bits=16, largest=1 << 18, norm=13.0),
    )
    run.weights[0]                             # float64, (d + 1, k); last row: the constant's
    run.epoch_seconds, run.cpu_seconds, run.sent_bytes, run.rounds

Everything is as in production: own processes, keys and folders, mutual TLS 1.3, a signed job,
shares dealt as sealed shards. Times are of the mini-batches of each epoch, after loading;
``total_seconds`` has it all. :func:`train_in_the_clear` is the same job on plain integers.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mpc_jobs.compiling import one
from mpc_jobs.dealing import OwnedRows, deal, row_order
from mpc_jobs.delay_proxy import DelayProxy
from mpc_jobs.identity import PartyFolder
from mpc_jobs.job import JOB_FILE, Job, OwnerEntry, RecipientEntry
from mpc_jobs.local import LOOPBACK, create_local_parties, free_ports, start_party, wait_for
from mpc_jobs.outcome import Receipt, read_receipts, rebuild_model
from mpc_jobs.training_spec import Features, Labels, Training
from mpc_jobs.twin import PlainArithmetic
from mpc_jobs.warm_up import warm_up
from redactory.durable import open_folder
from sealed_shards import RsaIdentity

Integers = npt.NDArray[np.int64]
_PART_BYTES = 32 << 20


@dataclass(frozen=True)
class LocalRun:
    """What came out, and what it took.

    Attributes:
        integers: the model as it is revealed, one integer array a layer.
        weights: the same as float64.
        receipts: of every party, by number.
        metrics: what was opened at the end.
        history: what was opened after each epoch.
        epoch_seconds: of each epoch's mini-batches, at the slowest party.
        cpu_seconds: processor seconds of each epoch's mini-batches, mean over the parties.
        sent_bytes: of each epoch's mini-batches, mean over the parties.
        rounds: of each epoch.
        peak_memory_bytes: of the largest party.
        deal_seconds: sharing and sealing.
        total_seconds: everything, from making keys to rebuilding the model.
    """

    integers: list[Any]
    weights: list[npt.NDArray[np.float64]]
    receipts: dict[int, Receipt]
    metrics: dict[str, Any]
    history: list[dict[str, Any]]
    epoch_seconds: list[float]
    cpu_seconds: list[float]
    sent_bytes: list[float]
    rounds: list[int]
    peak_memory_bytes: int
    deal_seconds: float
    total_seconds: float


def train_local(
    x: Integers,
    y: Integers,
    *,
    training: Training,
    features: Features,
    labels: Labels | None = None,
    parties: int = 3,
    threshold: int = 1,
    validation_rows: int = 0,
    delay_seconds: float = 0.0,
    folder: Path | None = None,
    notice: Callable[[str], None] = lambda _: None,
    memory_bytes: int = 8 << 30,
) -> LocalRun:
    """Train with local parties.

    Args:
        x: (n, d) features as integers.
        y: (n, k) labels as integers.
        training: model and optimisation.
        features: bounds on ``x``.
        labels: bounds on ``y``; None: classes, one output for each column.
        parties: n.
        threshold: t.
        validation_rows: how many rows, the last ones, are for metrics only.
        delay_seconds: one-way network delay to simulate.
        folder: where parties and job live; None: a temporary folder.
        notice: gets one line now and then.
        memory_bytes: of shares that a party keeps in memory.

    Raises:
        PartyError: a party failed.
        PolicyError: the job cannot hide its intermediate values.
        InputError: the rows are not what the bounds promise.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="redactory-mpc-") as temporary:
            return train_local(
                x,
                y,
                training=training,
                features=features,
                labels=labels,
                parties=parties,
                threshold=threshold,
                validation_rows=validation_rows,
                delay_seconds=delay_seconds,
                folder=Path(temporary),
                notice=notice,
                memory_bytes=memory_bytes,
            )
    began = time.perf_counter()
    warm_up(notice)
    members = create_local_parties(folder / "parties", parties)
    outer = free_ports(parties) if delay_seconds else [m.card.port for m in members]
    signing, reader = Ed25519PrivateKey.generate(), _reader()
    job = Job(
        job_id=secrets.token_hex(16),
        threshold=threshold,
        parties=tuple(
            m.card.model_copy(update={"port": port}) for m, port in zip(members, outer, strict=True)
        ),
        owners=(
            OwnerEntry(
                name="owner",
                signing_key=signing.public_key().public_bytes_raw().hex(),
                train_rows=len(x) - validation_rows,
                validation_rows=validation_rows,
            ),
        ),
        recipient=RecipientEntry(name="owner", sealing_key=reader.recipient.to_pem().decode()),
        features=features,
        labels=labels or Labels(outputs=y.shape[1]),
        training=training,
        part_batches=batches_a_part(training, features),
        checkpoint_epochs=training.epochs,
        simulation=True,
    )
    target = open_folder(folder / "job")
    target.create(JOB_FILE, job.encode())
    dealt = time.perf_counter()
    deal(job, target, "owner", OwnedRows(x, y), signing_key=signing)
    deal_seconds = time.perf_counter() - dealt
    notice(f"dealt {len(x)} rows in {deal_seconds:.1f} s")
    routes = [(port, m.card.port) for m, port in zip(members, outer, strict=True)]
    if delay_seconds:
        with DelayProxy(routes, seconds=delay_seconds):
            _run(members, folder, memory_bytes)
    else:
        _run(members, folder, memory_bytes)
    integers = rebuild_model(job, target, reader).integers
    return _result(
        training, integers, read_receipts(job, target), deal_seconds, time.perf_counter() - began
    )


def train_in_the_clear(
    job: Job, rows: dict[str, OwnedRows], *, epochs: int | None = None
) -> list[Any]:
    """The plaintext twin of a job: the integers that a run on shares comes close to.

    Args:
        job: the job.
        rows: each owner's integers.
        epochs: how many; None: all of the job's.
    """
    program = job.program()
    plain = PlainArithmetic(width=program.width)
    batches = list(_plain_batches(job, rows, plain))
    weights = [plain.lift(w) for w in program.model.initial()]
    for _ in range(job.training.epochs if epochs is None else epochs):
        for x, y in batches:
            weights = program.model.step(plain, weights, x, y)
    return plain.truncate(
        *((w, job.training.weight_bits - job.training.model_bits) for w in weights)
    )


def batches_a_part(training: Training, features: Features) -> int:
    """How many mini-batches go into one sealed file of some 32 MB."""
    return max(1, _PART_BYTES // (16 * training.batch_rows * (features.columns + 1)))


def _plain_batches(job: Job, rows: dict[str, OwnedRows], plain: PlainArithmetic) -> Any:
    size = job.training.batch_rows
    for part in job.parts("train"):
        start = part.index * job.part_batches * size
        chosen = row_order(job, part.owner)[start : start + part.rows]
        x, y = rows[part.owner].x[chosen], rows[part.owner].y[chosen]
        x = np.hstack([x, np.full((len(x), 1), one(job.features))])
        for first in range(0, part.rows, size):
            yield plain.lift(x[first : first + size]), plain.lift(y[first : first + size])


def _reader() -> RsaIdentity:
    return RsaIdentity(rsa.generate_private_key(public_exponent=65537, key_size=3072))


def _run(members: list[PartyFolder], folder: Path, memory_bytes: int) -> None:
    processes = [
        start_party(
            m.path,
            str(folder / "job"),
            passphrase_file=folder / "parties" / "passphrase",
            bind=f"{LOOPBACK}:{m.card.port}",
            arguments=["--memory-bytes", str(memory_bytes)],
        )
        for m in members
    ]
    wait_for(processes, needed=len(processes))


def _result(
    training: Training,
    integers: list[Any],
    receipts: dict[int, Receipt],
    deal_seconds: float,
    total_seconds: float,
) -> LocalRun:
    costs = [r.cost for r in receipts.values()]
    first = next(iter(receipts.values()))
    return LocalRun(
        integers=integers,
        weights=[np.asarray(w, np.float64) / 2**training.model_bits for w in integers],
        receipts=receipts,
        metrics=first.metrics,
        history=list(first.history),
        epoch_seconds=[max(e) for e in zip(*(c.step_seconds for c in costs), strict=True)],
        cpu_seconds=[float(np.mean(e)) for e in zip(*(c.cpu_seconds for c in costs), strict=True)],
        sent_bytes=[float(np.mean(e)) for e in zip(*(c.sent_bytes for c in costs), strict=True)],
        rounds=list(costs[0].rounds),
        peak_memory_bytes=max(c.peak_memory_bytes for c in costs),
        deal_seconds=deal_seconds,
        total_seconds=total_seconds,
    )
