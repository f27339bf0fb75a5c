"""The library's front door: text in, text without personal data out.

    from pii_rules import Sanitizer

    sanitizer = Sanitizer.from_policy("gdpr")
    sanitizer.sanitize("Mail bob@example.com")

Detector, redactor and leak gate as the pipeline wires them, without files, keys on disk or a log.
Adapters for scikit-learn, Hugging Face datasets and pandas are in :mod:`pii_rules.adapters`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import overload

import pyarrow as pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pii_rules.detector import Detector
from pii_rules.gate import LeakGate
from pii_rules.ner.others import finder
from pii_rules.policy import Policy, load_policy
from pii_rules.policy_rule import KEY_OF
from pii_rules.redactor import Redacted, Redactor
from redactory.errors import KeyringError, LeakError

_KEY_BYTES = 32
_SALT = b"pii-rules/sanitizer/v1"
_ROWS = 128


class Sanitizer:
    """Finds and removes personal data by a policy.

    Args:
        policy: what happens to each type.
        key: 32 bytes; the same key gives the same tokens, surrogates and shifts in every
            process. None draws one: tokens then agree within this object only.
        ner: what finds names, as for :class:`pii_rules.Detector`.
        gate: check the result a second time, and withhold what leaks.

    Raises:
        KeyringError: the key has another length.
        PolicyError: a name finder that cannot be had.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        key: bytes | None = None,
        ner: str = "embedded",
        gate: bool = True,
    ) -> None:
        if key is not None and len(key) != _KEY_BYTES:
            raise KeyringError("a sanitizer's key has 32 bytes", hint="secrets.token_bytes(32)")
        names = finder(ner)
        self.policy = policy
        self._detector = Detector(policy.languages, policy, ner=names or "none")
        looked = None
        if gate:
            keen = Detector(policy.languages, policy.keen(), ner=names) if names else self._detector
            looked = LeakGate(keen, policy)
        keys = _subkeys(key or os.urandom(_KEY_BYTES))
        self._redactor = Redactor(policy, keys, gate=looked)

    @classmethod
    def from_policy(
        cls,
        name_or_path: str | os.PathLike[str],
        *,
        key: bytes | None = None,
        ner: str = "embedded",
        gate: bool = True,
    ) -> Sanitizer:
        """A sanitizer by a built-in policy or a TOML file; arguments as for the class.

        Raises:
            PolicyError: no such policy, or an invalid one.
        """
        return cls(load_policy(name_or_path), key=key, ner=ner, gate=gate)

    @overload
    def sanitize(self, text: str) -> str: ...  # type: ignore[overload-overlap]

    @overload
    def sanitize(self, text: Sequence[str | None]) -> list[str | None]: ...

    def sanitize(self, text: str | Sequence[str | None]) -> str | list[str | None]:
        """The text, or each text of a batch, without personal data.

        None stays None in a batch. The result of a text does not depend on its neighbours.

        Raises:
            LeakError: a text may not be released; says which by its number, not what it holds.
                :meth:`redact` gives the others.
        """
        batch = [text] if isinstance(text, str) else list(text)
        done: list[str | None] = []
        for start in range(0, len(batch), _ROWS):
            part = pa.array(batch[start : start + _ROWS], pa.string())
            redacted = self.redact(pa.RecordBatch.from_pydict({"text": part}))
            if redacted.refused:
                number, reason = redacted.refused[0]
                raise LeakError(
                    f"a text may not be released: {reason}",
                    where=f"text {start + number}",
                    hint="redact() gives the others, and the numbers of those withheld",
                )
            done += redacted.batch.column("text").to_pylist()
        return str(done[0]) if isinstance(text, str) else done

    def redact(self, batch: pa.RecordBatch, columns: Sequence[str] = ("text",)) -> Redacted:
        """The rows of an Arrow batch that may be released, and which may not.

        Args:
            batch: rows; dates of rows that share ``subject`` (or ``id``) move together.
            columns: the text columns.
        """
        return self._redactor.redact(batch, self._detector.detect(batch, columns), columns)

    def describe(self) -> dict[str, str]:
        """Versions and digests of all that decides what is found, and of the policy."""
        return {**self._detector.describe(), "policy": f"sha256:{self.policy.digest}"}


def _subkeys(key: bytes) -> dict[str, bytes]:
    return {
        purpose: HKDF(
            algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=_SALT, info=purpose.encode()
        ).derive(key)
        for purpose in sorted(set(KEY_OF.values()))
    }


def key_from_passphrase(passphrase: str, *, salt: bytes) -> bytes:
    """A key for notebooks, where files of keys are a burden: scrypt (RFC 7914), 64 MiB.

    Args:
        passphrase: long and drawn, such as six words of a list.
        salt: of this corpus, 16 bytes or more; not secret.

    Raises:
        KeyringError: the passphrase is empty or the salt short.
    """
    if not passphrase or len(salt) < 16:
        raise KeyringError("a key needs a passphrase and a salt of 16 bytes or more")
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=1 << 16, r=8, p=1, maxmem=1 << 27, dklen=_KEY_BYTES
    )
