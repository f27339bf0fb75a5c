"""The signed list of all that one owner dealt: written last, compared by parties first."""

from __future__ import annotations

from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from mpc_jobs.job import Hex32, Job, Name, Part, Role
from mpc_jobs.training_spec import Strict
from redactory.canonical import canonical_json, parse_canonical_json
from redactory.durable import Folder
from redactory.errors import InputError, IntegrityError
from sealed_shards import ShardHeader

_SIGNED = b"redactory-deal/v1\0"


class ManifestPart(Strict):
    """One part: how many rows, and the header of every party's shard, in the parties' order."""

    role: Role
    part: int = Field(ge=0)
    rows: int = Field(ge=1)
    headers: tuple[ShardHeader, ...]


class DealManifest(Strict):
    """All parts of one deal."""

    format: Literal["deal/v1"] = "deal/v1"
    deal_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    job: Hex32
    owner: Name
    parts: tuple[ManifestPart, ...]

    def encode(self) -> bytes:
        """Canonical JSON, which is what the owner signs."""
        value = self.model_dump(mode="json", by_alias=True)
        return canonical_json(value)

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """The stored form: 64 bytes of signature, then the canonical JSON."""
        body = self.encode()
        return key.sign(_SIGNED + body) + body

    def part(self, wanted: Part) -> ManifestPart | None:
        """The entry of a part."""
        for part in self.parts:
            if (part.role, part.part) == (wanted.role, wanted.index):
                return part
        return None


def manifest_file(owner: str) -> str:
    """Where an owner's manifest lies in the job's folder."""
    return f"deals/{owner}/manifest"


def read_manifest(job: Job, folder: Folder, owner: str) -> tuple[DealManifest, bytes]:
    """An owner's manifest and its stored bytes: signed, for this job, and complete.

    Raises:
        InputError: the owner has not dealt yet.
        IntegrityError: it is not what the owner signed, or not what the job promises.
    """
    name = manifest_file(owner)
    where = folder.path(name)
    try:
        raw = folder.read(name)
    except FileNotFoundError:
        raise InputError("has not dealt yet", where=owner, hint="redactory train deal") from None
    entry = next(o for o in job.owners if o.name == owner)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry.signing_key)).verify(
            raw[:64], _SIGNED + raw[64:]
        )
        manifest = DealManifest.model_validate(parse_canonical_json(raw[64:], where=where))
    except (InvalidSignature, ValidationError):
        raise IntegrityError("is not what the owner signed", where=where) from None
    promised = [p for role in ("train", "validation") for p in job.parts(role) if p.owner == owner]
    complete = len(promised) == len(manifest.parts) and all(
        (found := manifest.part(p)) is not None
        and found.rows == p.rows
        and len(found.headers) == len(job.parties)
        and all(header.rows == p.rows for header in found.headers)
        for p in promised
    )
    if manifest.job != job.digest or manifest.owner != owner or not complete:
        raise IntegrityError("is a deal for another job", where=where)
    return manifest, raw
