"""Drafts: statements before the log has accepted them, and how one becomes a leaf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from audit_ledger.bodies import Body, refusal
from audit_ledger.statement import (
    BODY_MODELS,
    EVENT_KINDS,
    STATEMENT_MODELS,
    STATEMENT_TYPE,
    ActorKind,
    AnyStatement,
)
from redactory.canonical import digest_of
from redactory.errors import LedgerError


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


def production_id(kind: str, dataset: str, key: str, version: int) -> str:
    """Id of the production statement ``kind`` about version ``version`` of ``key`` (hex)."""
    return digest_of(["statement/v1", dataset, key, version, kind])


def checked_body(draft: Draft) -> Body:
    """The draft's body as its kind's model.

    Raises:
        LedgerError: unknown kind, or not that kind's fields.
    """
    model = BODY_MODELS.get(draft.kind)
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
        "_type": STATEMENT_TYPE,
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
        return STATEMENT_MODELS[draft.kind].model_validate(fields)
    except ValidationError as error:
        raise refusal(error, what=f"a '{draft.kind}' statement") from None
