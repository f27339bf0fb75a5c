"""What a shard is bound to, and the keys derived from its data key.

Follows ``docs/format/sealed-shard-v1.md``. The context is associated data of every page
and of the wrapped key; the second half of the derived bytes commits to the data key, so
that no ciphertext opens under two keys (AES-GCM alone does not commit; see Albertini et
al., "How to Abuse and Fix Authenticated Encryption Without Key Commitment", USENIX 2022).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from redactory.canonical import canonical_json
from redactory.errors import IntegrityError

FORMAT = "sealed-shard/v1"
DATA_KEY_BYTES = 32

DATASET_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}"
SHARD_PATTERN = r"[0-9a-f]{32}"
DIGEST_PATTERN = r"[0-9a-f]{64}"
VERSIONS = range(1, 2**31)


@dataclass(frozen=True)
class ShardContext:
    """The place of a shard: which dataset, which shard, which version, under which policy.

    Attributes:
        dataset: dataset identifier.
        shard: 32 hex digits, the keyed digest of the shard's input (design page 05).
        version: 1 for the first seal; one more for each replacement.
        policy_digest: 64 hex digits, the configuration digest.
    """

    dataset: str
    shard: str
    version: int
    policy_digest: str

    def __post_init__(self) -> None:
        """Refuse a context that could be confused with another one."""
        sound = (
            re.fullmatch(DATASET_PATTERN, self.dataset)
            and re.fullmatch(SHARD_PATTERN, self.shard)
            and re.fullmatch(DIGEST_PATTERN, self.policy_digest)
            and isinstance(self.version, int)
            and not isinstance(self.version, bool)
            and self.version in VERSIONS
        )
        if not sound:
            raise IntegrityError("the shard's context is malformed", where=str(self.shard)[:32])

    def as_json(self) -> dict[str, str | int]:
        """The context as it stands in headers."""
        return {
            "dataset": self.dataset,
            "shard": self.shard,
            "version": self.version,
            "policy_digest": self.policy_digest,
        }

    def aad(self) -> bytes:
        """Associated data: the format's name, a zero byte, the canonical context."""
        return self._aad

    @cached_property
    def _aad(self) -> bytes:
        return FORMAT.encode() + b"\0" + canonical_json(self.as_json())


def derive_key_and_commitment(data_key: bytes, aad: bytes) -> tuple[bytes, bytes]:
    """HKDF-SHA-256 (RFC 5869) of the data key: 32 bytes of file key, 32 of commitment."""
    okm = HKDF(algorithm=hashes.SHA256(), length=64, salt=FORMAT.encode(), info=aad).derive(
        data_key
    )
    return okm[:32], okm[32:]


def wrap_payload(data_key: bytes, aad: bytes) -> bytes:
    """The 64 bytes that recipients wrap: data key, then the digest of its context."""
    return data_key + hashlib.sha256(aad).digest()


def open_payload(payload: bytes, aad: bytes, *, where: str) -> bytes:
    """The data key out of an unwrapped payload, if it was wrapped for this context.

    Raises:
        IntegrityError: the wrap belongs to another shard, version or policy.
    """
    bound = hmac.compare_digest(payload[DATA_KEY_BYTES:], hashlib.sha256(aad).digest())
    if len(payload) != DATA_KEY_BYTES + 32 or not bound:
        raise IntegrityError("the wrapped key belongs to another shard or version", where=where)
    return payload[:DATA_KEY_BYTES]
