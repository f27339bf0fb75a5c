"""The keys of a user (contracts, "Keys made at first use")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import LogSigner
from redactory.canonical import sha256_hex
from redactory.errors import KeyringError
from redactory.home import home
from redactory.passphrase import Passphrase
from redactory.pseudonym import PseudonymKey, load_or_create
from sealed_shards import SoftwareKeyring
from sealed_shards.custodians import Custody, Share, combine_shares, split_key
from sealed_shards.hybrid import HybridRecipient
from sealed_shards.key_files import AnyIdentity, AnyRecipient, load_identity

READER = "reader"
QUARANTINE = "quarantine"
LOG = "log"


@dataclass(frozen=True)
class KeyFacts:
    """What may be shown of a key."""

    name: str
    algorithm: str
    fingerprint: str
    public_file: str
    private_here: bool


class KeyStore:
    """Keys below ``REDACTORY_HOME``; private halves are unlocked only when used.

    Args:
        folder: the home folder; None for the user's own.
        notice: receives one-line notices (a drawn passphrase, created keys).
    """

    def __init__(
        self, folder: Path | None = None, *, notice: Callable[[str], None] = lambda _: None
    ) -> None:
        self.folder = folder or home()
        self.keyring = SoftwareKeyring(self.folder / "keys")
        self._passphrase = Passphrase(self.folder, notice=notice)
        self._notice = notice

    def ensure(self, *names: str) -> None:
        """Create those of the reader, quarantine and log keys that do not exist yet.

        Of reader and quarantine the public half is enough: a careful owner keeps the other
        elsewhere.

        Raises:
            KeyringError: no passphrase can be had, or the log key's private half is elsewhere.
            InputError: the folder cannot be written.
        """
        for name in names:
            if self.keyring.has_public(name):
                if name == LOG and not self.keyring.has(name):
                    raise KeyringError(
                        "the private half of the log key is not here", where=str(self.folder)
                    )
                continue
            if self.keyring.has(name):  # a crash came between the two halves
                self.keyring.restore_public(name, self._passphrase.get())
                continue
            passphrase = self._passphrase.get(new=True)
            if name == LOG:
                self.keyring.create_ed25519(name, passphrase)
            else:
                self.keyring.create_rsa(name, passphrase)
            self._notice(f"created the {name} key in {self.keyring.folder}")

    def create_reader(self, name: str, *, bits: int, hybrid: bool = False) -> AnyRecipient:
        """Create a further key pair of any name: RSA, or RSA and ML-KEM-768.

        Raises:
            KeyringError: the name is taken, or the key would be too weak.
        """
        create = self.keyring.create_hybrid if hybrid else self.keyring.create_rsa
        return create(name, self._passphrase.get(new=True), bits=bits)

    def recipient(self, name: str) -> AnyRecipient:
        """Public key of ``name``."""
        return self.keyring.recipient(name)

    def identity(self, name: str) -> AnyIdentity:
        """Private RSA (or hybrid) key of ``name``."""
        return self.keyring.identity(name, self._passphrase.get())

    def identity_at(self, given: str) -> AnyIdentity:
        """The private key in the file ``given``, or the one of that name here.

        Raises:
            KeyringError: absent, wrong passphrase, or not RSA.
        """
        path = Path(given)
        if not path.exists() and given in self.keyring.names():
            return self.identity(given)
        return load_identity(path, self._passphrase.get())

    def split(self, name: str, *, shares: int, threshold: int) -> tuple[Custody, list[Share]]:
        """Split the private key of ``name`` between custodians.

        Raises:
            KeyringError: the key is not here, or there is no such threshold.
        """
        keys = self.keyring.private_keys(name, self._passphrase.get())
        return split_key(keys, shares=shares, threshold=threshold)

    def restore(self, name: str, custody: Custody, shares: Sequence[tuple[str, Share]]) -> None:
        """Put back a private key that custodians rebuild, under the passphrase of now.

        Raises:
            KeyringError: wrong, changed, mixed or too few shares, or the name is taken.
        """
        self.keyring.restore(name, combine_shares(custody, shares), self._passphrase.get(new=True))

    def draw_passphrase(self) -> None:
        """Protect keys with a random passphrase in a file, without asking anybody."""
        self._passphrase.draw()

    def passphrase(self, *, new: bool = False) -> bytes:
        """The passphrase of existing keys; with ``new`` of keys about to be created.

        Raises:
            KeyringError: it cannot be had.
        """
        return self._passphrase.get(new=new)

    def log_signer(self, origin: str) -> LogSigner:
        """The log key, bound to the name of one log."""
        return LogSigner(self._log_key, origin)

    @cached_property
    def _log_key(self) -> Ed25519PrivateKey:
        # Unlocking takes a tenth of a second on purpose, and a run signs several times.
        return self.keyring.signing_key(LOG, self._passphrase.get())

    def pseudonym_key(self, scope: str) -> PseudonymKey:
        """The key of a scope, drawn at first use."""
        return load_or_create(self.scopes, scope)

    @property
    def scopes(self) -> Path:
        """The folder of the scopes' keys."""
        return self.folder / "scopes"

    def facts(self) -> list[KeyFacts]:
        """What can be told of every key pair, without any passphrase."""
        facts = []
        for name in self.keyring.names():
            if name == LOG:
                raw = self.keyring.verify_key(name).public_bytes_raw()
                algorithm, fingerprint = "Ed25519", sha256_hex(raw)
            else:
                recipient = self.keyring.recipient(name)
                hybrid = " + ML-KEM-768" if isinstance(recipient, HybridRecipient) else ""
                algorithm, fingerprint = f"RSA-{recipient.bits}{hybrid}", recipient.kid
            facts.append(
                KeyFacts(
                    name=name,
                    algorithm=algorithm,
                    fingerprint=fingerprint,
                    public_file=str(self.keyring.folder / f"{name}.pub.pem"),
                    private_here=self.keyring.has(name),
                )
            )
        return facts
