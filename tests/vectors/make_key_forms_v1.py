"""Makes the frozen vectors of hybrid wraps and of split keys. Run once; the results are committed.

python tests/vectors/make_key_forms_v1.py
"""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem, rsa

from sealed_shards.custodians import split_key
from sealed_shards.hybrid import HybridIdentity
from sealed_shards.recipients import RsaIdentity

TARGET = Path(__file__).with_name("sealed-shard-v1")


def pem(key: rsa.RSAPrivateKey | mlkem.MLKEM768PrivateKey) -> str:
    """Unprotected: these keys must never be used for anything else."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def main() -> None:
    """Draw keys, wrap, split, and write both files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    kem = mlkem.MLKEM768PrivateKey.generate()
    identity = HybridIdentity.of(RsaIdentity(key), kem)
    payload = bytes(range(64))
    hybrid = {
        "rsa_private_key": pem(key),
        "ml_kem_private_key": pem(kem),
        "kid": identity.kid,
        "payload": payload.hex(),
        "wrapped": identity.recipient.wrap(payload).hex(),
    }
    custody, shares = split_key([key, kem], shares=4, threshold=3)
    split = {
        "custody": json.loads(custody.encode()),
        "shares": [" ".join(share.words()) for share in shares],
        "private_keys": [pem(key), pem(kem)],
    }
    for name, value in (("hybrid", hybrid), ("custody", split)):
        (TARGET / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
