"""What the recipient of a model makes of the parties' shares.

``trained.json`` (secret, 0600) holds the integers and what they mean. If the parties committed to
the model, the recipient also checks that the shares open the commitments, proves that every
weight is within its bounds, and writes the public ``model.json`` and the secret ``opening.json``
that proofs of predictions start from (:mod:`zk_proofs`). The model's card
(:mod:`redactory.training_card`), which is public, lies beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpc_jobs.compiling import one
from mpc_jobs.job import Job, read_signed_job
from mpc_jobs.outcome import OpenedModel, read_receipts, rebuild_model
from redactory.canonical import canonical_json
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError, PolicyError
from redactory.training_card import card_of, committed_model
from sealed_shards.key_files import AnyIdentity
from sealed_shards.software import write_secret

TRAINED_FILE = "trained.json"
MODEL_FILE = "model.json"
OPENING_FILE = "opening.json"


@dataclass(frozen=True)
class Revealed:
    """What was written.

    Attributes:
        job: the job.
        files: names of the files.
        model_id: of the committed model; empty without commitments.
        epochs: trained.
        metrics: opened at the end.
        parties: names of those that finished.
        range_proven: whether scores were proven to stay in range.
        privacy: ε and δ, if there was a budget.
    """

    job: Job
    files: tuple[str, ...]
    model_id: str
    epochs: int
    metrics: dict[str, Any]
    parties: tuple[str, ...]
    range_proven: bool
    privacy: dict[str, float] | None


def reveal(job_folder: str, output: Path, identity: AnyIdentity) -> Revealed:
    """Rebuild the model of a finished job and write it.

    Raises:
        InputError: too few parties have finished, or a file is in the way.
        KeyringError: ``identity`` is not the recipient's.
        IntegrityError: a share, receipt or commitment is not what was signed.
        PartyError: the shares do not fit together.
        PolicyError: a weight is too large for what was committed to.
    """
    folder = open_folder(job_folder)
    job = read_signed_job(folder)
    model = rebuild_model(job, folder, identity)
    card = card_of(job_folder)
    receipts = read_receipts(job, folder)
    first = next(iter(receipts.values()))
    written: dict[str, bytes] = {}
    model_id = ""
    if model.commitments:
        model_id, written = _committed(job, model)
    trained = {
        "classes": list(job.labels.classes),
        "epochs": first.epochs,
        "feature_bits": job.features.fraction_bits,
        "feature_spec_digest": job.features.spec_digest,
        "format": "trained-model/v1",
        "history": list(first.history),
        "job": job.digest,
        "layers": [[[int(v) for v in row] for row in layer] for layer in model.integers],
        "metrics": first.metrics,
        "model": job.training.model,
        "model_bits": job.training.model_bits,
        "model_id": model_id,
        "privacy": first.privacy,
        "one": one(job.features),
        "simulation": job.simulation,
    }
    # Last, so that its presence says that all are there.
    written = {**card.files(), **written, TRAINED_FILE: canonical_json(trained)}
    _write(output, written)
    return Revealed(
        job=job,
        files=tuple(written),
        model_id=model_id,
        epochs=first.epochs,
        metrics=first.metrics,
        parties=tuple(r.party for r in receipts.values()),
        range_proven=all(r.range_proven for r in receipts.values()),
        privacy=first.privacy,
    )


def _write(output: Path, files: dict[str, bytes]) -> None:
    if (output / TRAINED_FILE).exists():
        raise InputError("is there already", where=str(output / TRAINED_FILE))
    output.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, raw in files.items():
        (output / name).unlink(missing_ok=True)  # of an attempt that was interrupted
        write_secret(output / name, raw)


def _committed(job: Job, opened: OpenedModel) -> tuple[str, dict[str, bytes]]:
    """(model id, files) of a model that the parties committed to."""
    # Compiles, and only some jobs need it.
    from zk_proofs.model import LayerOpening, Opening, commit_layer  # noqa: PLC0415
    from zk_proofs.model_file import encode_opening, publish  # noqa: PLC0415

    constant = one(job.features)
    (integers,) = opened.integers
    if max(abs(int(v)) for v in integers.flat) >> (job.training.model_range - 1):
        raise PolicyError(
            f"a weight is beyond the {job.training.model_range} bits that were committed to",
            hint="train again with a lower model_bits, with l2, or for fewer epochs",
        )
    layer = LayerOpening(
        weights=[[int(v) for v in row] for row in integers[:-1].T],
        biases=[int(v) * constant for v in integers[-1]],
        row_blindings=tuple(opened.blindings[::2]),
        bias_blindings=tuple(opened.blindings[1::2]),
    )
    model = committed_model(job, opened.commitments)
    if commit_layer(layer) != model.layers[0]:
        raise IntegrityError("the shares do not open the parties' commitments", where="outcome")
    opening = Opening((layer,))
    return model.model_id, {
        MODEL_FILE: publish(model, opening).encode(),
        OPENING_FILE: encode_opening(model, opening),
    }
