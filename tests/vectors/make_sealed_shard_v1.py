"""Makes the frozen vectors of sealed-shard/v1 beside this file, in ``sealed-shard-v1/``.

Run once and committed; run again only for a new version of the format::

    python tests/vectors/make_sealed_shard_v1.py

Data key, context and rows are fixed, so ``derivation.json``, ``rows.json`` and the commitment
come out the same each time. pyarrow draws its own nonces and RSA-OAEP its own seed, so the
ciphertext, its digests and the wraps do not: those vectors hold in the decrypting direction.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from redactory.durable import open_folder
from sealed_shards import RsaIdentity, ShardContext, seal
from sealed_shards.context import derive_key_and_commitment, wrap_payload

TARGET = Path(__file__).parent / "sealed-shard-v1"
DATA_KEY = bytes(range(32))
ROWS: list[dict[str, Any]] = [
    {"record_id": "r1", "text": "Anna called from [PHONE].", "raw": "00ff", "n": 1},
    {"record_id": "r2", "text": "名字：[PERSON] 🙂", "raw": "", "n": -(2**62)},
    {"record_id": "r3", "text": None, "raw": None, "n": None},
    {"record_id": "r4", "text": "", "raw": "7f", "n": 0},
]
SCHEMA = pa.schema(
    {"record_id": pa.string(), "text": pa.string(), "raw": pa.binary(), "n": pa.int64()}
)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _contexts() -> list[tuple[bytes, ShardContext]]:
    policy = _digest("policy")
    return [
        (DATA_KEY, ShardContext("letters", "0a" * 16, 1, policy)),
        (DATA_KEY, ShardContext("letters", "0a" * 16, 2, policy)),
        (DATA_KEY, ShardContext("letters/quarantine", "0a" * 16, 1, policy)),
        (DATA_KEY, ShardContext("letters", "0b" * 16, 1, policy)),
        (DATA_KEY, ShardContext("letters", "0a" * 16, 1, _digest("other policy"))),
        (bytes(32), ShardContext("A", "0" * 32, 1, "0" * 64)),
        (b"\xff" * 32, ShardContext("z9._/-" + "x" * 122, "f" * 32, 2**31 - 1, "f" * 64)),
    ]


def _derivation(data_key: bytes, context: ShardContext) -> dict[str, object]:
    aad = context.aad()
    file_key, commitment = derive_key_and_commitment(data_key, aad)
    return {
        "context": context.as_json(),
        "aad": aad.hex(),
        "data_key": data_key.hex(),
        "file_key": file_key.hex(),
        "commit": commitment.hex(),
        "payload": wrap_payload(data_key, aad).hex(),
    }


def _test_key() -> rsa.RSAPrivateKey:
    """The committed test key; drawn if it is not there yet."""
    path = TARGET / "test-only.key.pem"
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def _write_json(name: str, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    (TARGET / name).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write all files of the vectors."""
    TARGET.mkdir(exist_ok=True)
    identity = RsaIdentity(_test_key())
    rows = [r | {"raw": None if r["raw"] is None else bytes.fromhex(r["raw"])} for r in ROWS]
    (TARGET / "shard.parquet").unlink(missing_ok=True)
    sealed = seal(
        pa.Table.from_pylist(rows, schema=SCHEMA),
        context=_contexts()[0][1],
        recipients=[identity.recipient],
        folder=open_folder(TARGET),
        name="shard.parquet",
        random_bytes=lambda size: DATA_KEY[:size],
    )
    (TARGET / "header.json").write_bytes(sealed.header.encode())
    (TARGET / "wraps.json").write_bytes(sealed.wraps)
    (TARGET / "chunks.sha256").write_bytes(sealed.chunks)
    _write_json("rows.json", ROWS)
    _write_json("derivation.json", [_derivation(key, context) for key, context in _contexts()])


if __name__ == "__main__":
    main()
