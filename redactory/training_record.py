"""What a training job leaves in a data owner's log: that rows were dealt, and what was trained.

A job's log is the data owner's. ``dealt`` names the owner's signed deal; ``trained`` names the
digests of the model's card, which lies beside the rows in ``cards/<job>.json`` and ``.html``.
Digests, counts and the names of parties, no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from audit_ledger import Draft, Log
from mpc_jobs.deal_manifest import manifest_file, read_manifest
from mpc_jobs.job import Job, read_signed_job
from redactory.canonical import sha256_hex
from redactory.durable import open_folder
from redactory.errors import IntegrityError, KeyringError, LedgerError
from redactory.keys import LOG
from redactory.provenance import cli_provenance, under_rules_of
from redactory.reading import Trust, checked_head
from redactory.training_card import CARD_FILE, PAGE_FILE, card_of
from redactory.trust import TrustStore, remember

CARDS_FOLDER = "cards"
DEALT, TRAINED = "dealt", "trained"


@dataclass(frozen=True)
class Recorded:
    """What the log now holds.

    Attributes:
        job: the job's digest.
        card: name of the card in the dataset's folder.
        card_sha256: its digest.
        model_id: of a committed model, else empty.
    """

    job: str
    card: str
    card_sha256: str
    model_id: str


def record_deal(dataset: str, trust: Trust, job_folder: str, owner: str) -> None:
    """State that an owner's rows were dealt into a job.

    Raises:
        KeyringError: the log is not trusted, or its key is not here.
        LedgerError: the log is broken or cannot be written.
        IntegrityError: the deal is not what the owner signed.
    """
    folder = open_folder(job_folder)
    job = read_signed_job(folder)
    manifest, raw = read_manifest(job, folder, owner)
    entry = next(each for each in job.owners if each.name == owner)
    body = {
        "deal": manifest.deal_id,
        "job": job.digest,
        "owner": owner,
        "parties": tuple(card.name for card in job.parties),
        "rows": entry.train_rows + entry.validation_rows,
        "threshold": job.threshold,
    }
    subject = ((manifest_file(owner), sha256_hex(raw)),)
    _state(dataset, trust, DEALT, subject, body, key=f"{job.digest}.{manifest.deal_id}")


def record_training(dataset: str, trust: Trust, job_folder: str) -> Recorded:
    """Put the card of a finished job beside the rows, and state its digests in their log.

    Args:
        dataset: folder of a feature dataset that was dealt into the job.
        trust: which log to believe.
        job_folder: the job's folder or URL.

    Raises:
        InputError: the job has not finished.
        IntegrityError: a document is not what was signed, or the rows are none of the job's.
        KeyringError: the log is not trusted, or its key is not here.
        LedgerError: the log is broken or cannot be written.
    """
    job = read_signed_job(open_folder(job_folder))
    _refuse_strangers(dataset, trust, job)
    card = card_of(job_folder)
    place = open_folder(dataset)
    subject = []
    for name, raw in card.files().items():
        target = f"{CARDS_FOLDER}/{job.digest}{PurePosixPath(name).suffix}"
        place.replace(target, raw)
        subject.append((target, sha256_hex(raw)))
    digests = dict(zip((CARD_FILE, PAGE_FILE), subject, strict=True))
    facts = card.facts
    body = {
        "card_sha256": digests[CARD_FILE][1],
        "epochs": facts["epochs"],
        "job": job.digest,
        "owners": tuple(owner["name"] for owner in facts["owners"]),
        "parties": tuple(party["name"] for party in facts["parties"]),
        "finished": sum(party["finished"] for party in facts["parties"]),
        "private": facts["privacy"] is not None,
        "range_proven": facts["range_proven"],
        "simulation": facts["simulation"],
        "threshold": facts["threshold"],
    }
    if facts["model_id"]:
        body["model_id"] = facts["model_id"]
    if facts["privacy"] is not None:  # statements hold no fractions
        body["epsilon_millionths"] = round(facts["privacy"]["epsilon"] * 1_000_000)
    _state(dataset, trust, TRAINED, tuple(subject), body, key=job.digest)
    name, digest = digests[CARD_FILE]
    return Recorded(job.digest, name, digest, facts["model_id"])


def _refuse_strangers(dataset: str, trust: Trust, job: Job) -> None:
    """Make sure that a deal of these rows into the job is on record."""
    checked, head = checked_head(dataset, trust, trust.keys())
    if checked.log is None or not any(
        (entry.statement.body.dataset, entry.statement.body.job) == (head.dataset, job.digest)
        for entry in checked.log.entries(kind=DEALT)
    ):
        raise IntegrityError(
            "no deal of these rows into the job is on record",
            where=dataset,
            hint="name the feature dataset that was dealt: redactory train deal",
        )


def _state(
    dataset: str,
    trust: Trust,
    kind: str,
    subject: tuple[tuple[str, str], ...],
    body: dict[str, object],
    *,
    key: str,
) -> None:
    keys = trust.keys()
    checked, head = checked_head(dataset, trust, keys)
    if checked.log is None:
        raise LedgerError("the log did not verify", where="ledger")
    if not keys.keyring.has(LOG):
        raise KeyringError(
            "this must be recorded, and the log key is not here",
            hint="ask the owner of the log to do it, or for its log key",
        )
    log = Log.open(checked.folder, keys.log_signer(checked.log.origin))
    about = {"dataset": head.dataset, "version": head.version, **body}
    provenance = under_rules_of(trust.by or cli_provenance(None), log, head.dataset)
    log.append([Draft(kind, subject, about, shard_key=key)], provenance)
    remember(TrustStore(keys.folder / "trust"), log)
