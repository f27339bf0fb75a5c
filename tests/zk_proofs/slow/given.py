"""A proof file with what it is judged by, and changes of it that keep its digests right."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from struct import pack
from typing import Any

from .documents import canonical
from .inputs import root
from .proof_file import Block, ProofFile
from .verifier import Evidence


@dataclass(frozen=True)
class Given:
    """A proof file, and what it is judged by."""

    data: bytes
    evidence: Evidence

    @property
    def file(self) -> ProofFile:
        """The file, parsed."""
        return ProofFile(self.data)

    def with_blocks(self, blocks: list[Block]) -> "Given":
        """Other blocks under the same context."""
        return replace(self, data=encode(self.evidence.context, blocks))

    def with_context(self, changes: dict[str, Any]) -> "Given":
        """A context with other members, in the file and as expected."""
        context = canonical(json.loads(self.evidence.context) | changes)
        data = encode(context, self.file.blocks)
        return Given(data, replace(self.evidence, context=context))

    def with_points(self, points: list[bytes]) -> "Given":
        """Other points, with their root in the context."""
        changed = self.with_context({"points_root": root(points).hex()})
        return replace(changed, evidence=replace(changed.evidence, points=points))

    def with_model(self, value: dict[str, Any]) -> "Given":
        """Another model, with its name in the context."""
        unnamed = ("model_id", "parameters", "proofs")
        named = {name: item for name, item in value.items() if name not in unnamed}
        value["model_id"] = sha256(canonical(named)).hexdigest()
        changed = self.with_context({"model_id": value["model_id"]})
        return replace(changed, evidence=replace(changed.evidence, model=canonical(value)))


def encode(context: bytes, blocks: list[Block]) -> bytes:
    """A proof file (format 7)."""
    parts = [b"RDPROOF1", pack("<I", len(context)), context, pack("<I", len(blocks))]
    for block in blocks:
        for field in (
            pack(f"<{len(block.labels)}H", *block.labels),
            pack(f"<{len(block.scores)}q", *block.scores),
            block.proof,
        ):
            parts += [pack("<I", len(field)), field]
    return b"".join(parts)


def flip(data: bytes, rng: Random) -> bytes:
    """One bit changed."""
    changed = bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flip_hex(text: str) -> str:
    """The last digit changed."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")
