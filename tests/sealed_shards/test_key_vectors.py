"""Frozen hybrid wraps and split keys, opened by code that was written from the pages alone."""

import base64
import hashlib
import hmac
import json
from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from sealed_shards.custodians import Custody, Share, combine_shares
from sealed_shards.hybrid import HybridIdentity
from sealed_shards.recipients import RsaIdentity

FOLDER = Path(__file__).parents[1] / "vectors" / "sealed-shard-v1"
P = 2**255 - 19


@pytest.fixture(scope="module")
def hybrid():
    return json.loads((FOLDER / "hybrid.json").read_bytes())


@pytest.fixture(scope="module")
def split():
    return json.loads((FOLDER / "custody.json").read_bytes())


def hkdf32(key: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256, for one block."""
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\x01", "sha256")


def spki(private_key) -> bytes:
    return private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def words_to_bytes(text: str) -> bytes:
    """Proquints, with their check taken off."""
    raw = b""
    for word in text.split():
        value = 0
        for letter in word:
            letters = "aiou" if letter in "aiou" else "bdfghjklmnprstvz"
            value = value * len(letters) + letters.index(letter)
        raw += value.to_bytes(2, "big")
    assert hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:]
    return raw[:-4]


def test_the_package_opens_the_hybrid_wrap(hybrid):
    keys = [load_pem_private_key(hybrid[n].encode(), None) for n in KEYS]
    identity = HybridIdentity.of(RsaIdentity(keys[0]), keys[1])
    assert identity.kid == hybrid["kid"]
    wrapped = bytes.fromhex(hybrid["wrapped"])
    assert identity.unwrap(wrapped, where="w").hex() == hybrid["payload"]


KEYS = ("rsa_private_key", "ml_kem_private_key")


def test_the_page_opens_the_hybrid_wrap(hybrid):
    rsa, kem = (load_pem_private_key(hybrid[name].encode(), None) for name in KEYS)
    kid = hashlib.sha256(spki(rsa) + spki(kem)).digest()
    assert kid.hex() == hybrid["kid"]
    wrapped = bytes.fromhex(hybrid["wrapped"])
    by_kem, by_rsa, sealed = wrapped[:1088], wrapped[1088:1472], wrapped[1472:]
    seed = rsa.decrypt(by_rsa, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    shared = kem.decapsulate(by_kem)
    key = hkdf32(seed + shared, b"sealed-shard/v1 hybrid", kid + by_kem + by_rsa)
    assert AESGCM(key).decrypt(bytes(12), sealed, None).hex() == hybrid["payload"]


def test_the_package_rebuilds_the_split_key(split):
    custody = Custody.decode(
        json.dumps(split["custody"], sort_keys=True, separators=(",", ":")).encode(), where="c"
    )
    shares = [(str(n), Share.from_words(text, where="s")) for n, text in enumerate(split["shares"])]
    expected = [spki(load_pem_private_key(pem.encode(), None)) for pem in split["private_keys"]]
    for chosen in combinations(shares, 3):
        assert [spki(key) for key in combine_shares(custody, chosen)] == expected


def test_the_page_rebuilds_the_split_key(split):
    head = json.dumps(split["custody"]["head"], sort_keys=True, separators=(",", ":")).encode()
    points = {}
    for text in split["shares"][1:]:
        raw = words_to_bytes(text)
        assert raw[:16] == hashlib.sha256(head).digest()[:16]
        assert raw[16] == split["custody"]["head"]["threshold"] == 3
        number, value = raw[17], raw[18:]
        digest = hashlib.sha256(b"redactory-share/v1\0" + bytes([number]) + value).hexdigest()
        assert digest == split["custody"]["head"]["shares"][number - 1]
        points[number] = int.from_bytes(value, "big")
    secret = 0
    for x, y in points.items():
        term = y
        for z in points:
            if z != x:
                term = term * z * pow(z - x, -1, P)
        secret += term
    sealed = base64.b64decode(split["custody"]["sealed_key"])
    info = b"redactory-custody/v1\0" + head
    key = hkdf32((secret % P).to_bytes(32, "big"), sealed[:32], info)
    plain = AESGCM(key).decrypt(bytes(12), sealed[32:], None)
    found = []
    while plain:
        size = int.from_bytes(plain[:2], "big")
        found.append(spki(load_der_private_key(plain[2 : 2 + size], None)))
        plain = plain[2 + size :]
    assert found == [spki(load_pem_private_key(p.encode(), None)) for p in split["private_keys"]]
