"""Commitments to the rows of a feature shard: blindings, the points file, its root.

The blinding of row j follows from the shard's data key, so it is not stored anywhere and is
gone when the shard is shredded; what remains is a commitment that hides perfectly. The
points are public and lie beside the shard; the shard's record holds their root.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from redactory.errors import ProofError
from zk_proofs.curve import POINT_BYTES, L

_SALT: Final = b"redactory/row-blinding/v1"
_INFO: Final = b"row blinding"
_WIDE: Final = 64
DATA_KEY_BYTES: Final = 32


def row_blinding(data_key: bytes, aad: bytes, row: int) -> int:
    """The blinding of one row.

    Args:
        data_key: the shard's data key, 32 bytes.
        aad: the shard's associated data.
        row: number of the row in its shard.
    """
    if len(data_key) != DATA_KEY_BYTES:
        raise ProofError("a data key has 32 bytes")
    info = _INFO + aad + row.to_bytes(8, "little")
    derived = HKDF(algorithm=hashes.SHA256(), length=_WIDE, salt=_SALT, info=info).derive(data_key)
    return int.from_bytes(derived, "little") % L


def row_blindings(data_key: bytes, aad: bytes, rows: int) -> list[int]:
    """The blindings of all rows of a shard."""
    return [row_blinding(data_key, aad, row) for row in range(rows)]


def points_root(points: Sequence[bytes]) -> str:
    """RFC 6962 root (hex) with each point as an entry."""
    row = [sha256(b"\0" + point).digest() for point in points]
    if not row:
        return sha256(b"").hexdigest()
    while len(row) > 1:
        # A node without a sibling rises as it is, which is the split of RFC 6962.
        left, right = row[::2], row[1::2]
        paired = [sha256(b"\1" + a + b).digest() for a, b in zip(left, right, strict=False)]
        row = paired + left[len(right) :]
    return row[0].hex()


def split_points(raw: bytes, *, where: str) -> list[bytes]:
    """The points of a points file.

    Raises:
        ProofError: its length is not a multiple of 32.
    """
    if len(raw) % POINT_BYTES:
        raise ProofError("is no file of points", where=where)
    return [raw[i : i + POINT_BYTES] for i in range(0, len(raw), POINT_BYTES)]
