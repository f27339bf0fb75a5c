"""What a party leaves in the job's folder: its share of the model, and a signed receipt.

The share is sealed to the recipient that the job names; no party ever rebuilds the model. The
receipt is public: what was trained on which deal, what was opened, and what it cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from mpc_jobs import field
from mpc_jobs.job import Hex32, Job, Name
from mpc_jobs.kernels import Elements
from mpc_jobs.lifting import decode_scalars, encode_scalars, open_blindings
from mpc_jobs.sealing import open_message, seal_message
from mpc_jobs.training_spec import Strict
from redactory.canonical import canonical_json, parse_canonical_json, sha256_hex
from redactory.durable import Folder
from redactory.errors import InputError, IntegrityError
from sealed_shards import Identity
from sealed_shards.key_files import parse_recipient

_SIGNED = b"redactory-receipt/v1\0"


class Cost(Strict):
    """What a run took at one party, since it last started.

    Attributes:
        epoch_seconds: wall clock of each epoch, metrics and checkpoint included.
        step_seconds: wall clock of each epoch's mini-batches alone.
        cpu_seconds: processor time of each epoch's mini-batches.
        sent_bytes: to all peers, in each epoch's mini-batches.
        rounds: exchanges in each epoch's mini-batches.
        peak_memory_bytes: of the process.
    """

    epoch_seconds: tuple[float, ...] = ()
    step_seconds: tuple[float, ...] = ()
    cpu_seconds: tuple[float, ...] = ()
    sent_bytes: tuple[int, ...] = ()
    rounds: tuple[int, ...] = ()
    peak_memory_bytes: int = 0


class Receipt(Strict):
    """A party's signed account of a run.

    Attributes:
        job: the job's digest.
        party: its name.
        deals: digest over the manifests of all deals.
        session: name of the session in which it ended, first 24 hex digits.
        present: numbers of the parties that were here at the end.
        epochs: how many were trained.
        history: what was opened after each epoch.
        metrics: what was opened at the end.
        share_sha256: digest of the sealed share.
        commitments: for each output, to its weights and to its bias, hex; empty if none were made.
        range_proven: whether scores were proven to stay in their range.
        privacy: ε, δ, ρ and noise of the whole training, if it had a budget.
        cost: what it took.
    """

    format: Literal["training-receipt/v1"] = "training-receipt/v1"
    job: Hex32
    party: Name
    deals: Hex32
    session: str = Field(pattern=r"^[0-9a-f]{24}$")
    present: tuple[int, ...]
    epochs: int = Field(ge=0)
    history: tuple[dict[str, Any], ...]
    metrics: dict[str, Any]
    share_sha256: Hex32
    commitments: tuple[Hex32, ...] = ()
    range_proven: bool
    privacy: dict[str, float] | None = None
    cost: Cost

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))


def share_file(party: str) -> str:
    """Where a party's sealed share lies."""
    return f"outcome/{party}.sealed"


def receipt_file(party: str) -> str:
    """Where a party's receipt lies."""
    return f"outcome/{party}.receipt"


def share_context(job: Job, party: str, deals: str) -> dict[str, Any]:
    """What a party's share of the model is bound to."""
    return {"deals": deals, "job": job.digest, "kind": "model", "party": party}


def seal_share(
    job: Job, party: str, deals: str, shares: Sequence[Elements], blindings: Sequence[int]
) -> bytes:
    """A party's shares of all layers, and of the commitments' blindings, for the recipient."""
    recipient = parse_recipient(job.recipient.sealing_key.encode("ascii"), where=job.recipient.name)
    message = b"".join(field.encode(share) for share in shares) + encode_scalars(blindings)
    return seal_message(recipient, share_context(job, party, deals), message)


def publish(folder: Folder, receipt: Receipt, share: bytes, key: Ed25519PrivateKey) -> None:
    """Write the share, then the receipt that names its digest."""
    folder.replace(share_file(receipt.party), share)
    body = receipt.encode()
    folder.replace(receipt_file(receipt.party), key.sign(_SIGNED + body) + body)


def read_receipts(job: Job, folder: Folder) -> dict[int, Receipt]:
    """Receipts of the parties that finished, by number; all must tell of the same run.

    Raises:
        IntegrityError: one is not signed by its party, or they differ.
    """
    receipts = {}
    for number, card in enumerate(job.parties, start=1):
        name = receipt_file(card.name)
        if not folder.exists(name):
            continue
        raw, where = folder.read(name), folder.path(name)
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(card.signing_key)).verify(
                raw[:64], _SIGNED + raw[64:]
            )
            receipt = Receipt.model_validate(parse_canonical_json(raw[64:], where=where))
        except (InvalidSignature, ValidationError):
            raise IntegrityError("is not a receipt of this party", where=where) from None
        if receipt.job != job.digest or receipt.party != card.name:
            raise IntegrityError("is a receipt for something else", where=where)
        receipts[number] = receipt
    told = {
        (r.deals, r.epochs, r.commitments, canonical_json([r.metrics, *r.history]))
        for r in receipts.values()
    }
    if len(told) > 1:
        raise IntegrityError("the parties' receipts tell of different runs", where="outcome")
    return receipts


@dataclass(frozen=True)
class OpenedModel:
    """What the recipient has in the end.

    Attributes:
        integers: one array of Python integers a layer.
        blindings: of the commitments, in their order; empty if none were made.
        commitments: for each output, to its weights and to its bias.
    """

    integers: list[Any] = attribute(repr=False)
    blindings: list[int] = attribute(repr=False)
    commitments: list[bytes]


def rebuild_model(job: Job, folder: Folder, identity: Identity) -> OpenedModel:
    """The model, checked over the shares of all parties that finished.

    Raises:
        InputError: fewer than t + 1 parties have finished.
        IntegrityError: a share is not the one its party signed for.
        KeyringError: ``identity`` is not the recipient.
        PartyError: the shares lie on no polynomial of degree t.
    """
    receipts = read_receipts(job, folder)
    if len(receipts) <= job.threshold:
        raise InputError(
            f"{len(receipts)} parties have finished, and {job.threshold + 1} are needed",
            where=folder.url,
            hint="redactory train status",
        )
    shapes = job.program().model.shapes
    layers: list[dict[int, Elements]] = [{} for _ in shapes]
    blindings: dict[int, list[int]] = {}
    for number, receipt in receipts.items():
        message, where = _own_message(job, folder, identity, receipt)
        start = 0
        for layer, shape in zip(layers, shapes, strict=True):
            end = start + field.ELEMENT_BYTES * shape[0] * shape[1]
            layer[number] = field.decode(message[start:end], shape, where=where)
            start = end
        blindings[number] = decode_scalars(message[start:], where=where)
        if len(blindings[number]) != len(receipt.commitments):
            raise IntegrityError("holds another number of blindings", where=where)
    scheme = job.scheme
    return OpenedModel(
        [field.to_signed(scheme.reconstruct(layer, degree=scheme.t)) for layer in layers],
        open_blindings(scheme, blindings),
        [bytes.fromhex(c) for c in next(iter(receipts.values())).commitments],
    )


def _own_message(
    job: Job, folder: Folder, identity: Identity, receipt: Receipt
) -> tuple[bytes, str]:
    name = share_file(receipt.party)
    where = folder.path(name)
    raw = folder.read(name)
    if sha256_hex(raw) != receipt.share_sha256:
        raise IntegrityError("is not the share that the party signed for", where=where)
    context = share_context(job, receipt.party, receipt.deals)
    return open_message(identity, context, raw, where=where), where
