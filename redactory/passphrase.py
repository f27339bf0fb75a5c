"""The passphrase that protects private keys: asked for, read from a file, or drawn.

Never an argument and never an environment value: both are visible to other processes.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from redactory.errors import KeyringError
from sealed_shards.software import read_key_file, write_secret

ENVIRONMENT_VARIABLE = "REDACTORY_PASSPHRASE_FILE"
_DRAWN_FILE = "passphrase"


class Passphrase:
    """Finds the passphrase when it is first needed, and then keeps it.

    Order: the file named by ``REDACTORY_PASSPHRASE_FILE``; the file drawn earlier in
    ``home``; a prompt on a terminal; else a random one is drawn into a 0600 file in
    ``home`` and ``notice`` is told so in one line.

    Args:
        home: ``REDACTORY_HOME``.
        notice: receives the one line about a drawn passphrase.
    """

    def __init__(self, home: Path, *, notice: Callable[[str], None]) -> None:
        self._drawn = home / _DRAWN_FILE
        self._notice = notice
        self._known: bytes | None = None

    def get(self, *, new: bool = False) -> bytes:
        """The passphrase; with ``new`` it protects keys that are about to be created.

        Raises:
            KeyringError: none can be had.
        """
        if self._known is None:
            self._known = self._find(new=new)
        return self._known

    def _find(self, *, new: bool) -> bytes:
        named = os.environ.get(ENVIRONMENT_VARIABLE)
        if named:
            return _from_file(Path(named))
        if self._drawn.exists():
            return _from_file(self._drawn)
        if sys.stdin.isatty():
            return _ask(confirm=new)
        if new:
            return self.draw()
        raise KeyringError(
            "the keys are locked and there is no terminal to ask for the passphrase",
            hint=f"put it into a file and name that file in {ENVIRONMENT_VARIABLE}",
        )

    def draw(self) -> bytes:
        """Draw a random passphrase into the 0600 file, or take the one drawn before."""
        drawn = secrets.token_urlsafe(32).encode("ascii")
        self._drawn.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_secret(self._drawn, drawn + b"\n")
        except FileExistsError:  # another process drew one first
            return _from_file(self._drawn)
        self._notice(
            f"a random passphrase for new keys was drawn into {self._drawn}; "
            f"keep it safe, or set {ENVIRONMENT_VARIABLE}"
        )
        return drawn


def _from_file(path: Path) -> bytes:
    content = read_key_file(path).rstrip(b"\r\n")
    if not content:
        raise KeyringError("the passphrase file is empty", where=str(path))
    return content


def _ask(*, confirm: bool) -> bytes:
    first = getpass.getpass("Passphrase for the private keys: ")
    if not first:
        raise KeyringError("an empty passphrase protects nothing")
    if confirm and getpass.getpass("Once more: ") != first:
        raise KeyringError("the two passphrases differ")
    return first.encode()
