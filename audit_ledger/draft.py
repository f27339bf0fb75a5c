"""Drafts: statements before the log has accepted them, and how one becomes a leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json

from audit_ledger.bodies import DIGEST, TOKEN, Body, refusal
from audit_ledger.statement import (
    BODY_MODELS,
    EVENT_KINDS,
    STATEMENT_TYPE,
    Actor,
    ActorKind,
    Envelope,
    Rules,
    Run,
)
from audit_ledger.tiles import ENTRY_LIMIT
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

    def digests(self) -> tuple[str, ...]:
        """SHA-256 (hex) of the subjects, in order."""
        return tuple(digest for _, digest in self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who appends, in which run, with which code and under which rules.

    Attributes:
        actor_kind: the command line, Airflow, or the system itself.
        actor_name: user name; in Airflow the user who started the run.
        run_id: the run, if there is one.
        dag_id: the DAG of an Airflow run.
        try_number: the try of an Airflow task.
        code_version: version of this program.
        policy_sha256: digest of the policy in force.
        detector_sha256: digest over the names and versions of the detectors in force.
    """

    actor_kind: ActorKind
    actor_name: str
    run_id: str | None
    dag_id: str | None = None
    try_number: int | None = None
    code_version: str
    policy_sha256: str | None = None
    detector_sha256: str | None = None


def production_id(kind: str, dataset: str, key: str, version: int) -> str:
    """Id of the production statement ``kind`` about version ``version`` of ``key`` (hex).

    SHA-256 of the canonical JSON of ``["statement/v1", dataset, key, version, kind]``.

    All of them must be identifiers, which are written in JSON as they are.
    """
    parts = f'["statement/v1","{dataset}","{key}",{version},"{kind}"]'
    return hashlib.sha256(parts.encode("ascii")).hexdigest()


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
    try:
        checked: Body = model.__pydantic_validator__.validate_python(draft.body)
    except ValidationError as error:
        raise refusal(error, what=f"the body of a '{draft.kind}' statement") from None
    return checked


def draft_id(draft: Draft, body: Body) -> str | None:
    """The id that a production draft will have; ``None`` for an event.

    Raises:
        LedgerError: the body does not say dataset, version and shard or run, or the
            draft's own key is no identifier.
    """
    if draft.kind in EVENT_KINDS:
        return None
    dataset, version = getattr(body, "dataset", None), getattr(body, "version", None)
    key = draft.shard_key or getattr(body, "shard", None) or getattr(body, "run_id", None)
    if not (isinstance(dataset, str) and isinstance(version, int) and isinstance(key, str)):
        raise LedgerError(f"a '{draft.kind}' statement needs a dataset, a version, a shard or run")
    if draft.shard_key is not None and not TOKEN.fullmatch(draft.shard_key):
        raise LedgerError(f"the key of a '{draft.kind}' statement is not an identifier")
    return production_id(draft.kind, dataset, key, version)


class Prepared(NamedTuple):
    """A draft whose body was checked and written, before anything else happens to it.

    Attributes:
        draft: as it was given.
        body: canonical JSON of its body.
        id: the id it will have, if it is a production statement.
    """

    draft: Draft
    body: bytes
    id: str | None


def prepare(draft: Draft) -> Prepared:
    """Check a draft's body and write it.

    Raises:
        LedgerError: not well-formed.
    """
    body = checked_body(draft)
    return Prepared(draft, body.__pydantic_serializer__.to_json(body), draft_id(draft, body))


class LeafWriter:
    """Writes the leaves of one append: what they have in common is checked and written once.

    The result is what ``Statement.encode`` gives; the order of keys is that of RFC 8785.

    Args:
        provenance: who appends.
        time: the sequencer's time of the append.

    Raises:
        LedgerError: the provenance is not well-formed.
    """

    def __init__(self, provenance: Provenance, time: str) -> None:
        common = _envelope(provenance, time)
        actor, code_version, rules, run, stamp = (
            to_json(part, by_alias=True)
            for part in (common.actor, common.code_version, common.rules, common.run, common.time)
        )
        self._head = b'{"_type":"%s","predicate":{"actor":%s,"body":' % (
            STATEMENT_TYPE.encode(),
            actor,
        )
        self._before_id = b',"code_version":%s,"id":"' % code_version
        self._after_id = b'","rules":%s,"run":%s,"time":%s}' % (rules, run, stamp)

    def leaf(self, prepared: Prepared, statement_id: str) -> bytes:
        """The bytes of the statement of an accepted draft.

        Raises:
            LedgerError: a subject is not well-formed, or the leaf is too long for an entry.
        """
        draft = prepared.draft
        leaf = b'%s%s%s%s%s,"predicateType":"urn:redactory:statement:%s:v1","subject":[%s]}' % (
            self._head,
            prepared.body,
            self._before_id,
            statement_id.encode(),
            self._after_id,
            draft.kind.encode(),
            b",".join([_subject(name, digest) for name, digest in draft.subject]),
        )
        if len(leaf) > ENTRY_LIMIT:
            raise LedgerError(
                f"a '{draft.kind}' statement is longer than {ENTRY_LIMIT} bytes",
                hint="record a long list by its digest",
            )
        return leaf


def _envelope(provenance: Provenance, time: str) -> Envelope:
    run = None
    rules = None
    try:
        if provenance.run_id is not None:
            run = Run.model_validate(
                {
                    "dag_id": provenance.dag_id,
                    "run_id": provenance.run_id,
                    "try": provenance.try_number,
                }
            )
        if provenance.policy_sha256 is not None or provenance.detector_sha256 is not None:
            rules = Rules(detector=provenance.detector_sha256, policy=provenance.policy_sha256)
        return Envelope(
            actor=Actor(kind=provenance.actor_kind, name=provenance.actor_name),
            code_version=provenance.code_version,
            rules=rules,
            run=run,
            time=time,
        )
    except ValidationError as error:
        raise refusal(error, what="the provenance of a statement") from None


def _subject(name: str, digest: str) -> bytes:
    if not (TOKEN.fullmatch(name) and DIGEST.fullmatch(digest)):
        raise LedgerError(
            "a statement's subject is not a name and a SHA-256 in hex",
            hint="statements hold counts, digests and identifiers only, never text",
        )
    return f'{{"digest":{{"sha256":"{digest}"}},"name":"{name}"}}'.encode()
