"""What the operator chooses about reading: columns, encoding and limits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from redactory.errors import InputError
from redactory.sources.encoding import checked_codec

RESERVED = ("record_no", "record_id", "lang", "subject", "label")


@dataclass(frozen=True)
class ReadOptions:
    """Which columns are carried, and how far a record may reach.

    Attributes:
        text_columns: the columns that hold text; for ``.txt`` the one name of the text.
        id_column: ``None`` takes ``id`` if the file has it, else ``source_id:record_no``.
        lang_column: ``None`` takes ``lang`` if the file has it.
        subject_column: the column that names a person across rows.
        label_column: the column that holds the class.
        pass_through: columns carried as they are, as text.
        text_unit: what is one record of a ``.txt`` file: the file, or a paragraph
            (blocks between blank lines).
        encoding: any Python text codec; ``None`` detects.
        max_record_bytes: longer records are unreadable (``too_long``).
        batch_rows: a batch closes at this many records,
        batch_bytes: or at this many input bytes, whichever comes first.

    Raises:
        InputError: an unknown codec, a column named twice, a reserved name, a limit below 1.
    """

    text_columns: tuple[str, ...] = ("text",)
    id_column: str | None = None
    lang_column: str | None = None
    subject_column: str | None = None
    label_column: str | None = None
    pass_through: tuple[str, ...] = ()
    text_unit: Literal["file", "paragraph"] = "file"
    encoding: str | None = None
    max_record_bytes: int = 1 << 22
    batch_rows: int = 1024
    batch_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        if not self.text_columns:
            raise InputError("no text column is chosen", where="text_columns")
        if self.text_unit not in ("file", "paragraph"):
            raise InputError("is neither file nor paragraph", where="text_unit")
        for limit in ("max_record_bytes", "batch_rows", "batch_bytes"):
            if getattr(self, limit) < 1:
                raise InputError("must be at least 1", where=limit)
        _refuse_repeated((*self.text_columns, *self.pass_through))
        _refuse_reserved(self.text_columns, allowed=())
        _refuse_reserved(self.pass_through, allowed=self._roles_under_their_own_name())
        if self.encoding is not None:
            checked_codec(self.encoding)

    @property
    def carried(self) -> tuple[str, ...]:
        """Pass-through columns, less those that a role already carries by the same name."""
        return tuple(name for name in self.pass_through if name not in RESERVED)

    def _roles_under_their_own_name(self) -> set[str]:
        chosen = {
            "record_id": self.id_column,
            "lang": self.lang_column or "lang",
            "subject": self.subject_column,
            "label": self.label_column,
        }
        return {role for role, column in chosen.items() if role == column}


def _refuse_repeated(names: tuple[str, ...]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError("a column is chosen twice", where=name)


def _refuse_reserved(names: tuple[str, ...], *, allowed: Collection[str]) -> None:
    for name in names:
        if name in RESERVED and name not in allowed:
            raise InputError(
                "this column name is reserved",
                where=name,
                hint="rename the column in the input, or choose it for the role of that name",
            )
