"""Keys of witnesses and co-signers, and what they sign.

A witness is somebody other than the log's owner: they verify the whole log against the
newest state they have seen of it, then sign that state. The log's owner may co-sign with
ML-DSA-44 under the log's own name, so that old checkpoints still stand when Ed25519 falls.
Private keys lie below ``REDACTORY_HOME/cosigners``, encrypted like all others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit_ledger import Checkpoint, Cosigner, Log
from audit_ledger.cosignature import Algorithm, new_cosigner_key
from audit_ledger.note import Note
from audit_ledger.place import Place
from redactory.canonical import sha256_hex
from redactory.errors import KeyringError, LedgerError
from redactory.keys import KeyStore
from redactory.trust import Expectations, TrustStore, check_log, first_problem
from sealed_shards.key_files import load_private_keys
from sealed_shards.pkcs8 import encrypt_private_key
from sealed_shards.software import write_secret


@dataclass(frozen=True)
class Witnessed:
    """What a witness signed.

    Attributes:
        checkpoint: the state of the log.
        note: the checkpoint with the witness's line.
        vkey: the witness's verifier key, to be given to whoever relies on it.
    """

    checkpoint: Checkpoint
    note: bytes
    vkey: str


def cosigner(keys: KeyStore, name: str, algorithm: Algorithm) -> Cosigner:
    """The cosigner of this name, with its key; drawn at first use.

    Raises:
        KeyringError: the key is locked, or of a kind that is not supported here.
    """
    folder = keys.folder / "cosigners"
    path = folder / f"{sha256_hex(name.encode())[:32]}.{algorithm}.pem"
    if not path.exists():
        key = new_cosigner_key(algorithm)
        # Any key that can be written as PKCS #8 will do.
        pem = encrypt_private_key(cast("Ed25519PrivateKey", key), keys.passphrase(new=True))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path, pem)
    loaded = load_private_keys(path.read_bytes(), keys.passphrase(), where=str(path))[0]
    if not isinstance(loaded, Ed25519PrivateKey | MLDSA44PrivateKey):
        raise KeyringError("is not a cosigner's key", where=str(path))
    return Cosigner(loaded, name)


def has_cosigner(keys: KeyStore, name: str, algorithm: Algorithm) -> bool:
    """Whether this cosigner's key exists."""
    path = keys.folder / "cosigners" / f"{sha256_hex(name.encode())[:32]}.{algorithm}.pem"
    return path.exists()


def witness(
    place: Place,
    keys: KeyStore,
    name: str,
    *,
    algorithm: Algorithm = "ed25519",
    trust_new: bool = False,
    expected: Expectations | None = None,
    clock: Callable[[], float] = time.time,
) -> Witnessed:
    """Verify a log from end to end and sign its newest checkpoint.

    Args:
        place: the log's folder or database.
        keys: the witness's home; its trust store remembers the newest state it signed.
        name: the witness's name, by convention a URL without a scheme.
        algorithm: of the witness's key.
        trust_new: take a log that is seen for the first time.
        expected: what the witness knows of the log from elsewhere.
        clock: POSIX seconds.

    Raises:
        LedgerError: the log is broken, rolled back, or forked; nothing is signed.
        KeyringError: no key that the witness trusts vouches for the log.
    """
    checked = check_log(
        place, TrustStore(keys.folder / "trust"), trust_new=trust_new, expected=expected
    )
    if not checked.verdict.ok or checked.log is None:
        raise LedgerError(
            f"is not signed, because the log is broken: {first_problem(checked.verdict)}",
            where="ledger",
        )
    if not checked.trusted:
        raise KeyringError(
            "this log is seen for the first time",
            hint="compare its key's fingerprint with its owner, then use --trust-new-log",
        )
    signer = cosigner(keys, name, algorithm)
    signed = checked.log.checkpoint
    if signed.size != checked.verdict.size:
        raise LedgerError("went on while it was verified", where="ledger", hint="try again")
    return Witnessed(signed, _signed(signed, signer, clock), signer.verifier.vkey())


def co_sign(log: Log, keys: KeyStore, *, clock: Callable[[], float] = time.time) -> bytes:
    """The log's newest checkpoint with the owner's own ML-DSA-44 line.

    Raises:
        KeyringError: no ML-DSA here, or the key is locked.
        LedgerError: the log went on meanwhile.
    """
    signer = cosigner(keys, log.origin, "ml-dsa-44")
    note = _signed(log.checkpoint, signer, clock)
    return log.attach(note).note


def _signed(checkpoint: Checkpoint, signer: Cosigner, clock: Callable[[], float]) -> bytes:
    note = Note.decode(checkpoint.note, where="checkpoint")
    line = signer.cosign(checkpoint, time=int(clock()))
    return note.with_signatures([line]).encode()
