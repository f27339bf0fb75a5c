"""Divides one folder of keys (``REDACTORY_HOME``) by what each kind of worker may hold.

``seal``    public keys and pseudonym keys: can make shards, and open none
``record``  also the log's private key: can state what happened
``unseal``  the reader's private key too: can open shards, which goes on record first; and
            the owner's, which signs jobs of training
``party``   the parties that a simulated job makes for itself, and no key of the home
"""

from __future__ import annotations

import shutil
from pathlib import Path

from redactory.keys import LOG, KeyStore
from redactory.training import OWNER_KEY, owner_key

_SHARED = ("scopes", "trust")
_HELD: dict[str, tuple[str, ...]] = {
    "seal": ("keys/*.pub.pem", *_SHARED),
    "record": ("keys/*.pub.pem", "keys/log.pem", "passphrase", *_SHARED),
    "unseal": (
        "keys/*.pub.pem",
        "keys/log.pem",
        "keys/reader.pem",
        "keys/owner.pem",
        "passphrase",
        *_SHARED,
        "parties",
    ),
    "party": ("passphrase", "parties"),
}


def divide(home: Path, into: Path, *, link: bool) -> None:
    """Make a folder for each kind of worker below ``into``.

    Args:
        home: a user's ``REDACTORY_HOME`` with its standard keys made; gets the owner's as well,
            or each worker would draw one of its own, and its jobs would not be the next one's.
        into: gets a folder of each name, made anew.
        link: link to the files instead of copying them; for workers of this machine, whose
            later pseudonym keys and checkpoints then land in ``home``.

    Raises:
        KeyringError: there is no owner's key yet, and the passphrase of the others cannot be had.
    """
    keys = KeyStore(home)
    if not keys.keyring.has(OWNER_KEY):
        # With the passphrase that opens the others: workers get one.
        keys.keyring.signing_key(LOG, keys.passphrase())
        owner_key(keys)
    for folder in (*_SHARED, "parties"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    for kind, held in _HELD.items():
        made = into / kind
        if made.exists():
            shutil.rmtree(made)
        (made / "keys").mkdir(mode=0o700, parents=True)
        for pattern in held:
            for source in sorted(home.glob(pattern)):
                _place(source, made / source.relative_to(home), link=link)


def _place(source: Path, target: Path, *, link: bool) -> None:
    if link:
        target.symlink_to(source.resolve())
    elif source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
