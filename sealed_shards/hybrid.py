"""A recipient that stays closed until both RSA and ML-KEM are broken.

Wraps recorded today can be kept until a quantum computer opens them. A hybrid recipient has
two key pairs, RSA and ML-KEM-768 (FIPS 203), and unwrapping needs both private halves: the
key that encrypts the payload is derived from a secret sent through RSA-OAEP and from the
ML-KEM shared secret, over both ciphertexts and the key id. That is the combiner of Giacon,
Heuer and Poettering, "KEM Combiners" (PKC 2018, section 3), with HKDF as the core function.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from redactory.errors import KeyringError
from sealed_shards.recipients import Identity, RsaIdentity, RsaRecipient

_SALT = b"sealed-shard/v1 hybrid"
_KEM_BYTES = 1088
_SECRET_BYTES = 32
_TAIL_BYTES = 64 + 16  # payload and GCM tag
_NONCE = bytes(12)  # each derived key encrypts one payload only


class HybridRecipient:
    """An RSA and an ML-KEM-768 public key, both of which every wrap goes through."""

    def __init__(self, rsa: RsaRecipient, kem: mlkem.MLKEM768PublicKey) -> None:
        self.rsa = rsa
        self._kem = kem
        self.bits = rsa.bits
        self.kid = hashlib.sha256(rsa.to_der() + _spki(kem)).hexdigest()

    def wrap(self, payload: bytes) -> bytes:
        """ML-KEM ciphertext, RSA-OAEP ciphertext, AES-256-GCM of ``payload``."""
        secret = os.urandom(_SECRET_BYTES)
        by_rsa = self.rsa.wrap(secret)
        shared, by_kem = self._kem.encapsulate()
        key = _combined(secret, shared, self.kid, by_kem + by_rsa)
        return by_kem + by_rsa + AESGCM(key).encrypt(_NONCE, payload, None)

    def to_pem(self) -> bytes:
        """Two ``PUBLIC KEY`` PEM blocks: RSA, then ML-KEM."""
        return self.rsa.to_pem() + self._kem.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class HybridIdentity:
    """Both private keys. The RSA half may be any identity, such as a key inside an HSM.

    Args:
        rsa: unwraps the RSA half.
        rsa_recipient: its public key.
        kem: the ML-KEM-768 private key.
    """

    def __init__(
        self, rsa: Identity, rsa_recipient: RsaRecipient, kem: mlkem.MLKEM768PrivateKey
    ) -> None:
        self._rsa = rsa
        self._kem = kem
        self.recipient = HybridRecipient(rsa_recipient, kem.public_key())
        self.kid = self.recipient.kid

    @classmethod
    def of(cls, rsa: RsaIdentity, kem: mlkem.MLKEM768PrivateKey) -> HybridIdentity:
        """Both keys in memory."""
        return cls(rsa, rsa.recipient, kem)

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        """The payload inside ``wrapped``; one opaque error whatever went wrong.

        Raises:
            KeyringError: not wrapped for these keys, or changed.
        """
        opaque = KeyringError("the wrapped key does not open with this key", where=where)
        by_kem, by_rsa = wrapped[:_KEM_BYTES], wrapped[_KEM_BYTES:-_TAIL_BYTES]
        try:
            secret = self._rsa.unwrap(by_rsa, where=where)
            shared = self._kem.decapsulate(by_kem)
            key = _combined(secret, shared, self.kid, by_kem + by_rsa)
            return AESGCM(key).decrypt(_NONCE, wrapped[-_TAIL_BYTES:], None)
        except (ValueError, InvalidTag):
            raise opaque from None


def _combined(secret: bytes, shared: bytes, kid: str, ciphertexts: bytes) -> bytes:
    info = bytes.fromhex(kid) + ciphertexts
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=_SALT, info=info)
    return hkdf.derive(secret + shared)


def _spki(key: mlkem.MLKEM768PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
