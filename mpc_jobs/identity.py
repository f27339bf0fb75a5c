"""A compute party's own folder: its keys, its certificate, and the card it shows to others.

::

    card.json         public: name, address, certificate, signing key, sealing key
    tls.crt           the certificate, self-signed; jobs name it byte for byte
    keys/             tls and signing (Ed25519), sealing (RSA); private halves encrypted, 0600
    sessions.jsonl    sessions entered (:mod:`mpc_jobs.stream_log`)
    jobs/<digest>/    checkpoints of a job
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from mpc_jobs.connecting import Credentials
from mpc_jobs.job import PartyCard
from mpc_jobs.tls import self_signed
from redactory.canonical import canonical_json, parse_canonical_json
from redactory.durable import open_folder
from redactory.errors import InputError, KeyringError
from sealed_shards import SoftwareKeyring
from sealed_shards.key_files import AnyIdentity, read_key_file

_CARD = "card.json"
_CERTIFICATE = "tls.crt"


@dataclass(frozen=True)
class PartyFolder:
    """The folder of a party, unlocked by its passphrase when a key is needed."""

    path: Path
    passphrase: bytes

    def __repr__(self) -> str:
        return f"PartyFolder({str(self.path)!r})"

    @cached_property
    def card(self) -> PartyCard:
        """What others may know.

        Raises:
            InputError: this is not the folder of a party.
        """
        return read_card(self.path / _CARD)

    @property
    def credentials(self) -> Credentials:
        """For TLS."""
        return Credentials(
            self.path / _CERTIFICATE, self.path / "keys" / "tls.pem", self.passphrase
        )

    @cached_property
    def sealing_identity(self) -> AnyIdentity:
        """Opens shares that were dealt to this party, and its checkpoints."""
        return self._keyring.identity("sealing", self.passphrase)

    @cached_property
    def signing_key(self) -> Ed25519PrivateKey:
        """Signs receipts."""
        return self._keyring.signing_key("signing", self.passphrase)

    @property
    def _keyring(self) -> SoftwareKeyring:
        return SoftwareKeyring(self.path / "keys")


def create_party(
    folder: Path, name: str, *, host: str, port: int, passphrase: bytes
) -> PartyFolder:
    """Draw a party's keys and write its folder.

    Raises:
        InputError: the folder has a party already, or the name cannot be a host label.
        KeyringError: the passphrase is empty.
    """
    if (folder / _CARD).exists():
        raise InputError("a party lives here already", where=str(folder))
    keyring = SoftwareKeyring(folder / "keys")
    keyring.create_ed25519("tls", passphrase)
    keyring.create_ed25519("signing", passphrase)
    keyring.create_rsa("sealing", passphrase)
    certificate = self_signed(
        name, keyring.signing_key("tls", passphrase), now=dt.datetime.now(dt.UTC)
    )
    try:
        card = PartyCard(
            name=name,
            host=host,
            port=port,
            certificate=certificate.decode("ascii"),
            signing_key=keyring.verify_key("signing").public_bytes_raw().hex(),
            sealing_key=read_key_file(folder / "keys" / "sealing.pub.pem").decode("ascii"),
        )
    except ValidationError:
        raise InputError(
            "is not a name for a party",
            where=repr(name)[:80],
            hint="use lower-case letters, digits and -",
        ) from None
    home = open_folder(folder)
    home.create(_CERTIFICATE, certificate)
    home.create(_CARD, canonical_json(card.model_dump(mode="json")))
    return PartyFolder(folder, passphrase)


def read_card(path: Path) -> PartyCard:
    """A party's card.

    Raises:
        InputError: absent, or no card.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the party's card cannot be read: {error.strerror}",
            where=str(path),
            hint="redactory party init FOLDER --name NAME",
        ) from None
    try:
        return PartyCard.model_validate(parse_canonical_json(raw, where=str(path)))
    except ValidationError:
        raise InputError("is not a party's card", where=str(path)) from None


def own_number(folder: PartyFolder, parties: tuple[PartyCard, ...]) -> int:
    """The party's number in a job: the one whose keys are all its own.

    Raises:
        KeyringError: the job does not name this party, or names other keys for it.
    """
    for number, card in enumerate(parties, start=1):
        if card.name == folder.card.name:
            if card.certificate != folder.card.certificate or (
                card.sealing_key != folder.card.sealing_key
            ):
                raise KeyringError(
                    "the job names other keys for this party",
                    where=card.name,
                    hint="give the planner this party's card.json",
                )
            return number
    raise KeyringError("the job does not name this party", where=folder.card.name)
