"""From the columns of a file to those of a record (contracts: "Record").

Order and names of a batch: ``record_no``, ``record_id``, ``lang``, then ``subject`` and
``label`` where chosen, then each text column and each pass-through column by its own name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from redactory.canonical import canonical_json
from redactory.errors import InputError
from redactory.sources.options import ReadOptions
from redactory.sources.records import Reason, Record

MAX_ID_BYTES = 512
_SHOWN = 20
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Role:
    """A column carried under a name of ours; ``optional`` if the options do not name it."""

    name: str
    column: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The chosen columns of one file.

    Attributes:
        record_id: the id column, or ``None`` for made ids.
        roles: ``lang`` always, then ``subject`` and ``label`` where chosen.
        texts: names of the text columns.
        passed: names of the pass-through columns.
    """

    record_id: str | None
    roles: tuple[Role, ...]
    texts: tuple[str, ...]
    passed: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of a batch; texts and ids are never null."""
        return pa.schema(
            [
                pa.field("record_no", pa.int64(), nullable=False),
                pa.field("record_id", pa.string(), nullable=False),
                *(pa.field(role.name, pa.string()) for role in self.roles),
                *(pa.field(name, pa.string(), nullable=False) for name in self.texts),
                *(pa.field(name, pa.string()) for name in self.passed),
            ]
        )

    @property
    def names(self) -> frozenset[str]:
        """Every column of the file that is used."""
        used = {role.column for role in self.roles} | {*self.texts, *self.passed}
        return frozenset(used | ({self.record_id} if self.record_id else set()))

    def record(self, values: Mapping[str, Any]) -> Record | Reason:
        """The record that a row of JSON-like ``values`` stands for, or why it is none.

        An absent or empty role is null: an empty subject is nobody, not one person.
        """
        required = [*self.texts, *self.passed, *(r.column for r in self.roles if not r.optional)]
        if any(name not in values for name in required):
            return Reason.MISSING_COLUMN
        texts = tuple("" if values[name] is None else values[name] for name in self.texts)
        if not all(isinstance(text, str) for text in texts):
            return Reason.NOT_TEXT
        record_id = None
        if self.record_id is not None:
            record_id = _id_text(values.get(self.record_id))
            if record_id is None:
                return Reason.BAD_ID
        roles = tuple(as_text(values.get(role.column)) or None for role in self.roles)
        passed = tuple(as_text(values[name]) for name in self.passed)
        if not all(map(_is_unicode, (record_id, *roles, *texts, *passed))):
            return Reason.LONE_SURROGATE
        if record_id is not None and len(record_id.encode()) > MAX_ID_BYTES:
            return Reason.BAD_ID
        return Record(record_id, roles, texts, passed)


def resolve(options: ReadOptions, available: Collection[str] | None, *, where: str) -> Columns:
    """The columns of a file that has the ``available`` ones; ``None``: it could not tell.

    Raises:
        InputError: a column that the options name is not there.
    """
    present = frozenset(available or ())
    named = [
        *options.text_columns,
        *options.carried,
        *(
            column
            for column in (
                options.id_column,
                options.lang_column,
                options.subject_column,
                options.label_column,
            )
            if column is not None
        ),
    ]
    if available is not None:
        for column in named:
            if column not in present:
                raise InputError(
                    f"has no column {column!r}; it has {describe_names(available)}",
                    where=where,
                    hint="choose its columns by name",
                )
    roles = [Role("lang", options.lang_column or "lang", optional=options.lang_column is None)]
    for name, chosen in (("subject", options.subject_column), ("label", options.label_column)):
        if chosen is not None:
            roles.append(Role(name, chosen, optional=False))
    return Columns(
        record_id=options.id_column or ("id" if "id" in present else None),
        roles=tuple(roles),
        texts=options.text_columns,
        passed=options.carried,
    )


def text_only(options: ReadOptions, *, where: str) -> Columns:
    """The columns of a plain text file: its text, under the name the options give it.

    Raises:
        InputError: the options name a column that plain text cannot have.
    """
    others = (options.id_column, options.lang_column, options.subject_column, options.label_column)
    if len(options.text_columns) > 1 or options.carried or any(others):
        raise InputError(
            "plain text has no columns to choose",
            where=where,
            hint="read tables and plain text in two runs",
        )
    return Columns(None, (Role("lang", "lang", optional=True),), options.text_columns, ())


def describe_names(names: Collection[str]) -> str:
    """Column names for a message, or only their number.

    A table without a header has a record where its names should be. So names are shown
    only if every one of them is an identifier, which text and personal data hardly are.
    """
    if not all(_PLAIN_NAME.fullmatch(name) for name in names):
        return f"{len(names)} columns"
    shown = ", ".join(sorted(names)[:_SHOWN])
    return shown + (", …" if len(names) > _SHOWN else "") if shown else "none"


def as_text(value: Any) -> str | None:
    """A JSON value as the text of a carried column.

    Strings as they are, null as null, other scalars in canonical form (RFC 8785 3.2.2)
    as far as that can state them, nested values as compact JSON.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return canonical_json(value).decode() if math.isfinite(value) else str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _id_text(value: Any) -> str | None:
    """The id a scalar gives; ``None`` if it gives none."""
    return None if isinstance(value, (dict, list)) else as_text(value) or None


def _is_unicode(text: str | None) -> bool:
    """Whether ``text`` can be stored: free of lone surrogates."""
    if text is None or text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
