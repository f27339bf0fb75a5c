"""Proof files, version 1: what is claimed, and the proof of each block.

    "RDPROOF1" | context | u32 number of blocks | blocks
    block: labels (u16 each) | scores (i64 each, or none) | proof (elements of 32 bytes)

Context, labels, scores and proof each stand behind their length in a u32. All numbers are
little-endian. Lengths follow from the context, so a reader allocates nothing that the file
does not hold. ``docs/format/proof-v1.md`` has the details.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from struct import unpack
from typing import Final

from redactory.errors import ProofError
from zk_proofs.context import Context

MAGIC: Final = b"RDPROOF1"
_LENGTH: Final = 4
_MOST_CONTEXT: Final = 4096
_LABEL, _SCORE = 2, 8
_LABELS_DOMAIN: Final = b"redactory/labels/v1"
SALT_BYTES: Final = 32


@dataclass(frozen=True)
class BlockProof:
    """What the file holds about one block.

    Attributes:
        labels: one for each row; None if they are committed only.
        scores: rows × classes, if revealed.
        proof: the proof's elements.
    """

    labels: tuple[int, ...] | None
    scores: tuple[tuple[int, ...], ...] | None
    proof: bytes


@dataclass(frozen=True)
class ProofFile:
    """A parsed proof file."""

    context: Context
    blocks: tuple[BlockProof, ...]

    def encode(self) -> bytes:
        """The bytes of the file."""
        parts = [MAGIC, _framed(self.context.encode())]
        parts.append(len(self.blocks).to_bytes(_LENGTH, "little"))
        for block in self.blocks:
            labels = b"".join(v.to_bytes(_LABEL, "little") for v in block.labels or ())
            flat = (v for row in block.scores or () for v in row)
            scores = b"".join(v.to_bytes(_SCORE, "little", signed=True) for v in flat)
            parts += [_framed(labels), _framed(scores), _framed(block.proof)]
        return b"".join(parts)

    @classmethod
    def decode(cls, raw: bytes, *, where: str = "proof") -> ProofFile:
        """Parse a file.

        Raises:
            ProofError: it is not a proof file, version 1.
        """
        reader = _Reader(raw, where)
        if reader.take(len(MAGIC)) != MAGIC:
            raise ProofError("is not a proof file of version 1", where=where)
        context = Context.decode(reader.framed(_MOST_CONTEXT), where=where)
        number = -(-context.rows // context.block_rows)
        if reader.number() != number or reader.left < 3 * _LENGTH * number:
            raise ProofError("it does not hold the blocks of its context", where=where)
        blocks = tuple(_block(reader, context, rows) for _, rows in context.blocks())
        if reader.left:
            raise ProofError("it is too long", where=where)
        return cls(context, blocks)


def _framed(raw: bytes) -> bytes:
    return len(raw).to_bytes(_LENGTH, "little") + raw


class _Reader:
    def __init__(self, raw: bytes, where: str) -> None:
        self._raw = raw
        self._at = 0
        self.where = where

    @property
    def left(self) -> int:
        return len(self._raw) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise ProofError("it is too short", where=self.where)
        self._at += size
        return self._raw[self._at - size : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(_LENGTH), "little")

    def framed(self, most: int) -> bytes:
        size = self.number()
        if size > most:
            raise ProofError("a part of it is too long", where=self.where)
        return self.take(size)


def _block(reader: _Reader, context: Context, rows: int) -> BlockProof:
    labels = reader.framed(_LABEL * rows)
    scores = reader.framed(reader.left)
    proof = reader.framed(reader.left)
    public, revealed = context.labels == "public", context.scores == "revealed"
    sound = len(labels) == (_LABEL * rows if public else 0)
    per_row = len(scores) // (_SCORE * rows)
    if not sound or len(scores) != _SCORE * rows * per_row or revealed != (per_row > 0):
        raise ProofError("labels or scores are not those of its context", where=reader.where)
    return BlockProof(
        _numbers(labels, _LABEL) if public else None,
        _table(_numbers(scores, _SCORE), per_row) if revealed else None,
        proof,
    )


def _numbers(raw: bytes, size: int) -> tuple[int, ...]:
    return unpack(f"<{len(raw) // size}{'q' if size == _SCORE else 'H'}", raw)


def _table(flat: tuple[int, ...], width: int) -> tuple[tuple[int, ...], ...]:
    return tuple(flat[i : i + width] for i in range(0, len(flat), width))


def label_commitment(labels: list[int], salt: bytes) -> str:
    """SHA-256 (hex) over a name, 32 random bytes and the labels.

    It hides the labels from whoever cannot guess all labels of a block at once.
    """
    if len(salt) != SALT_BYTES:
        raise ProofError("the salt of a label commitment has 32 bytes")
    packed = b"".join(label.to_bytes(4, "little") for label in labels)
    return sha256(_LABELS_DOMAIN + salt + packed).hexdigest()
