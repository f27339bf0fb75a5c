"""The error tree. Every error says what is wrong, where, and what to do about it.

::

    RedactoryError                exit 1
    ├── InputError                exit 2   a file, record, column or option that cannot be used
    ├── IntegrityError            exit 3   stored bytes are not the bytes that were recorded
    ├── LedgerError               exit 3   the log itself is broken, forked, rolled back or busy
    ├── PolicyError               exit 4   a policy is invalid or forbids what was asked
    ├── LeakError                 exit 4   personal data would have left; nothing was published
    ├── KeyringError              exit 5   a key is missing, locked, weak, or not trusted
    ├── PartyError                exit 6   a computing party failed or disagrees
    └── ProofError                exit 7   a proof does not verify

``where`` is a file, a record number, a key id: never the text of a record.
"""

from __future__ import annotations

from typing import ClassVar


class RedactoryError(Exception):
    """Base of all errors that a caller can expect.

    Args:
        what: one sentence, lower case, without a full stop: what is wrong.
        where: the file, record number, shard or key it concerns (no personal data).
        hint: what the reader of the message can do now.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{advice}"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries on the way back from workers; the
        # default reconstruction would lose the keyword-only fields.
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(kind: type[RedactoryError], what: str, where: str, hint: str) -> RedactoryError:
    return kind(what, where=where, hint=hint)


class InputError(RedactoryError):
    """A file, record, column, option or output path that cannot be used."""

    exit_code = 2


class IntegrityError(RedactoryError):
    """Stored bytes are not the bytes that were sealed or recorded."""

    exit_code = 3


class LedgerError(RedactoryError):
    """The log is broken, forked, rolled back, or held by another writer."""

    exit_code = 3


class PolicyError(RedactoryError):
    """A policy is invalid, or forbids what was asked."""

    exit_code = 4


class LeakError(RedactoryError):
    """Personal data would have left the pipeline; nothing was published."""

    exit_code = 4


class KeyringError(RedactoryError):
    """A key is missing, locked, too weak, or not trusted."""

    exit_code = 5


class PartyError(RedactoryError):
    """A computing party failed, or disagrees with the others."""

    exit_code = 6


class ProofError(RedactoryError):
    """A proof does not verify."""

    exit_code = 7
