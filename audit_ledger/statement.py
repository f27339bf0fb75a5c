"""Statements: the leaves of the log, in the shape of in-toto Statements v1.

``{"_type", "subject", "predicateType", "predicate"}`` as canonical JSON (RFC 8785), at
most 65,535 bytes. The predicate says who, when, in which run and with which code; its
``body`` depends on the kind. A *production* statement has an id that follows from what it
is about, so that a retry meets the first one; an *event* has a random id and always counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationError,
)

from audit_ledger import bodies
from audit_ledger.bodies import FROZEN, Body, Count, Digest, GenericBody, Hex, Token, refusal
from audit_ledger.tiles import ENTRY_LIMIT
from redactory.canonical import canonical_json, digest_of
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

_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = re.compile(r"urn:redactory:statement:([a-z]+):v1")
# Every string is a token, every number an integer: then Python's sorted compact JSON is
# the RFC 8785 form, and no text can hide in a leaf.
_TOKENS_ONLY = re.compile(
    rb'(?:"[A-Za-z0-9_.:@/+-]{1,200}"|[{}\[\],:]|-?[0-9]{1,16}|true|false|null)+'
)

Time = Annotated[
    str, StringConstraints(strict=True, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
]
ActorKind = Literal["cli", "airflow", "system"]
BodyType = TypeVar("BodyType", bound=Body)


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement before the log has accepted it.

    Attributes:
        kind: one of ``KINDS``.
        subject: pairs of name and SHA-256 (hex) of what the statement is about.
        body: the kind's model, or its fields.
        shard_key: what identifies a production statement within its dataset; by default
            the body's ``shard``, else its ``run_id``.
    """

    kind: str
    subject: tuple[tuple[str, str], ...]
    body: Body | Mapping[str, Any]
    shard_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who appends, in which run, with which code."""

    actor_kind: ActorKind
    actor_name: str
    run_id: str | None
    dag_id: str | None = None
    try_number: int | None = None
    code_version: str


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
        raw = canonical_json(self.model_dump(mode="json", by_alias=True))
        if len(raw) > ENTRY_LIMIT:
            raise LedgerError(
                f"a '{self.kind}' statement is longer than {ENTRY_LIMIT} bytes",
                hint="record a long list by its digest",
            )
        if not _TOKENS_ONLY.fullmatch(raw):
            raise LedgerError(
                f"a '{self.kind}' statement holds a string that is not an identifier",
                hint="statements hold counts, digests and identifiers only, never text",
            )
        return raw


AnyStatement = Statement[Any]

_BODIES: dict[str, type[Body]] = {
    **dict.fromkeys(KINDS, GenericBody),
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
_MODELS: dict[str, type[AnyStatement]] = {
    kind: Statement[body]  # type: ignore[valid-type]  # parametrised at run time, once a kind
    for kind, body in _BODIES.items()
}


def production_id(kind: str, dataset: str, key: str, version: int) -> str:
    """Id of the production statement ``kind`` about version ``version`` of ``key`` (hex)."""
    return digest_of(["statement/v1", dataset, key, version, kind])


def checked_body(draft: Draft) -> Body:
    """The draft's body as its kind's model.

    Raises:
        LedgerError: unknown kind, or not that kind's fields.
    """
    model = _BODIES.get(draft.kind)
    if model is None:
        raise LedgerError("there is no such kind of statement")
    if isinstance(draft.body, Body):
        if type(draft.body) is not model:
            raise LedgerError(f"the body is not that of a '{draft.kind}' statement")
        return draft.body
    return model(**draft.body)


def draft_id(draft: Draft, body: Body) -> str | None:
    """The id that a production draft will have; ``None`` for an event.

    Raises:
        LedgerError: the body does not say dataset, version and shard or run.
    """
    if draft.kind in EVENT_KINDS:
        return None
    fields = dict(body)
    dataset, version = fields.get("dataset"), fields.get("version")
    key = draft.shard_key or fields.get("shard") or fields.get("run_id")
    if not (isinstance(dataset, str) and isinstance(version, int) and isinstance(key, str)):
        raise LedgerError(f"a '{draft.kind}' statement needs a dataset, a version, a shard or run")
    return production_id(draft.kind, dataset, key, version)


def make_statement(
    draft: Draft, body: Body, provenance: Provenance, *, statement_id: str, time: str
) -> AnyStatement:
    """The statement for an accepted draft.

    Raises:
        LedgerError: a subject or the provenance is not well-formed.
    """
    run = {
        "run_id": provenance.run_id,
        "dag_id": provenance.dag_id,
        "try": provenance.try_number,
    }
    fields = {
        "_type": _TYPE,
        "subject": [{"name": n, "digest": {"sha256": d}} for n, d in draft.subject],
        "predicateType": f"urn:redactory:statement:{draft.kind}:v1",
        "predicate": {
            "id": statement_id,
            "time": time,
            "actor": {"kind": provenance.actor_kind, "name": provenance.actor_name},
            "run": run if provenance.run_id is not None else None,
            "code_version": provenance.code_version,
            "body": body,
        },
    }
    try:
        return _MODELS[draft.kind].model_validate(fields)
    except ValidationError as error:
        raise refusal(error, what=f"a '{draft.kind}' statement") from None


def parse_statement(raw: bytes, *, where: str) -> AnyStatement:
    """Parse a leaf, which must be canonical.

    Args:
        raw: the leaf's bytes.
        where: what to call it in an error.

    Raises:
        LedgerError: not a statement in its canonical form (the message holds none of it).
    """
    malformed = LedgerError("is not a canonical statement of a known kind", where=where)
    if not _TOKENS_ONLY.fullmatch(raw):
        raise malformed
    try:
        value = json.loads(raw)
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        kind = _PREDICATE_TYPE.fullmatch(value["predicateType"])
        statement = _MODELS[kind[1] if kind else ""].model_validate_json(raw)
    except (ValueError, KeyError, TypeError, RecursionError, LedgerError):
        raise malformed from None
    if canonical != raw:
        raise malformed
    return statement
