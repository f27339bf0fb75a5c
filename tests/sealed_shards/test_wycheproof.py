"""Project Wycheproof's vectors against the primitives, with the parameters that are used here.

HKDF-SHA-256, RSA-OAEP with SHA-256 and MGF1-SHA-256 at 3072 and 4096 bits, and AES-256-GCM
with 96-bit nonces and 128-bit tags (what Parquet's modules use, and what the independent
reader calls). 226 cases apply. The files are Wycheproof's own, compressed
(``tests/vectors/wycheproof/README.md``).
"""

import json
import lzma
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from redactory.errors import KeyringError
from sealed_shards import RsaIdentity

FOLDER = Path(__file__).parents[1] / "vectors" / "wycheproof"
OAEP_FILES = [f"rsa_oaep_{bits}_sha256_mgf1sha256_test.json" for bits in (3072, 4096)]


def cases(name: str) -> list[tuple[dict, dict]]:
    """(group, case) pairs of a file."""
    with lzma.open(FOLDER / f"{name}.xz", "rt", encoding="utf-8") as file:
        groups = json.load(file)["testGroups"]
    return [
        (group, {k: bytes.fromhex(v) if k in HEX else v for k, v in case.items()})
        for group in groups
        for case in group["tests"]
    ]


HEX = {"ikm", "salt", "info", "okm", "key", "iv", "aad", "msg", "ct", "tag", "label"}


def gcm_cases() -> list[tuple[dict, dict]]:
    used = {"keySize": 256, "ivSize": 96, "tagSize": 128}
    return [(g, c) for g, c in cases("aes_gcm_test.json") if used.items() <= g.items()]


def test_226_cases_apply():
    counted = [len(cases("hkdf_sha256_test.json")), len(gcm_cases())]
    counted += [len(cases(name)) for name in OAEP_FILES]
    assert counted == [86, 66, 37, 37]
    assert sum(counted) == 226


def test_hkdf():
    for _, case in cases("hkdf_sha256_test.json"):

        def derive(case=case):
            hkdf = HKDF(SHA256(), length=case["size"], salt=case["salt"], info=case["info"])
            return hkdf.derive(case["ikm"])

        if case["result"] == "valid":
            assert derive() == case["okm"], case["tcId"]
        else:
            with pytest.raises(ValueError):
                derive()


def test_aes_gcm():
    for _, case in gcm_cases():
        cipher, sealed = AESGCM(case["key"]), case["ct"] + case["tag"]
        if case["result"] == "valid":
            assert cipher.decrypt(case["iv"], sealed, case["aad"]) == case["msg"], case["tcId"]
            assert cipher.encrypt(case["iv"], case["msg"], case["aad"]) == sealed, case["tcId"]
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(case["iv"], sealed, case["aad"])


@pytest.mark.parametrize("name", OAEP_FILES)
def test_rsa_oaep(name):
    listed = cases(name)
    keys = {g["privateKeyPem"]: None for g, _ in listed}
    for pem in keys:
        keys[pem] = load_pem_private_key(pem.encode(), None)
    for group, case in listed:
        key = keys[group["privateKeyPem"]]
        oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), case["label"] or None)
        if case["result"] == "valid":
            assert key.decrypt(case["ct"], oaep) == case["msg"], case["tcId"]
        else:
            with pytest.raises(ValueError):
                key.decrypt(case["ct"], oaep)


@pytest.mark.parametrize("name", OAEP_FILES)
def test_identity_takes_the_unlabelled_cases_and_no_other(name):
    """The package's own wrapper: no label, and one error for whatever does not open."""
    identities = {}
    for group, case in cases(name):
        pem = group["privateKeyPem"]
        if pem not in identities:
            identities[pem] = RsaIdentity(load_pem_private_key(pem.encode(), None))
        if case["result"] == "valid" and not case["label"]:
            assert identities[pem].unwrap(case["ct"], where="w") == case["msg"], case["tcId"]
        else:
            with pytest.raises(KeyringError, match="does not open with this key"):
                identities[pem].unwrap(case["ct"], where="w")
