"""A second reader of sealed-shard/v1, written from ``docs/format/sealed-shard-v1.md`` alone.

It shares no code with the package: the standard library, ``cryptography`` and, for the
pages, pyarrow. The footer is decrypted here by hand with AES-GCM, which shows that the
derivation, the associated data and the layout of the file's end are as the page says.
"""

import base64
import hashlib
import hmac
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

NAME = b"sealed-shard/v1"
CHUNK = 1_048_576


def associated_data(context: dict[str, Any]) -> bytes:
    """Section "Context"; `json` agrees with RFC 8785 on ASCII strings and small integers."""
    return NAME + b"\x00" + json.dumps(context, sort_keys=True, separators=(",", ":")).encode()


def hkdf(key: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256, for 64 bytes: extract, then two blocks of expand."""
    extracted = hmac.digest(NAME, key, "sha256")
    first = hmac.digest(extracted, info + b"\x01", "sha256")
    return first + hmac.digest(extracted, first + info + b"\x02", "sha256")


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    both = merkle_root(leaves[:split]) + merkle_root(leaves[split:])
    return hashlib.sha256(b"\x01" + both).digest()


def unwrap(wraps: bytes, private_key_pem: bytes, aad: bytes) -> bytes:
    """Section "Wraps"."""
    key = load_pem_private_key(private_key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    wrapped = base64.b64decode(json.loads(wraps)[hashlib.sha256(spki).hexdigest()])
    payload = key.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    assert len(payload) == 64
    assert payload[32:] == hashlib.sha256(aad).digest()
    return payload[:32]


def footer(ciphertext: bytes, file_key: bytes, aad: bytes) -> bytes:
    """Section "Ciphertext": the plaintext of the footer."""
    assert ciphertext[:4] == ciphertext[-4:] == b"PARE"
    end = len(ciphertext) - 8
    start = end - int.from_bytes(ciphertext[end : end + 4], "little")
    crypto, module = ciphertext[start : start + 16], ciphertext[start + 16 : end]
    assert crypto[:4] == bytes.fromhex("1c1c2808")
    assert crypto[12:] == bytes.fromhex("11000000")
    assert int.from_bytes(module[:4], "little") == len(module) - 4
    nonce, sealed = module[4:16], module[16:]
    return AESGCM(file_key).decrypt(nonce, sealed, aad + crypto[4:12] + b"\x00")


def read(header: bytes, wraps: bytes, chunks: bytes, ciphertext: bytes, key_pem: bytes) -> pa.Table:
    """The rows of a shard whose header the caller believes."""
    facts = json.loads(header)
    assert sorted(facts) == sorted(
        ["bytes", "chunks_root", "commit", "ctx", "extensions", "rows", "sha256"]
    )
    aad = associated_data(facts["ctx"])
    derived = hkdf(unwrap(wraps, key_pem, aad), aad)
    assert derived[32:].hex() == facts["commit"]
    assert len(ciphertext) == facts["bytes"]
    assert hashlib.sha256(ciphertext).hexdigest() == facts["sha256"]
    pieces = [ciphertext[i : i + CHUNK] for i in range(0, len(ciphertext), CHUNK)]
    leaves = [hashlib.sha256(b"\x00" + piece).digest() for piece in pieces]
    assert chunks == b"".join(leaves)
    assert merkle_root(leaves).hex() == facts["chunks_root"]
    assert footer(ciphertext, derived[:32], aad)
    properties = pe.create_decryption_properties(
        derived[:32], aad_prefix=aad, allow_plaintext_files=False
    )
    table = pq.ParquetFile(io.BytesIO(ciphertext), decryption_properties=properties).read()
    assert table.num_rows == facts["rows"]
    return table
