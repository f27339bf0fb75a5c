"""The job description: everything that is agreed before the first share moves.

Canonical JSON, named by its digest. It is in force once every data owner has signed the digest;
parties tell each other the digest they run before anything else. The format is written down in
``docs/format/training-job-v1.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError, model_validator

from mpc_jobs.compiling import Program, compile_program, require_provable
from mpc_jobs.sharing import Scheme
from mpc_jobs.tls import Endpoint
from mpc_jobs.training_spec import AUC_PAIRS, Features, Labels, Strict, Training
from redactory.canonical import canonical_json, parse_canonical_json, sha256_hex
from redactory.durable import Folder
from redactory.errors import InputError, IntegrityError

JOB_FILE = "job.json"
_SIGNED = b"redactory-training-job/v1\0"

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Role = Literal["train", "validation"]


class PartyCard(Strict):
    """A compute party as others know it.

    Attributes:
        name: also the name in its certificate.
        host: where others reach it.
        port: likewise.
        certificate: PEM; others accept this one and no other.
        signing_key: Ed25519, for receipts.
        sealing_key: PEM of the RSA key that its shares are sealed for.
    """

    name: Name
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(ge=1, lt=1 << 16)
    certificate: str = Field(max_length=8192)
    signing_key: Hex32
    sealing_key: str = Field(max_length=8192)


class OwnerEntry(Strict):
    """A data owner: who it is and how many rows it brings."""

    name: Name
    signing_key: Hex32
    train_rows: int = Field(ge=0, lt=1 << 40)
    validation_rows: int = Field(ge=0, lt=1 << 40)

    def rows(self, role: Role) -> int:
        """Rows of a role."""
        return self.train_rows if role == "train" else self.validation_rows


class RecipientEntry(Strict):
    """Who gets the model."""

    name: Name
    sealing_key: str = Field(max_length=8192)


@dataclass(frozen=True)
class Part:
    """One sealed file of every party: consecutive batches of one owner.

    Attributes:
        owner: the owner's name.
        role: train or validation.
        index: its number among the owner's parts of that role.
        rows: its rows.
    """

    owner: str
    role: Role
    index: int
    rows: int


class Job(Strict):
    """A training job.

    Attributes:
        job_id: random; two jobs are never the same.
        threshold: t: how many parties together learn nothing.
        parties: in the order of their numbers, from 1.
        owners: everyone whose data goes in; all must sign.
        recipient: who gets the model.
        part_batches: mini-batches in one sealed file.
        checkpoint_epochs: epochs between two checkpoints.
        connect_seconds: how long parties wait for each other.
        step_seconds: how long one exchange may take.
        simulation: all parties are run by one user; the model card says so.
        commitments: the parties commit to the model, so that predictions can be proven.
    """

    format: Literal["training-job/v1"] = "training-job/v1"
    job_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    threshold: int = Field(ge=1, le=16)
    parties: tuple[PartyCard, ...] = Field(min_length=3, max_length=16)
    owners: tuple[OwnerEntry, ...] = Field(min_length=1, max_length=1024)
    recipient: RecipientEntry
    features: Features
    labels: Labels
    training: Training
    part_batches: int = Field(default=1, ge=1, le=1 << 20)
    checkpoint_epochs: int = Field(default=1, ge=1, le=10_000)
    connect_seconds: float = Field(default=60.0, gt=0, le=86_400, allow_inf_nan=False)
    step_seconds: float = Field(default=120.0, gt=0, le=86_400, allow_inf_nan=False)
    simulation: bool = False
    commitments: bool = False

    @model_validator(mode="after")
    def _distinct(self) -> Job:
        for entries in (self.parties, self.owners):
            if len({entry.name for entry in entries}) < len(entries):
                raise ValueError("two entries have one name")
        for keys in (
            [p.certificate for p in self.parties],
            [p.sealing_key for p in self.parties],
        ):
            if len(set(keys)) < len(keys):
                raise ValueError("two parties have one key")
        whole = all(o.train_rows % self.training.batch_rows == 0 for o in self.owners)
        if self.training.privacy is not None and not whole:
            raise ValueError(
                "with a privacy budget, owners bring whole mini-batches: batch_rows must divide "
                "the number of each owner's training rows"
            )
        if self.commitments and self.training.model == "network":
            raise ValueError("only linear models are committed to")
        return self

    @property
    def scheme(self) -> Scheme:
        """How many parties, and how many of them learn nothing."""
        return Scheme(len(self.parties), self.threshold)

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hex."""
        return sha256_hex(self.encode())

    @property
    def endpoints(self) -> dict[int, Endpoint]:
        """Addresses and certificates by party number."""
        return {
            number: Endpoint(number, card.name, card.host, card.port, card.certificate)
            for number, card in enumerate(self.parties, start=1)
        }

    def parts(self, role: Role) -> Iterator[Part]:
        """Parts in the order of use: the owners take turns."""
        size = self.part_batches * self.training.batch_rows
        longest = max(math.ceil(owner.rows(role) / size) for owner in self.owners)
        for index in range(longest):
            for owner in self.owners:
                rows = min(size, owner.rows(role) - index * size)
                if rows > 0:
                    yield Part(owner.name, role, index, rows)

    @property
    def steps_an_epoch(self) -> int:
        """Mini-batches of one pass over all owners' rows."""
        size = self.training.batch_rows
        return sum(math.ceil(owner.train_rows / size) for owner in self.owners)

    @property
    def steps(self) -> int:
        """Mini-batches over the whole job."""
        return self.steps_an_epoch * self.training.epochs

    def program(self) -> Program:
        """The model, its bounds proven.

        Raises:
            PolicyError: the masks cannot hide it, or its scores may leave their range.
        """
        if self.commitments:
            require_provable(self.training, self.features)
        return compile_program(
            self.scheme,
            self.training,
            self.features,
            self.labels,
            steps=self.steps,
            further_opened=self._opened_beside_steps(),
        )

    def _opened_beside_steps(self) -> int:
        """No fewer elements than metrics, the last truncation and the commitments open."""
        training, outputs = self.training, self.labels.outputs
        hidden = training.hidden if training.model == "network" else 0
        rows = sum(owner.validation_rows for owner in self.owners)
        # Scores, the sigmoid's rounds, and one comparison an output.
        measured = rows * (2 * hidden + outputs * (training.sigmoid_degree + 2)) + AUC_PAIRS
        times = (training.epochs if training.epoch_metrics else 0) + bool(training.metrics)
        weights = (self.features.columns + 1) * max(outputs, hidden) + hidden * outputs
        return measured * times + 2 * weights

    def sign(self, key: Ed25519PrivateKey) -> bytes:
        """An owner's signature, as it is stored: hex."""
        return key.sign(_SIGNED + bytes.fromhex(self.digest)).hex().encode("ascii")


def signature_file(owner: str) -> str:
    """Where an owner's signature lies in the job's folder."""
    return f"signatures/{owner}.sig"


def read_job(folder: Folder) -> Job:
    """The job in a folder, whether signed or not.

    Raises:
        InputError: there is none.
        IntegrityError: it is malformed.
    """
    where = folder.path(JOB_FILE)
    try:
        raw = folder.read(JOB_FILE)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise InputError(
            "there is no job here", where=where, hint="redactory train plan --help"
        ) from None
    try:
        return Job.model_validate(parse_canonical_json(raw, where=where))
    except ValidationError:
        raise IntegrityError("is not a training-job/v1 description", where=where) from None


def read_signed_job(folder: Folder) -> Job:
    """The job in a folder, signed by every owner.

    Raises:
        InputError: there is no job, or an owner has not signed yet.
        IntegrityError: a signature is wrong.
    """
    job = read_job(folder)
    for owner in job.owners:
        name = signature_file(owner.name)
        try:
            signature = bytes.fromhex(folder.read(name).decode("ascii"))
        except FileNotFoundError:
            raise InputError(
                f"the owner {owner.name} has not signed and dealt yet",
                where=folder.path(name),
                hint="redactory train deal",
            ) from None
        except ValueError:
            raise IntegrityError("is not a signature", where=folder.path(name)) from None
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(owner.signing_key)).verify(
                signature, _SIGNED + bytes.fromhex(job.digest)
            )
        except InvalidSignature:
            raise IntegrityError(
                "the owner's signature is not for this job", where=folder.path(name)
            ) from None
    return job
