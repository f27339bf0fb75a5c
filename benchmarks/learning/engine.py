"""This engine as its users run it: a signed job, a deal, every party a process, TLS, a reveal."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from learning.data import FRACTION_BITS, RATE, Floats, Rows, Task
from learning.delay import delayed
from learning.measured import Measured, typical
from numpy.typing import NDArray

from mpc_jobs.dealing import OwnedRows, deal, row_order
from mpc_jobs.identity import PartyFolder, create_party
from mpc_jobs.job import JOB_FILE, Job, OwnerEntry, PartyCard, RecipientEntry
from mpc_jobs.outcome import Cost, read_receipts, rebuild_model
from mpc_jobs.training_spec import Features, Labels, Training
from redactory.durable import Folder, open_folder
from sealed_shards.recipients import RsaIdentity

MEGABYTE = 1_000_000
OWNER = "owner"
PASSPHRASE = b"for a benchmark on one machine"

_PARTY = """
import sys
from pathlib import Path
from mpc_jobs.identity import PartyFolder
from mpc_jobs.party import run_job
from redactory.durable import open_folder
run_job(PartyFolder(Path(sys.argv[1]), sys.argv[4].encode()), open_folder(sys.argv[2]),
        bind=("127.0.0.1", int(sys.argv[3])), memory_bytes=int(sys.argv[5]))
# ru_maxrss would count the process that started this one.
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@dataclass(frozen=True)
class Place:
    """A party in this benchmark: its folder, where it listens, and where others reach it."""

    folder: PartyFolder
    port: int
    reached_at: int


@dataclass(frozen=True)
class Trained:
    """What a job gave.

    Attributes:
        weights: of the revealed model ``[d + 1, k]``.
        costs: as each party tells them.
        memory_mb: greatest resident size of a party.
    """

    weights: Floats
    costs: list[Cost]
    memory_mb: float


class Parties:
    """Compute parties that are made once and take part in many jobs.

    Args:
        folder: for their keys and the jobs.
        count: how many.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self._owner = Ed25519PrivateKey.generate()
        self._reader = RsaIdentity(rsa.generate_private_key(public_exponent=65537, key_size=3072))
        self._jobs = 0
        self.places = []
        for number, (port, reached_at) in enumerate(
            zip(free_ports(count), free_ports(count), strict=True), start=1
        ):
            made = create_party(
                folder / f"party-{number}",
                f"party-{number}",
                host="127.0.0.1",
                port=port,
                passphrase=PASSPHRASE,
            )
            self.places.append(Place(made, port, reached_at))

    def order(self, training: Training, rows: int) -> NDArray[np.int64]:
        """The order in which the owner's rows are used."""
        return row_order(self._job(self.places[:3], 1, rows, _features(1, 1.0), training), OWNER)

    def train(
        self,
        training: Training,
        x: NDArray[np.int64],
        y: NDArray[np.int64],
        features: Features,
        *,
        scheme: tuple[int, int] = (3, 1),
        delay_ms: int = 0,
        memory_bytes: int = 2 << 30,
        commitments: bool = False,
    ) -> Trained:
        """Deal, run all parties, rebuild."""
        n, t = scheme
        places = self.places[:n]
        job = self._job(
            places, t, len(x), features, training, delayed_by=delay_ms, commitments=commitments
        )
        folder = self._deal(job, OwnedRows(x, y))
        routes = {place.reached_at: place.port for place in places}
        with delayed(delay_ms, routes):
            memory_mb = _run(places, folder, memory_bytes)
        (layer,) = rebuild_model(job, folder, self._reader).integers
        weights = np.asarray(layer, np.float64) / 2**training.model_bits
        costs = [receipt.cost for receipt in read_receipts(job, folder).values()]
        return Trained(weights, costs, memory_mb)

    def _job(
        self,
        places: Sequence[Place],
        threshold: int,
        rows: int,
        features: Features,
        training: Training,
        *,
        delayed_by: int = 0,
        commitments: bool = False,
    ) -> Job:
        cards: list[PartyCard] = [
            place.folder.card.model_copy(
                update={"port": place.reached_at if delayed_by else place.port}
            )
            for place in places
        ]
        key = self._owner.public_key().public_bytes_raw().hex()
        pem = self._reader.recipient.to_pem().decode()
        return Job(
            job_id=secrets.token_hex(16),
            threshold=threshold,
            parties=tuple(cards),
            owners=(OwnerEntry(name=OWNER, signing_key=key, train_rows=rows, validation_rows=0),),
            recipient=RecipientEntry(name="reader", sealing_key=pem),
            features=features,
            labels=Labels(),
            training=training,
            simulation=True,
            commitments=commitments,
        )

    def _deal(self, job: Job, rows: OwnedRows) -> Folder:
        self._jobs += 1
        folder = open_folder(self.folder / f"job-{self._jobs}")
        folder.create(JOB_FILE, job.encode())
        deal(job, folder, OWNER, rows, signing_key=self._owner)
        return folder


def measure(
    parties: Parties,
    task: Task,
    rows: Rows,
    *,
    scheme: tuple[int, int] = (3, 1),
    delay_ms: int = 0,
) -> Measured:
    """This engine on a task, whose rows were drawn in the order of use."""
    training = training_of(task)
    x = np.rint(rows.x[:, :-1] * 2**FRACTION_BITS).astype(np.int64)
    norm = float(np.linalg.norm(rows.x[:, :-1], axis=1).max()) * 1.001
    features = _features(task.d, norm, largest=int(np.abs(x).max()))
    back = np.argsort(parties.order(training, task.rows))
    done = parties.train(
        training,
        x[back],
        rows.y[back, None].astype(np.int64),
        features,
        scheme=scheme,
        delay_ms=delay_ms,
    )
    costs = done.costs
    return Measured(
        engine="redactory",
        task=task.name,
        parties=scheme,
        delay_ms=delay_ms,
        seconds=max(typical(cost.step_seconds) for cost in costs),
        cpu_seconds=sum(typical(cost.cpu_seconds) for cost in costs) / len(costs),
        sent_mb=typical(costs[0].sent_bytes) / MEGABYTE,
        rounds=typical(costs[0].rounds),
        memory_mb=done.memory_mb,
        accuracy=rows.accuracy(done.weights[:, 0]),
    )


def training_of(task: Task) -> Training:
    """The task as a job says it; that scores stay in their range is vouched for."""
    return Training(
        model="logistic",
        sigmoid_degree=3,
        epochs=task.epochs,
        batch_rows=task.batch,
        learning_rate=RATE,
        assume_range=True,
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


def _features(d: int, norm: float, *, largest: int = 1 << FRACTION_BITS) -> Features:
    bound = max(largest, 1 << FRACTION_BITS)
    return Features(columns=d, fraction_bits=FRACTION_BITS, largest=bound, norm=norm)


def _run(places: Sequence[Place], folder: Folder, memory_bytes: int) -> float:
    """Run all parties; the greatest memory of one, in MB."""
    commands = [
        [
            sys.executable,
            "-c",
            _PARTY,
            str(place.folder.path),
            folder.url,
            str(place.port),
            PASSPHRASE.decode(),
            str(memory_bytes),
        ]
        for place in places
    ]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(c, stdout=pipe, stderr=pipe, text=True) for c in commands]
    told = [process.communicate() for process in processes]
    failed = [e for process, (_, e) in zip(processes, told, strict=True) if process.returncode]
    if failed:
        raise RuntimeError("\n".join(failed))
    return max(int(printed) for printed, _ in told) * 1024 / MEGABYTE
