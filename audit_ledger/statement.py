"""Statements: the leaves of the log, in the shape of in-toto Statements v1.

``{"_type", "subject", "predicateType", "predicate"}`` as canonical JSON (RFC 8785), at
most 65,535 bytes. The predicate says who, when, in which run and with which code; its
``body`` depends on the kind. A *production* statement has an id that follows from what it
is about, so that a retry meets the first one; an *event* has a random id and always counts.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    StringConstraints,
)

from audit_ledger import bodies
from audit_ledger.bodies import (
    FROZEN,
    Body,
    Count,
    Digest,
    GenericBody,
    Hex,
    Token,
    compact_json,
)
from audit_ledger.tiles import ENTRY_LIMIT
from redactory.errors import LedgerError

PRODUCTION_KINDS = frozenset(
    {"ingested", "redacted", "sealed", "published", "quarantined"}
    | {"released", "featurised", "dealt", "trained", "predicted"}
)
EVENT_KINDS = frozenset(
    {"decided", "unwrapped", "granted", "revoked", "rewrapped"}
    | {"shredded", "reidentified", "erased", "verified"}
)
KINDS = PRODUCTION_KINDS | EVENT_KINDS

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = re.compile(r"urn:redactory:statement:([a-z]+):v1")

Time = Annotated[
    str, StringConstraints(strict=True, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
]
ActorKind = Literal["cli", "airflow", "system"]
BodyType = TypeVar("BodyType", bound=Body)


class SubjectDigest(BaseModel):
    """Digests of a subject."""

    model_config = FROZEN
    sha256: Digest


class Subject(BaseModel):
    """One thing that a statement is about."""

    model_config = FROZEN
    name: Token
    digest: SubjectDigest


class Actor(BaseModel):
    """Who made the statement."""

    model_config = FROZEN
    kind: ActorKind
    name: Token


class Run(BaseModel):
    """The run in which it was made; ``try_number`` is stored as ``try``."""

    model_config = ConfigDict(**FROZEN, validate_by_name=True, validate_by_alias=True)
    run_id: Token
    dag_id: Token | None = None
    try_number: Count | None = Field(default=None, alias="try")


class Predicate(BaseModel, Generic[BodyType]):
    """Who, when, how and what."""

    model_config = FROZEN
    id: Hex
    time: Time
    actor: Actor
    run: Run | None
    code_version: Token
    body: SerializeAsAny[BodyType]


class Statement(BaseModel, Generic[BodyType]):
    """A leaf of the log, parsed."""

    model_config = ConfigDict(**FROZEN, validate_by_name=True, validate_by_alias=True)
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...]
    predicate_type: Token = Field(alias="predicateType")
    predicate: Predicate[BodyType]

    @property
    def kind(self) -> str:
        """The statement's kind, such as ``sealed``."""
        return self.predicate_type.split(":")[3]

    @property
    def id(self) -> str:
        """Its id, hex."""
        return self.predicate.id

    @property
    def time(self) -> str:
        """When it was accepted, RFC 3339 in UTC with microseconds."""
        return self.predicate.time

    @property
    def body(self) -> BodyType:
        """What it says."""
        return self.predicate.body

    def digests(self) -> tuple[str, ...]:
        """SHA-256 (hex) of the subjects, in order."""
        return tuple(subject.digest.sha256 for subject in self.subject)

    def encode(self) -> bytes:
        """The leaf's bytes.

        Raises:
            LedgerError: longer than an entry may be, or a string is more than a token.
        """
        try:
            raw = compact_json(self.model_dump(mode="json", by_alias=True))
        except ValueError:
            raise LedgerError(
                f"a '{self.kind}' statement holds a string that is not an identifier",
                hint="statements hold counts, digests and identifiers only, never text",
            ) from None
        if len(raw) > ENTRY_LIMIT:
            raise LedgerError(
                f"a '{self.kind}' statement is longer than {ENTRY_LIMIT} bytes",
                hint="record a long list by its digest",
            )
        return raw


AnyStatement = Statement[Any]

BODY_MODELS: dict[str, type[Body]] = {
    **dict.fromkeys(KINDS, GenericBody),
    **dict.fromkeys(("granted", "revoked", "rewrapped"), bodies.KeysChanged),
    **{
        model.kind: model
        for model in (
            bodies.Ingested,
            bodies.Redacted,
            bodies.Sealed,
            bodies.Quarantined,
            bodies.Published,
            bodies.Unwrapped,
            bodies.Verified,
        )
    },
}
STATEMENT_MODELS: dict[str, type[AnyStatement]] = {
    kind: Statement[body]  # type: ignore[valid-type]  # parametrised at run time, once a kind
    for kind, body in BODY_MODELS.items()
}


def parse_statement(raw: bytes, *, where: str) -> AnyStatement:
    """Parse a leaf, which must be canonical.

    Args:
        raw: the leaf's bytes.
        where: what to call it in an error.

    Raises:
        LedgerError: not a statement in its canonical form (the message holds none of it).
    """
    malformed = LedgerError("is not a canonical statement of a known kind", where=where)
    try:
        value = json.loads(raw)
        canonical = compact_json(value)
        kind = _PREDICATE_TYPE.fullmatch(value["predicateType"])
        statement = STATEMENT_MODELS[kind[1] if kind else ""].model_validate_json(raw)
    except (ValueError, KeyError, TypeError, RecursionError, LedgerError):
        raise malformed from None
    if canonical != raw:
        raise malformed
    return statement
