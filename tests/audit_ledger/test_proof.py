"""Inclusion proofs in files, and the readers that share no code with the package."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit_ledger import LogSigner
from audit_ledger.proof import InclusionProof
from redactory.errors import LedgerError


@pytest.fixture
def filled(log, sealed, provenance):
    log.append([sealed(i) for i in range(300)], provenance)
    return log


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_round_trip(filled, signer, index):
    proof = InclusionProof.of(filled, index)
    again = InclusionProof.decode(proof.encode(), where="proof")
    assert again == proof
    checkpoint = again.verify(filled.entry(index).raw, signer.verifier, where="proof")
    assert checkpoint.size == 300


def test_another_leaf_or_key_is_refused(filled, signer, origin):
    proof = InclusionProof.of(filled, 7)
    with pytest.raises(LedgerError, match="does not prove"):
        proof.verify(filled.entry(8).raw, signer.verifier, where="proof")
    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    with pytest.raises(LedgerError, match="not signed"):
        proof.verify(filled.entry(7).raw, other.verifier, where="proof")


def test_every_flipped_byte_is_refused(filled, signer):
    raw = InclusionProof.of(filled, 7).encode()
    leaf = filled.entry(7).raw
    for position in range(len(raw)):
        damaged = bytearray(raw)
        damaged[position] ^= 1
        with pytest.raises(LedgerError):
            InclusionProof.decode(bytes(damaged), where="p").verify(
                leaf, signer.verifier, where="p"
            )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
        b"c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\n\nx",
        b"\xff\n\n",
    ],
)
def test_malformed(raw):
    with pytest.raises(LedgerError, match="not an inclusion proof"):
        InclusionProof.decode(raw, where="proof")


def test_extra_data_is_ignored(filled, signer):
    raw = InclusionProof.of(filled, 7).encode().replace(b"index", b"extra AAAA\nindex", 1)
    proof = InclusionProof.decode(raw, where="proof")
    assert proof.verify(filled.entry(7).raw, signer.verifier, where="proof").size == 300


# A reader written from the specifications alone, without a line of the package.


def _sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return _sha(b"\x01", _root(hashes[:split]), _root(hashes[split:]))


def _tile_path(number: int, width: int) -> str:
    digits = f"{number:03d}"
    while len(digits) % 3:
        digits = "0" + digits
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == 256 else f"{path}.p/{width}"


def read_log_by_the_specification(folder: Path) -> tuple[list[bytes], list[bytes]]:
    """(entries, level 0 hashes) of a tlog-tiles folder, after checking its signature."""
    whole = (folder / "checkpoint").read_text(encoding="utf-8")
    text, _, signatures = whole.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()[:3]
    vkey = (folder / "log.vkey").read_text().strip()
    name, key_hash, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded)
    assert name == origin
    assert key[:1] == b"\x01"
    assert _sha(name.encode(), b"\n", key)[:4].hex() == key_hash
    line = next(x for x in signatures.splitlines() if x.startswith(f"— {name} "))
    blob = base64.b64decode(line.split(" ")[2])
    assert blob[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
    entries: list[bytes] = []
    hashes: list[bytes] = []
    for number in range(-(-int(size) // 256)):
        width = min(256, int(size) - 256 * number)
        raw = (folder / "tile/entries" / _tile_path(number, width)).read_bytes()
        while raw:
            length = int.from_bytes(raw[:2], "big")
            entries.append(raw[2 : 2 + length])
            raw = raw[2 + length :]
        tile = (folder / "tile/0" / _tile_path(number, width)).read_bytes()
        hashes += [tile[i : i + 32] for i in range(0, len(tile), 32)]
    assert base64.b64encode(_root(hashes)).decode() == root
    return entries, hashes


def test_a_stranger_can_read_the_folder(filled, folder):
    entries, hashes = read_log_by_the_specification(folder)
    assert entries == [entry.raw for entry in filled.entries()]
    assert hashes == [_sha(b"\x00", entry) for entry in entries]
