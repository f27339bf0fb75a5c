"""The steps of unattended training: features, plan, deal, parties, reveal, record.

Each takes the configuration and the id of the run, keeps what it makes below the run's id, and
may be repeated after a crash. What a step returns holds digests, counts and names of parties.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit_ledger import Provenance
from mpc_jobs.features import FeatureSpec
from mpc_jobs.identity import PartyFolder
from mpc_jobs.job import JOB_FILE, Job, read_job, read_signed_job
from mpc_jobs.outcome import Receipt, read_receipts
from mpc_jobs.party import run_job
from mpc_jobs.training_spec import Training
from redactory.durable import open_folder
from redactory.errors import InputError, PartyError
from redactory.featurising.building import build_features
from redactory.featurising.settings import DEFAULT_SCOPE, FeatureBuild
from redactory.keys import KeyStore
from redactory.reading import Trust, own_identity
from redactory.training import (
    OwnerData,
    Plan,
    deal_dataset,
    local_folder,
    owner_data,
    plan_job,
    read_training,
)
from redactory.training_config import TrainConfig
from redactory.training_record import record_training
from redactory.training_result import TRAINED_FILE
from redactory.training_result import reveal as reveal_model
from sealed_shards.layout import DATA, DATASET_FILE
from sealed_shards.manifest import DatasetInfo
from sealed_shards.software import read_key_file

Facts = dict[str, Any]
_OPENED = {"epoch_metrics": ("squared_error",), "metrics": ("accuracy", "confusion")}


def classes_of(config: TrainConfig) -> tuple[str, ...]:
    """Classes of the dataset to train on, as it says itself; nothing is verified or opened."""
    place = config.features if config.dataset is None else config.dataset
    if place is None:
        return ()
    folder = open_folder(place)
    if not folder.exists(DATASET_FILE):
        return ()
    return DatasetInfo.decode(folder.read(DATASET_FILE), where=DATASET_FILE).label_classes


def build(config: TrainConfig, by: Provenance) -> Facts:
    """Make or bring up to date the feature dataset.

    Raises:
        InputError: no text dataset is configured.
    """
    if config.dataset is None:
        raise InputError("no text dataset is configured", hint="dataset, or features")
    built = build_features(
        FeatureBuild(
            dataset=config.dataset,
            output=_features(config),
            spec=FeatureSpec() if config.spec == "default" else FeatureSpec.load(Path(config.spec)),
            model=config.encoder,
            trust=Trust(ledger=config.ledger, by=by),
            held_out_share=config.held_out,
            scope=config.scope or DEFAULT_SCOPE,
            ledger=config.feature_ledger,
        ),
        KeyStore(),
    )
    return {
        "dataset": built.dataset,
        "version": built.version,
        "rows": built.rows,
        "made": built.made,
        "spec_digest": built.spec_digest,
    }


def plan(config: TrainConfig, run_id: str, by: Provenance) -> Facts:
    """Write the run's job description, once."""
    folder = open_folder(_job_folder(config, run_id))
    if not folder.exists(JOB_FILE):
        data = _owned(config, by)
        plan_job(
            Plan(
                output=_job_folder(config, run_id),
                training=_training(config, data),
                offers=[data.offer],
                cards=[Path(card) for card in config.cards],
                threshold=config.threshold,
                commitments=config.commit,
                connect_seconds=config.connect_seconds,
            ),
            KeyStore(),
        )
    job = read_job(folder)
    program = job.program()
    return {
        "job": job.digest,
        "parties": [card.name for card in job.parties],
        "steps": job.steps,
        "range_proven": program.range_proven,
        "simulation": job.simulation,
    }


def deal(config: TrainConfig, run_id: str, by: Provenance) -> Facts:
    """Sign the job and deal the rows; a deal that was made before is replaced."""
    data = _owned(config, by)
    job = deal_dataset(_job_folder(config, run_id), data, KeyStore())
    return {"job": job.digest, "rows": len(data.rows.x), "unlabelled": data.unlabelled}


def serve(
    config: TrainConfig, run_id: str, number: int, notice: Callable[[str], None]
) -> Facts | None:
    """Be the party of this number until the job is done; None if somebody else runs it.

    Raises:
        PartyError: another party failed; the next try resumes from the last checkpoint.
    """
    folder = open_folder(_job_folder(config, run_id))
    job = read_signed_job(folder)
    party = _own_party(config, job, number)
    if party is None:
        return None
    receipt = read_receipts(job, folder).get(number) or run_job(party, folder, notice=notice)
    return _told(receipt)


def finished(config: TrainConfig, run_id: str) -> tuple[list[str], list[str]]:
    """Names of the parties that have finished, and of those that have not."""
    folder = open_folder(_job_folder(config, run_id))
    job = read_signed_job(folder)
    receipts = read_receipts(job, folder)
    names = dict(enumerate((card.name for card in job.parties), start=1))
    return (
        [name for number, name in names.items() if number in receipts],
        [name for number, name in names.items() if number not in receipts],
    )


def quorum(config: TrainConfig, run_id: str) -> Facts:
    """The parties that finished, if they are enough to rebuild the model.

    Raises:
        PartyError: too few have finished.
    """
    done, missing = finished(config, run_id)
    job = read_signed_job(open_folder(_job_folder(config, run_id)))
    if len(done) <= job.threshold:
        raise PartyError(
            f"{len(done)} parties have finished, and {job.threshold + 1} are needed",
            hint="run the parties' tasks again; they resume from the last checkpoint",
        )
    return {"finished": done, "missing": missing}


def awaits_others(config: TrainConfig, run_id: str) -> bool:
    """Whether parties that others run may still be at work."""
    job = read_signed_job(open_folder(_job_folder(config, run_id)))
    return not job.simulation and bool(finished(config, run_id)[1])


def reveal(config: TrainConfig, run_id: str) -> Facts:
    """Rebuild the model below the models' folder, once."""
    output = _model_folder(config, run_id)
    if not (output / TRAINED_FILE).exists():
        reveal_model(_job_folder(config, run_id), output, own_identity(KeyStore(), DATA, None))
    trained = json.loads(read_key_file(output / TRAINED_FILE))
    return {
        "job": trained["job"],
        "model_id": trained["model_id"],
        "epochs": trained["epochs"],
        "private": trained["privacy"] is not None,
    }


def record(config: TrainConfig, run_id: str, by: Provenance) -> Facts:
    """Put the model's card beside the rows, and its digest into their log."""
    trust = Trust(ledger=config.feature_ledger, by=by)
    recorded = record_training(_features(config), trust, _job_folder(config, run_id))
    return {
        "job": recorded.job,
        "card_sha256": recorded.card_sha256,
        "model_id": recorded.model_id,
    }


def _features(config: TrainConfig) -> str:
    folder = config.features_folder
    if folder is None:
        raise InputError("nothing to train on is configured", hint="dataset, or features")
    return folder


def _job_folder(config: TrainConfig, run_id: str) -> str:
    return f"{config.jobs or _features(config) + '.jobs'}/{run_id}"


def _model_folder(config: TrainConfig, run_id: str) -> Path:
    return Path(config.models or f"{_features(config)}.models") / run_id


def _owned(config: TrainConfig, by: Provenance) -> OwnerData:
    return owner_data(_features(config), config.owner, Trust(ledger=config.feature_ledger, by=by))


def _training(config: TrainConfig, data: OwnerData) -> Training:
    path = Path(config.training) if config.training else None
    given, classes = config.learning(), len(data.offer.classes)
    training = read_training(path, given, classes=classes)
    if training.privacy is not None:  # nothing is opened on a budget
        return training
    opened = {k: v for k, v in _OPENED.items() if k not in training.model_fields_set}
    return read_training(path, {**given, **opened}, classes=classes)


def _own_party(config: TrainConfig, job: Job, number: int) -> PartyFolder | None:
    if number > len(job.parties):
        return None
    keys, card = KeyStore(), job.parties[number - 1]
    if job.simulation:
        home = local_folder(keys, job)
        return PartyFolder(home / card.name, read_key_file(home / "passphrase"))
    if config.party is None:
        return None
    party = PartyFolder(Path(config.party), keys.passphrase())
    return party if party.card.name == card.name else None


def _told(receipt: Receipt) -> Facts:
    return {
        "party": receipt.party,
        "epochs": receipt.epochs,
        "present": list(receipt.present),
        "share_sha256": receipt.share_sha256,
    }
