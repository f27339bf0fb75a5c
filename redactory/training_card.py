"""The card of a trained model: on what, by whom, how well, and what it gives away.

Everything on it stands in the job's folder and is public: the signed description, the deals'
manifests, the parties' signed receipts. So everybody who has the folder makes the same card,
and a ``trained`` statement in the data owner's log can name its digests. The card names the
model by its commitments (``model_id``); the model never names the card.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mpc_jobs.compiling import one
from mpc_jobs.deal_manifest import read_manifest
from mpc_jobs.job import Job, read_signed_job
from mpc_jobs.outcome import Receipt, read_receipts
from redactory import __version__
from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import Folder, open_folder
from redactory.errors import InputError

CARD_FILE: Final = "card.json"
PAGE_FILE: Final = "card.html"
_WIDTH, _HEIGHT, _MARGIN = 420, 150, 14
_NAMES = {"squared_error": "Squared error", "accuracy": "Accuracy"}


@dataclass(frozen=True)
class Plot:
    """One opened number over the epochs.

    Attributes:
        name: of the metric.
        points: of a polyline in a box of 420 by 150, as SVG writes them.
        first: its value after the first epoch.
        last: its value after the last one.
    """

    name: str
    points: str
    first: float
    last: float


@dataclass(frozen=True)
class ModelCard:
    """A card.

    Attributes:
        facts: all that it says.
    """

    facts: dict[str, Any]

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.facts)

    def page(self) -> bytes:
        """The same for a person: a self-contained page, UTF-8."""
        environment = Environment(
            loader=PackageLoader("redactory"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        page = environment.get_template("model_card.html").render(
            card=self.facts,
            plots=_plots(self.facts["history"]),
            width=_WIDTH,
            height=_HEIGHT,
            sha256=sha256_hex(self.encode()),
        )
        return page.encode()

    def files(self) -> dict[str, bytes]:
        """Both forms by file name."""
        return {CARD_FILE: self.encode(), PAGE_FILE: self.page()}


def card_of(job_folder: str) -> ModelCard:
    """The card of a finished job.

    Raises:
        InputError: too few parties have finished.
        IntegrityError: a document is not what was signed.
    """
    folder = open_folder(job_folder)
    job = read_signed_job(folder)
    receipts = read_receipts(job, folder)
    if len(receipts) <= job.threshold:
        raise InputError(
            f"{len(receipts)} parties have finished, and {job.threshold + 1} are needed",
            where=job_folder,
            hint="redactory train status",
        )
    first = next(iter(receipts.values()))
    facts = {
        "format": "redactory-model-card/v1",
        "program": f"redactory {__version__}",
        "job": job.digest,
        "model_id": model_id_of(job, first.commitments),
        "feature_spec_digest": job.features.spec_digest,
        "features": job.features.columns,
        "classes": list(job.labels.classes),
        "training": job.training.model_dump(mode="json"),
        "threshold": job.threshold,
        "simulation": job.simulation,
        "range_proven": all(receipt.range_proven for receipt in receipts.values()),
        "deals": first.deals,
        "owners": _owners(job, folder),
        "parties": _parties(job, receipts),
        "recipient": job.recipient.name,
        "epochs": first.epochs,
        "history": list(first.history),
        "metrics": first.metrics,
        "privacy": first.privacy,
        "cost": _cost(list(receipts.values())),
    }
    return ModelCard(facts)


def model_id_of(job: Job, commitments: Sequence[str]) -> str:
    """What proofs of predictions call the model; empty if the parties did not commit to it."""
    if not commitments:
        return ""
    return str(committed_model(job, [bytes.fromhex(c) for c in commitments]).model_id)


def committed_model(job: Job, commitments: Sequence[bytes]) -> Any:
    """The public side (:class:`zk_proofs.model.Model`) of a model that the parties committed to.

    Args:
        job: the job, which says all bounds.
        commitments: for each output, to its weights and to its bias.
    """
    from zk_proofs.model import LayerCommitment, Model  # noqa: PLC0415 - compiles
    from zk_proofs.quantisation import Interval, LayerShape, Quantisation  # noqa: PLC0415

    largest, constant = (1 << (job.training.model_range - 1)) - 1, one(job.features)
    shape = LayerShape(
        job.labels.outputs,
        Interval(-largest, largest),
        Interval(-largest * constant, largest * constant),
    )
    bound = Interval(-job.features.largest, job.features.largest)
    policy = Quantisation(job.features.columns, bound, (shape,))
    commitment = LayerCommitment(tuple(commitments[::2]), tuple(commitments[1::2]))
    return Model(policy, (commitment,), job.features.spec_digest, job.digest)


def _owners(job: Job, folder: Folder) -> list[dict[str, Any]]:
    return [
        {
            "name": owner.name,
            "train_rows": owner.train_rows,
            "validation_rows": owner.validation_rows,
            "deal_sha256": sha256_hex(read_manifest(job, folder, owner.name)[1]),
        }
        for owner in job.owners
    ]


def _parties(job: Job, receipts: dict[int, Receipt]) -> list[dict[str, Any]]:
    found = []
    for number, card in enumerate(job.parties, start=1):
        receipt = receipts.get(number)
        found.append(
            {
                "name": card.name,
                "certificate_sha256": sha256_hex(card.certificate.encode()),
                "finished": receipt is not None,
                "share_sha256": receipt.share_sha256 if receipt else None,
            }
        )
    return found


def _cost(receipts: Sequence[Receipt]) -> dict[str, float]:
    """What one party spent, at the most; its times are what the parties say they measured."""
    costs = [receipt.cost for receipt in receipts]
    return {
        "seconds_an_epoch": max(statistics.median(c.epoch_seconds or (0.0,)) for c in costs),
        "sent_bytes": max(sum(cost.sent_bytes) for cost in costs),
        "rounds": max(sum(cost.rounds) for cost in costs),
        "peak_memory_bytes": max(cost.peak_memory_bytes for cost in costs),
    }


def _plots(history: Sequence[dict[str, Any]]) -> list[Plot]:
    """A line for each number that was opened after every epoch."""
    names = [name for name in (history[0] if history else {}) if name in _NAMES]
    plots = []
    for name in names:
        values = [float(entry[name]) for entry in history]
        low, high = min(values), max(values)
        step = (_WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
        scale = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0)
        points = [
            f"{_MARGIN + step * place:.1f},{_HEIGHT - _MARGIN - scale * (value - low):.1f}"
            for place, value in enumerate(values)
        ]
        plots.append(Plot(_NAMES[name], " ".join(points), values[0], values[-1]))
    return plots
