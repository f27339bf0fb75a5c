"""A data owner's part: splitting its rows into shares and sealing each party's to that party.

1. Check every row against the bounds that the job promises; nothing is dealt otherwise.
2. Shuffle by the job's seed, which is public: parties see no values, and the twin needs the
   same batches.
3. Cut into parts of whole mini-batches. Each part is shared, and each party's shares become one
   sealed shard with that party as its only recipient. Its context binds the job's digest, the
   deal, the owner, the party, n, t, the field, the role and the part.
4. Sign the job and, last, the manifest: the headers of all parts of all parties.

A deal has a random id and is never resumed, only replaced: shares of two deals together are
noise that nothing would notice, so parties compare manifests before they load any share.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mpc_jobs import field
from mpc_jobs.deal_manifest import DealManifest, ManifestPart, manifest_file
from mpc_jobs.job import Job, OwnerEntry, Part, signature_file
from mpc_jobs.kernels import Elements
from mpc_jobs.public_random import public_order
from mpc_jobs.sharing import RandomBytes
from redactory.canonical import digest_of
from redactory.durable import Folder
from redactory.errors import InputError
from sealed_shards import ShardContext, ShardHeader, seal
from sealed_shards.key_files import AnyRecipient, parse_recipient
from sealed_shards.layout import shard_file

Rows = npt.NDArray[Any]
FIELD = "2^127-1"
_CHECKED_ROWS = 4096


@dataclass(frozen=True)
class OwnedRows:
    """An owner's integers, of any integer type: the training rows, then the validation rows.

    Attributes:
        x: (n, d) features.
        y: (n, k) labels.
    """

    x: Rows = attribute(repr=False)
    y: Rows = attribute(repr=False)


def deal(
    job: Job,
    folder: Folder,
    owner: str,
    rows: OwnedRows,
    *,
    signing_key: Ed25519PrivateKey,
    random_bytes: RandomBytes = os.urandom,
    progress: Callable[[int], None] = lambda _: None,
) -> DealManifest:
    """Sign the job and put every party's shares into its folder.

    Args:
        job: the job; its program's bounds are proven anew.
        folder: the job's folder.
        owner: whose rows these are.
        rows: as many as the job says, training and validation together.
        signing_key: the owner's.
        random_bytes: for the shares.
        progress: gets the number of rows dealt so far.

    Raises:
        InputError: rows that the job does not promise, or another owner's key.
        PolicyError: the job cannot hide its intermediate values.
    """
    entry = _entry(job, owner, signing_key)
    job.program()
    _check(job, entry, rows)
    deal_id = secrets.token_hex(16)
    recipients = [
        parse_recipient(card.sealing_key.encode("ascii"), where=card.name) for card in job.parties
    ]
    order = row_order(job, owner)
    parts, done = [], 0
    for role in ("train", "validation"):
        for part in (p for p in job.parts(role) if p.owner == owner):
            chosen = order[_span(job, entry, part)]
            headers = _deal_part(
                _Target(job, folder, deal_id, recipients, random_bytes),
                part,
                OwnedRows(rows.x[chosen], rows.y[chosen]),
            )
            parts.append(ManifestPart(role=role, part=part.index, rows=part.rows, headers=headers))
            done += part.rows
            progress(done)
    manifest = DealManifest(deal_id=deal_id, job=job.digest, owner=owner, parts=tuple(parts))
    folder.replace(signature_file(owner), job.sign(signing_key))
    _publish(folder, manifest, signing_key)
    return manifest


def row_order(job: Job, owner: str) -> npt.NDArray[np.int64]:
    """The order in which an owner's rows are dealt: training rows, then validation rows."""
    entry = next(o for o in job.owners if o.name == owner)
    seed = {"owner": owner, "seed": job.training.seed}
    train = public_order(seed, "train", entry.train_rows)
    validation = public_order(seed, "validation", entry.validation_rows)
    return np.concatenate([train, entry.train_rows + validation])


def deal_area(owner: str, deal_id: str, party: str) -> str:
    """Where a party's shards of a deal lie in the job's folder."""
    return f"deals/{owner}/{deal_id}/{party}"


def part_context(job: Job, deal_id: str, part: Part, party: str) -> ShardContext:
    """What one party's shares of one part are bound to."""
    place = {
        "deal_id": deal_id,
        "field": FIELD,
        "n": len(job.parties),
        "owner": part.owner,
        "part": part.index,
        "party": party,
        "role": part.role,
        "t": job.threshold,
    }
    return ShardContext(
        dataset=f"deals/{part.owner}"[:128],
        shard=digest_of(place)[:32],
        version=1,
        policy_digest=job.digest,
    )


def _entry(job: Job, owner: str, key: Ed25519PrivateKey) -> OwnerEntry:
    for entry in job.owners:
        if entry.name == owner:
            if entry.signing_key != key.public_key().public_bytes_raw().hex():
                raise InputError("the job names another key for this owner", where=owner)
            return entry
    raise InputError("the job does not name this owner", where=owner)


def _check(job: Job, entry: OwnerEntry, rows: OwnedRows) -> None:
    """Every row within what the job promises; says the number of the first that is not."""
    count = entry.train_rows + entry.validation_rows
    features, labels = job.features, job.labels
    if rows.x.shape != (count, features.columns) or rows.y.shape != (count, labels.outputs):
        raise InputError(
            f"the job promises {count} rows of {features.columns} features "
            f"and {labels.outputs} labels, and these are {rows.x.shape[0]} of "
            f"{rows.x.shape[-1]} and {rows.y.shape[-1]}",
            where=entry.name,
        )
    longest = features.norm * 2**features.fraction_bits
    for start in range(0, count, _CHECKED_ROWS):
        x = np.asarray(rows.x[start : start + _CHECKED_ROWS], np.int64)
        y = np.asarray(rows.y[start : start + _CHECKED_ROWS], np.int64)
        beyond = {
            "a feature beyond its range": (abs(x) > features.largest).any(axis=1),
            "a row longer than the norm bound": np.linalg.norm(x.astype(float), axis=1) > longest,
            "a label beyond its range": (abs(y) > labels.largest).any(axis=1),
            "a class that is neither 0 nor 1": _no_class(job, y),
        }
        for what, wrong in beyond.items():
            if wrong.any():
                raise InputError(
                    f"{what}", where=f"{entry.name}, row {start + int(np.argmax(wrong))}"
                )


def _no_class(job: Job, y: Rows) -> npt.NDArray[np.bool_]:
    if job.labels.fraction_bits or job.labels.largest > 1:
        return np.zeros(y.shape[0], bool)
    return np.asarray(((y < 0) | (y > 1)).any(axis=1))


def _span(job: Job, entry: OwnerEntry, part: Part) -> slice:
    first = 0 if part.role == "train" else entry.train_rows
    start = first + part.index * job.part_batches * job.training.batch_rows
    return slice(start, start + part.rows)


@dataclass(frozen=True)
class _Target:
    job: Job
    folder: Folder
    deal_id: str
    recipients: list[AnyRecipient]
    random_bytes: RandomBytes


def _deal_part(target: _Target, part: Part, rows: OwnedRows) -> tuple[ShardHeader, ...]:
    job, folder, deal_id = target.job, target.folder, target.deal_id
    scheme = job.scheme
    xs = scheme.share(field.from_signed(rows.x), target.random_bytes)
    ys = scheme.share(field.from_signed(rows.y), target.random_bytes)
    headers = []
    for card, recipient, mine_x, mine_y in zip(job.parties, target.recipients, xs, ys, strict=True):
        area = deal_area(part.owner, deal_id, card.name)
        waiting = f"{area}/.dealing"
        sealed = seal(
            pa.table({"features": _column(mine_x), "labels": _column(mine_y)}),
            context=part_context(job, deal_id, part, card.name),
            recipients=[recipient],
            folder=folder,
            name=waiting,
            random_bytes=target.random_bytes,
        )
        stem = sealed.header.stem
        folder.create(shard_file(area, "wraps", stem), sealed.wraps)
        folder.create(shard_file(area, "chunks", stem), sealed.chunks)
        folder.move_all([(waiting, shard_file(area, "shards", stem))])
        headers.append(sealed.header)
    return tuple(headers)


def _column(shares: Elements) -> pa.Array:
    rows = np.ascontiguousarray(field.to_rows(shares))
    kind = pa.binary(rows.shape[1])
    return pa.FixedSizeBinaryArray.from_buffers(kind, rows.shape[0], [None, pa.py_buffer(rows)])


def _publish(folder: Folder, manifest: DealManifest, key: Ed25519PrivateKey) -> None:
    name = manifest_file(manifest.owner)
    folder.replace(name, manifest.signed(key))
    keep = f"deals/{manifest.owner}/{manifest.deal_id}/"
    for old in list(folder.names(f"deals/{manifest.owner}")):
        if not old.startswith(keep) and old != name:
            folder.delete(old)
