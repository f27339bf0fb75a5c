"""A compute party's run of one job, from the first connection to the sealed share.

Numbered as in ``docs/protocols/training.md``:

1. read the job, check every owner's signature, prove its bounds, find out who we are;
2. meet the other parties, all of whom must run this job's digest;
3. open a session: presence, keys, stream log;
4. compare the digests of all deals; only then load the first share;
5. agree on the starting point: the beginning, or a checkpoint;
6. train; after each epoch open what the job says, and keep a checkpoint;
7. open the final metrics, on the integers that are revealed;
8. refresh the shares, seal them to the recipient, sign a receipt.

Whatever goes wrong, every peer is told that this party stops, and each ends with one error.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mpc_jobs.agreement import open_session
from mpc_jobs.arithmetic import Arithmetic
from mpc_jobs.checkpoints import Checkpoint, CheckpointStore
from mpc_jobs.compiling import Program, one
from mpc_jobs.connecting import NONCE_BYTES, Hello, Meeting
from mpc_jobs.costs import Costs
from mpc_jobs.deal_manifest import manifest_file
from mpc_jobs.faults import DealDiffersError, InconsistentError, MalformedError
from mpc_jobs.frames import Reason
from mpc_jobs.identity import PartyFolder, own_number
from mpc_jobs.job import Job, read_signed_job
from mpc_jobs.kernels import Elements
from mpc_jobs.lifting import Lifted, commit_to
from mpc_jobs.mesh import Mesh
from mpc_jobs.metrics import epoch_metrics, final_metrics, has_stalled
from mpc_jobs.outcome import Receipt, publish, receipt_file, seal_share
from mpc_jobs.privacy.noise import NoisyArithmetic, epoch_noise
from mpc_jobs.resharing import refresh
from mpc_jobs.resuming import starting_point
from mpc_jobs.share_source import ShareSource
from mpc_jobs.shared import SharedArithmetic
from mpc_jobs.status import Status
from mpc_jobs.stream_log import StreamLog
from mpc_jobs.warm_up import warm_up
from redactory.canonical import sha256_hex
from redactory.durable import Folder
from redactory.errors import InputError, PartyError, RedactoryError

Notice = Callable[[str], None]
DEFAULT_MEMORY_BYTES = 2 << 30
_WAITING_SECONDS = 2.0


@dataclass
class _Run:
    """What the steps of a run share; ``history`` and ``weights`` change."""

    job: Job
    program: Program
    folder: Folder
    party: PartyFolder
    arithmetic: SharedArithmetic
    source: ShareSource
    status: Status
    costs: Costs
    history: list[dict[str, Any]]
    weights: list[Elements]

    @property
    def mesh(self) -> Mesh:
        return self.arithmetic.mesh


def wait_for_job(folder: Folder, *, seconds: float) -> None:
    """Wait until a job is signed and dealt by all its owners, or the time is up.

    What is still missing then is told by :func:`run_job`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            job = read_signed_job(folder)
            if all(folder.exists(manifest_file(owner.name)) for owner in job.owners):
                return
        except InputError:
            pass  # no job, or an owner has not signed yet
        time.sleep(min(_WAITING_SECONDS, max(0.0, deadline - time.monotonic())))


def run_job(
    party: PartyFolder,
    folder: Folder,
    *,
    notice: Notice = lambda _: None,
    bind: tuple[str, int] | None = None,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
) -> Receipt:
    """Take part in the job in ``folder`` until it is done.

    Args:
        party: who we are.
        folder: the job's folder.
        notice: gets one line now and then.
        bind: where to listen, if not at the address on the party's card.
        memory_bytes: shares beyond this are read anew in every epoch.

    Raises:
        PartyError: another party failed, disagrees, or broke the protocol.
        InputError: the job is not complete yet.
        IntegrityError: the job or a deal is not what was signed.
        KeyringError: this party's keys are not those of the job.
    """
    job = read_signed_job(folder)
    program = job.program()
    number = own_number(party, job.parties)
    if folder.exists(receipt_file(party.card.name)):
        raise InputError("this party has finished the job", where=folder.url)
    warm_up(notice)
    status = Status(folder, job, party.card.name)
    status.say("connecting")
    endpoints = job.endpoints
    nonce = secrets.token_bytes(NONCE_BYTES)
    meeting = Meeting(
        endpoints[number],
        {n: e for n, e in endpoints.items() if n != number},
        party.credentials,
        Hello(bytes.fromhex(job.digest), nonce),
        bind=bind,
    )
    quorum = 2 * job.threshold + 1
    try:
        links, nonces = meeting.meet(quorum=quorum, seconds=job.connect_seconds)
    except RedactoryError as error:
        status.failed(error)
        raise
    mesh = Mesh(number, links, quorum=quorum, step_seconds=job.step_seconds, notice=notice)
    try:
        log = StreamLog(party.path / "sessions.jsonl")
        randomness = open_session(
            job.scheme, mesh, job_digest=bytes.fromhex(job.digest), nonces=nonces, log=log
        )
        arithmetic = SharedArithmetic(mesh, randomness, width=program.width)
        source = _compared_shares(job, folder, party, mesh, memory_bytes)
        run = _Run(job, program, folder, party, arithmetic, source, status, Costs(), [], [])
        receipt = _train(run, notice)
        log.leave(randomness.session, randomness.drawn)
    except RedactoryError as error:
        status.failed(error)
        mesh.abort(_reason(error))
        raise
    except BaseException:
        mesh.abort(Reason.FAILED)
        raise
    mesh.close()
    return receipt


def _compared_shares(
    job: Job, folder: Folder, party: PartyFolder, mesh: Mesh, memory_bytes: int
) -> ShareSource:
    source = ShareSource(job, folder, mesh.me, party.sealing_identity, memory_bytes=memory_bytes)
    if len(set(mesh.broadcast(source.digest).values())) != 1:
        raise DealDiffersError(
            "the parties hold shares of different deals",
            hint="an owner dealt again while parties were starting; start them again",
        )
    return source


def _train(run: _Run, notice: Notice) -> Receipt:
    job, model = run.job, run.program.model
    run.status.say("loading")
    run.source.load()
    session = run.arithmetic.randomness.session.hex()[:24]
    name = run.party.card.name
    store = CheckpointStore(
        run.party.path / "jobs" / job.digest[:32],
        {"deals": run.source.digest.hex(), "job": job.digest, "party": name},
        run.party.sealing_identity,
        model.shapes,
    )
    done, run.history, run.weights = starting_point(
        job.scheme, run.mesh, store, model, notice=notice
    )
    while done < job.training.epochs and not has_stalled(job.training, run.history):
        began = time.perf_counter()
        _epoch(run)
        done += 1
        opened = epoch_metrics(run.arithmetic, job, run.source, run.weights)
        run.history.append({"epoch": done, **opened})
        if done % job.checkpoint_epochs == 0 or done == job.training.epochs:
            store.save(Checkpoint((done, session), run.history, run.weights))
        run.costs.epoch_seconds.append(time.perf_counter() - began)
        run.status.say("training", epoch=done, **opened)
    run.status.say("finishing", epoch=done)
    receipt = _finish(run, done)
    store.clear()
    run.status.say("done", epoch=done, **receipt.metrics)
    return receipt


def _epoch(run: _Run) -> None:
    model, mesh, costs = run.program.model, run.mesh, run.costs
    began, cpu = time.perf_counter(), time.process_time()
    sent, rounds = mesh.sent, mesh.rounds
    arithmetic: Arithmetic[Elements] = run.arithmetic
    if run.program.noise is not None:
        noise = epoch_noise(run.program.noise, mesh, model.shapes[0], steps=run.job.steps_an_epoch)
        arithmetic = NoisyArithmetic(arithmetic, noise)
    for batch in run.source.batches("train"):
        run.weights = model.step(arithmetic, run.weights, batch.x, batch.y)
    costs.step_seconds.append(time.perf_counter() - began)
    costs.cpu_seconds.append(time.process_time() - cpu)
    costs.sent_bytes.append(mesh.sent - sent)
    costs.rounds.append(mesh.rounds - rounds)


def _finish(run: _Run, done: int) -> Receipt:
    job, name, training = run.job, run.party.card.name, run.job.training
    shift = training.weight_bits - training.model_bits
    integers = run.arithmetic.truncate(*((w, shift) for w in run.weights))
    metrics = final_metrics(run.arithmetic, job, run.source, integers)
    lifted = Lifted((), ())
    if job.commitments:
        lifted = commit_to(
            run.arithmetic,
            integers[0],
            model_range=training.model_range,
            one=one(job.features),
        )
    shares = refresh(job.scheme, run.mesh, integers)
    deals = run.source.digest.hex()
    sealed = seal_share(job, name, deals, shares, lifted.blindings)
    receipt = Receipt(
        job=job.digest,
        party=name,
        deals=deals,
        session=run.arithmetic.randomness.session.hex()[:24],
        present=tuple(run.mesh.present),
        epochs=done,
        history=tuple(run.history),
        metrics=metrics,
        share_sha256=sha256_hex(sealed),
        commitments=tuple(c.hex() for c in lifted.commitments),
        range_proven=run.program.range_proven,
        privacy=_spent(run.program),
        cost=run.costs.told(),
    )
    run.mesh.broadcast(b"done")  # nobody leaves before everybody has its share
    publish(run.folder, receipt, sealed, run.party.signing_key)
    return receipt


def _spent(program: Program) -> dict[str, float] | None:
    if program.noise is None:
        return None
    spent = program.noise.spent
    return {
        "delta": spent.delta,
        "epsilon": spent.epsilon,
        "noise_multiplier": program.noise.multiplier,
        "rho": spent.rho,
    }


def _reason(error: RedactoryError) -> Reason:
    reasons: dict[type[RedactoryError], Reason] = {
        DealDiffersError: Reason.DEAL_DIFFERS,
        InconsistentError: Reason.INCONSISTENT,
        MalformedError: Reason.BAD_FRAME,
        PartyError: Reason.PEER_LOST,
    }
    return next((r for kind, r in reasons.items() if isinstance(error, kind)), Reason.FAILED)
