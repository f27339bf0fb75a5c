"""Statements: the leaves of the log, in the shape of in-toto Statements v1.

``{"_type", "subject", "predicateType", "predicate"}`` as canonical JSON (RFC 8785), at
most 65,535 bytes. The predicate says who, when, in which run, with which code and under
which rules (digests of policy and detector); its ``body`` depends on the kind. A
*production* statement has an id that follows from what it is about, so that a retry meets
the first one; an *event* has a random id and always counts.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from audit_ledger import bodies
from audit_ledger.bodies import FROZEN, Body, Count, Digest, GenericBody, Hex, Token
from audit_ledger.leaf import kind_of
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

_TIME = r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{6}Z$"
Time = Annotated[str, StringConstraints(strict=True, pattern=_TIME)]
ActorKind = Literal["cli", "airflow", "system"]
BodyType = TypeVar("BodyType", bound=Body)


class SubjectDigest(BaseModel):
    """Digests of a subject."""

    model_config = FROZEN
    sha256: Digest


class Subject(BaseModel):
    """One thing that a statement is about."""

    model_config = FROZEN
    digest: SubjectDigest
    name: Token


class Actor(BaseModel):
    """Who made the statement."""

    model_config = FROZEN
    kind: ActorKind
    name: Token


class Run(BaseModel):
    """The run in which it was made; ``try_number`` is stored as ``try``."""

    model_config = ConfigDict(**FROZEN, validate_by_name=True, validate_by_alias=True)
    dag_id: Token | None = None
    run_id: Token
    try_number: Count | None = Field(default=None, alias="try")


class Rules(BaseModel):
    """What was in force: SHA-256 of the policy, and of the list of detectors and versions."""

    model_config = FROZEN
    detector: Digest | None = None
    policy: Digest | None = None


class Envelope(BaseModel):
    """What the statements of one append have in common."""

    model_config = FROZEN
    actor: Actor
    code_version: Token
    rules: Rules | None
    run: Run | None
    time: Time


class Predicate(BaseModel, Generic[BodyType]):
    """Who, when, how and what."""

    model_config = FROZEN
    actor: Actor
    body: BodyType
    code_version: Token
    id: Hex
    rules: Rules | None
    run: Run | None
    time: Time


class Statement(BaseModel, Generic[BodyType]):
    """A leaf of the log, parsed."""

    model_config = ConfigDict(**FROZEN, validate_by_name=True, validate_by_alias=True)
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    predicate: Predicate[BodyType]
    predicate_type: Token = Field(alias="predicateType")
    subject: tuple[Subject, ...]

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
        """The leaf's bytes: the models hold their fields in the order of RFC 8785."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True)


AnyStatement = Statement[Any]

BODY_MODELS: dict[str, type[Body]] = {
    **dict.fromkeys(KINDS, GenericBody),
    **dict.fromkeys(("granted", "revoked", "rewrapped", "shredded"), bodies.KeysChanged),
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

    Every string is of a form that needs no escape, every number an integer, and every list
    of keys in order; so a leaf is canonical exactly if it is what its value is written as.

    Args:
        raw: the leaf's bytes.
        where: what to call it in an error.

    Raises:
        LedgerError: not a statement in its canonical form (the message holds none of it).
    """
    statement: AnyStatement | None = None
    try:
        kind = kind_of(raw)
        statement = STATEMENT_MODELS[kind].__pydantic_validator__.validate_json(raw)
    except (KeyError, ValueError, LedgerError):
        pass
    if statement is None or statement.kind != kind or statement.encode() != raw:
        raise LedgerError("is not a canonical statement of a known kind", where=where)
    return statement
