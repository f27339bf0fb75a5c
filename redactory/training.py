"""Training jobs on feature datasets: planning one, dealing into it, and getting the model.

The protocol is :mod:`mpc_jobs`; here a user's keys, feature datasets and local parties are put
together for the command line and for Airflow. A dealer reads feature datasets only, along their
trust chain, which records the access.
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from mpc_jobs.dealing import OwnedRows, deal
from mpc_jobs.engine import batches_a_part
from mpc_jobs.identity import read_card
from mpc_jobs.job import JOB_FILE, Job, OwnerEntry, PartyCard, RecipientEntry, read_job
from mpc_jobs.local import create_local_parties, start_party, wait_for
from mpc_jobs.training_spec import Features, Labels, Strict, Training
from redactory.canonical import canonical_json, parse_canonical_json
from redactory.config import validated
from redactory.durable import open_folder
from redactory.errors import InputError
from redactory.featurising.opening import open_features
from redactory.keys import READER, KeyStore
from redactory.reading import Trust
from redactory.training_record import record_deal
from sealed_shards.software import read_key_file

OWNER_KEY = "owner"
USUAL = {"epochs": 20, "batch_rows": 64, "learning_rate": 3.0, "sigmoid_degree": 5}
"""What does for most texts: rows have a norm of 1, where steps up to 4 do not overshoot."""
_PROVABLE_BITS, _COMMITTED_WEIGHT_BITS = 32, 4


class Offer(Strict):
    """What an owner brings to a job: counts and bounds, and the key that it will sign with."""

    owner: OwnerEntry
    features: Features
    classes: tuple[str, ...] = Field(min_length=2, max_length=1024)

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))


@dataclass(frozen=True)
class OwnerData:
    """An owner's side of a job.

    Attributes:
        offer: what may be told to others.
        rows: the integers, training rows first.
        unlabelled: rows that are left out because they have no label.
        dataset: folder of the feature dataset.
        trust: which log to believe.
    """

    offer: Offer
    rows: OwnedRows
    unlabelled: int
    dataset: str
    trust: Trust


def owner_data(dataset: str, owner: str, trust: Trust, *, key_file: str | None = None) -> OwnerData:
    """Read a feature dataset as an owner's rows.

    Args:
        dataset: the feature dataset's folder.
        owner: the owner's name in the job.
        trust: which log to believe.
        key_file: private key; the user's reader key by default.

    Raises:
        InputError: no feature dataset, or fewer than two classes.
        KeyringError: a key is missing.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken, or the access cannot be recorded.
    """
    opened = open_features(dataset, trust, key_file=key_file, purpose="train")
    spec, classes = opened.info.spec, opened.classes
    if len(classes) < 2:
        raise InputError("there are no classes to train on", where=dataset)
    batches = list(opened.rows())
    x = np.concatenate([b.features for b in batches])
    place = np.concatenate([b.labels for b in batches])
    held_out = np.concatenate([b.held_out for b in batches])
    labelled = place >= 0
    order = np.concatenate(
        [np.flatnonzero(labelled & ~held_out), np.flatnonzero(labelled & held_out)]
    )
    outputs = 1 if len(classes) == 2 else len(classes)
    chosen = place[order]
    y = chosen[:, None] if outputs == 1 else np.eye(outputs, dtype=np.int64)[chosen]
    key = owner_key(trust.keys())
    offer = Offer(
        owner=OwnerEntry(
            name=owner,
            signing_key=key.public_key().public_bytes_raw().hex(),
            train_rows=int((labelled & ~held_out).sum()),
            validation_rows=int((labelled & held_out).sum()),
        ),
        features=Features(
            columns=spec.d,
            fraction_bits=spec.scale_bits,
            largest=spec.norm_bound,
            norm=1.0,
            spec_digest=spec.digest,
        ),
        classes=classes,
    )
    unlabelled = int((~labelled).sum())
    return OwnerData(offer, OwnedRows(x[order], y), unlabelled, dataset, trust)


def owner_key(keys: KeyStore) -> Ed25519PrivateKey:
    """The user's key for signing jobs and deals, made at first use."""
    if not keys.keyring.has(OWNER_KEY):
        keys.keyring.create_ed25519(OWNER_KEY, keys.passphrase(new=True))
    return keys.keyring.signing_key(OWNER_KEY, keys.passphrase())


def read_offer(path: Path) -> Offer:
    """Another owner's offer.

    Raises:
        InputError: absent, or no offer.
    """
    try:
        return Offer.model_validate(parse_canonical_json(path.read_bytes(), where=str(path)))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except ValidationError:
        raise InputError("is not an owner's offer", where=str(path)) from None


@dataclass(frozen=True)
class Plan:
    """What a job is made of.

    Attributes:
        output: the job's folder.
        training: model and optimisation.
        offers: of all owners; the first one plans.
        cards: of the parties; empty for local ones.
        threshold: how many parties together learn nothing.
        local_parties: how many parties to run here, if there are no cards.
        recipient_key: public key (PEM) of who gets the model; None: the user's reader key.
        commitments: whether the parties commit to the model, for proofs of predictions.
        connect_seconds: how long parties wait for each other.
    """

    output: str
    training: Training
    offers: Sequence[Offer]
    cards: Sequence[Path]
    threshold: int
    local_parties: int = 3
    recipient_key: Path | None = None
    commitments: bool = False
    connect_seconds: float = 60.0


def plan_job(plan: Plan, keys: KeyStore) -> Job:
    """Write the job description; its bounds are proven.

    Raises:
        InputError: the offers do not go together, or a job is there already.
        PolicyError: the masks cannot hide it, or scores may leave their range.
    """
    first = plan.offers[0]
    if any((o.features, o.classes) != (first.features, first.classes) for o in plan.offers):
        raise InputError(
            "the owners' features or classes differ",
            hint="build all feature datasets with one spec and the same classes",
        )
    folder = open_folder(plan.output)
    if folder.exists(JOB_FILE):
        raise InputError("there is a job here already", where=plan.output)
    keys.ensure(READER)
    pem = (
        read_key_file(plan.recipient_key).decode("ascii")
        if plan.recipient_key
        else read_key_file(keys.keyring.folder / f"{READER}.pub.pem").decode("ascii")
    )
    job_id = secrets.token_hex(16)
    cards = [read_card(path) for path in plan.cards] or _local_cards(plan, keys, job_id)
    classes = first.classes
    training = committable(plan.training, first.features) if plan.commitments else plan.training
    try:
        job = Job(
            job_id=job_id,
            threshold=plan.threshold,
            parties=tuple(cards),
            owners=tuple(offer.owner for offer in plan.offers),
            recipient=RecipientEntry(name=first.owner.name, sealing_key=pem),
            features=first.features,
            labels=Labels(outputs=1 if len(classes) == 2 else len(classes), classes=classes),
            training=training,
            part_batches=batches_a_part(training, first.features),
            simulation=not plan.cards,
            commitments=plan.commitments,
            connect_seconds=plan.connect_seconds,
        )
    except ValidationError as error:
        raise InputError(_first_problem(error)) from None
    job.program()
    folder.create(JOB_FILE, job.encode())
    return job


def committable(training: Training, features: Features) -> Training:
    """The same, in a precision that proofs can hold, unless a precision was asked for.

    A bias times the integer of the constant must stay within 31 bits; weights get what is left,
    up to ±16, which models on rows of norm 1 do not reach.
    """
    if {"model_range", "model_bits"} & training.model_fields_set:
        return training
    model_range = min(training.model_range, _PROVABLE_BITS - features.fraction_bits)
    model_bits = min(training.model_bits, max(0, model_range - 1 - _COMMITTED_WEIGHT_BITS))
    return training.model_copy(update={"model_range": model_range, "model_bits": model_bits})


def local_folder(keys: KeyStore, job: Job) -> Path:
    """Where the parties of a simulated job live."""
    return keys.folder / "parties" / job.job_id


def deal_dataset(
    job_folder: str,
    data: OwnerData,
    keys: KeyStore,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Job:
    """Sign a job as one of its owners, deal the owner's rows, and record that in their log.

    Raises:
        InputError: the job is not about these rows.
        PolicyError: its values could not be hidden.
        LedgerError: the log cannot be written.
    """
    folder = open_folder(job_folder)
    job = read_job(folder)
    offer = data.offer
    if (offer.features, offer.classes) != (job.features, job.labels.classes):
        raise InputError("the job is about other features or classes", where=job_folder)
    deal(
        job,
        folder,
        offer.owner.name,
        data.rows,
        signing_key=owner_key(keys),
        progress=progress,
    )
    record_deal(data.dataset, data.trust, job_folder, offer.owner.name)
    return job


def run_local(
    job: Job, job_folder: str, keys: KeyStore, *, watch: Callable[[], None] = lambda: None
) -> list[str]:
    """Run the parties of a simulated job as processes; names of those that were lost.

    Raises:
        InputError: its parties are not here.
        PartyError: too few parties finished.
    """
    home = local_folder(keys, job)
    if not job.simulation or not home.is_dir():
        raise InputError(
            "the parties of this job are not on this machine",
            where=job_folder,
            hint="each party runs: redactory party serve",
        )
    processes = [
        start_party(home / card.name, job_folder, passphrase_file=home / "passphrase")
        for card in job.parties
    ]
    return wait_for(processes, needed=job.threshold + 1, watch=watch)


def read_training(path: Path | None, given: Mapping[str, Any], *, classes: int) -> Training:
    """The training section: a TOML file, what was given over it, and the usual for the rest.

    Args:
        path: of the file, if there is one.
        given: goes over it; None says nothing.
        classes: how many there are, which decides the model where nothing else does.

    Raises:
        InputError: unknown keys, or values out of range; says which.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError("cannot be read as TOML", where=str(path)) from None
    usual = {**USUAL, "model": "logistic" if classes <= 2 else "softmax"}
    values = {**usual, **values, **{k: v for k, v in given.items() if v is not None}}
    return validated(Training, values, where=str(path or "training"))


def _local_cards(plan: Plan, keys: KeyStore, job_id: str) -> list[PartyCard]:
    members = create_local_parties(keys.folder / "parties" / job_id, plan.local_parties)
    return [member.card for member in members]


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{place}: {what}" if place else what
