"""What the recipient of a model makes of the parties' shares.

``trained.json`` (secret, 0600) holds the integers and what they mean. If the parties committed to
the model, the recipient also checks that the shares open the commitments, proves that every
weight is within its bounds, and writes the public ``model.json`` and the secret ``opening.json``
that proofs of predictions start from (:mod:`zk_proofs`).
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
from redactory.errors import InputError, IntegrityError
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
    """

    job: Job
    files: tuple[str, ...]
    model_id: str
    epochs: int
    metrics: dict[str, Any]
    parties: tuple[str, ...]
    range_proven: bool


def reveal(job_folder: str, output: Path, identity: AnyIdentity) -> Revealed:
    """Rebuild the model of a finished job and write it.

    Raises:
        InputError: too few parties have finished, or a file is in the way.
        KeyringError: ``identity`` is not the recipient's.
        IntegrityError: a share, receipt or commitment is not what was signed.
        PartyError: the shares do not fit together.
    """
    folder = open_folder(job_folder)
    job = read_signed_job(folder)
    model = rebuild_model(job, folder, identity)
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
    written = {TRAINED_FILE: canonical_json(trained), **written}
    output.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, raw in written.items():
        try:
            write_secret(output / name, raw)
        except FileExistsError:
            raise InputError("is there already", where=str(output / name)) from None
    return Revealed(
        job=job,
        files=tuple(written),
        model_id=model_id,
        epochs=first.epochs,
        metrics=first.metrics,
        parties=tuple(r.party for r in receipts.values()),
        range_proven=all(r.range_proven for r in receipts.values()),
    )


def _committed(job: Job, opened: OpenedModel) -> tuple[str, dict[str, bytes]]:
    """(model id, files) of a model that the parties committed to."""
    from zk_proofs.model import (  # noqa: PLC0415 - compiles, and only some jobs need it
        LayerCommitment,
        LayerOpening,
        Model,
        Opening,
        commit_layer,
    )
    from zk_proofs.model_file import encode_opening, publish  # noqa: PLC0415
    from zk_proofs.quantisation import Interval, LayerShape, Quantisation  # noqa: PLC0415

    largest, constant = (1 << (job.training.model_range - 1)) - 1, one(job.features)
    (integers,) = opened.integers
    layer = LayerOpening(
        weights=[[int(v) for v in row] for row in integers[:-1].T],
        biases=[int(v) * constant for v in integers[-1]],
        row_blindings=tuple(opened.blindings[::2]),
        bias_blindings=tuple(opened.blindings[1::2]),
    )
    commitment = LayerCommitment(tuple(opened.commitments[::2]), tuple(opened.commitments[1::2]))
    if commit_layer(layer) != commitment:
        raise IntegrityError("the shares do not open the parties' commitments", where="outcome")
    shape = LayerShape(
        job.labels.outputs,
        Interval(-largest, largest),
        Interval(-largest * constant, largest * constant),
    )
    bound = Interval(-job.features.largest, job.features.largest)
    policy = Quantisation(job.features.columns, bound, (shape,))
    model = Model(policy, (commitment,), job.features.spec_digest, job.digest)
    opening = Opening((layer,))
    return model.model_id, {
        MODEL_FILE: publish(model, opening).encode(),
        OPENING_FILE: encode_opening(model, opening),
    }
