"""What each kind of statement says: one frozen model a kind (design page 30).

Bodies hold counts, digests and identifiers, nothing else. Every string must look like an
identifier, a digest or a time, so that a raw value cannot slip into the log.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from redactory.errors import LedgerError

# RFC 8785 numbers are IEEE doubles: integers of 15 digits are exact.
_LARGEST = 10**15 - 1
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)
TOKEN = re.compile(r"[A-Za-z0-9_.:@/+-]{1,200}")
DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKENS_ONLY = re.compile(
    r'(?:"[A-Za-z0-9_.:@/+-]{1,200}"|[{}\[\],:]|-?[0-9]{1,15}(?![0-9])|true|false|null)+'
)

Token = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_.:@/+-]{1,200}$")]
Hex = Annotated[str, StringConstraints(strict=True, pattern=r"^([0-9a-f]{2}){1,64}$")]
Digest = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
Integer = Annotated[int, Field(strict=True, ge=-_LARGEST, le=_LARGEST)]
Count = Annotated[int, Field(strict=True, ge=0, le=_LARGEST)]
Version = Annotated[int, Field(strict=True, ge=1, le=_LARGEST)]

FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def refusal(error: ValidationError, *, what: str) -> LedgerError:
    """The ledger's error for a failed validation: names the field, never the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    # A location may hold a key that came from outside, hence only the names we know.
    known = [str(part) for part in first["loc"] if str(part).isidentifier()][:1]
    place = f" in {known[0]}" if known and first["type"] != "extra_forbidden" else ""
    return LedgerError(
        f"{what} is not well-formed{place} ({first['type']})",
        hint="statements hold counts, digests and identifiers only, never text",
    )


def compact_json(value: Any) -> bytes:
    """Sorted compact JSON, refused unless it holds only tokens, integers, truth values, null.

    On such values this is the RFC 8785 form, at the speed of the standard library: with
    ASCII strings that need no escape both sort keys alike, and integers of at most 15
    digits are written alike.

    Raises:
        ValueError: something else is inside, or no JSON at all.
    """
    try:
        raw = _ENCODER.encode(value)
    except (TypeError, RecursionError):
        raise ValueError("not JSON") from None
    if not _TOKENS_ONLY.fullmatch(raw):
        raise ValueError("a string that is not an identifier, or a number that is no integer")
    return raw.encode("ascii")


def _document(value: Any) -> Any:
    return json.loads(compact_json(value))


def _in_order(value: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(value.items()))


# A model writes its keys in the order it has them, which must be that of RFC 8785. Sorting
# while validating does two things: what is written is canonical, and a stored leaf whose
# keys stand in another order differs from what is written again.
Ordered = AfterValidator(_in_order)
Counts = Annotated[dict[Token, Count], Ordered]
Document = Annotated[dict[Token, Any], BeforeValidator(_document)]


class Body(BaseModel):
    """Base of all bodies. Fields stand in alphabetical order, which is that of the leaf."""

    model_config = FROZEN
    kind: ClassVar[str] = ""


class Replaced(BaseModel):
    """The sealed file that a new version takes the place of."""

    model_config = FROZEN

    sha256: Digest
    version: Version


class Ingested(Body):
    """Records were read into a shard.

    ``segments_sha256`` is over the list of (source, range, keyed digest) that the run's
    manifest holds; a shard over many small files would not fit into an entry otherwise.
    """

    kind: ClassVar[str] = "ingested"

    dataset: Token
    policy_digest: Hex
    records: Count
    segments_sha256: Digest
    shard: Token
    sources: Count
    version: Version


class Redacted(Body):
    """A shard's records were redacted; counts by entity type and by operator.

    ``suppressed_below`` says that counts below it were left out, because a small count of a
    rare type can point at one person.
    """

    kind: ClassVar[str] = "redacted"

    dataset: Token
    detector: Annotated[dict[Token, Token], Ordered]
    entities: Counts
    operators: Counts
    policy_digest: Hex
    quarantined: Count
    records_in: Count
    records_out: Count
    shard: Token
    suppressed_below: Count | None = None
    version: Version


class Sealed(Body):
    """A shard was encrypted; ``header`` is its shard header, verbatim."""

    kind: ClassVar[str] = "sealed"

    dataset: Token
    header: Document
    keyring_sha256: Digest
    kids: tuple[Hex, ...]
    policy_digest: Hex
    replaces: Replaced | None = None
    shard: Token
    version: Version


class Quarantined(Body):
    """Records that could not be processed were sealed apart; counts by reason."""

    kind: ClassVar[str] = "quarantined"

    dataset: Token
    header: Document
    keyring_sha256: Digest
    kids: tuple[Hex, ...]
    of_shard: Token
    policy_digest: Hex
    reasons: Counts
    records: Count
    replaces: Replaced | None = None
    shard: Token
    version: Version


class Published(Body):
    """A run's manifest became part of the dataset."""

    kind: ClassVar[str] = "published"

    dataset: Token
    dataset_sha256: Digest
    manifest_sha256: Digest
    quarantined: Count
    records: Count
    report_sha256: Digest | None = None
    run_id: Token
    shards: Count
    supersedes_count: Count
    version: Version


class KeysChanged(Body):
    """Wraps files were replaced (kinds ``granted``, ``revoked``, ``rewrapped``, ``shredded``).

    Attributes:
        dataset: dataset name of the shards' contexts, with its area.
        kids: who may open them after the change; nobody after shredding.
        new: SHA-256 of each wraps file after,
        prev: and before.
        stems: the shards' files: shard id and the first digits of the ciphertext's digest.
    """

    dataset: Token
    kids: tuple[Hex, ...]
    new: tuple[Digest, ...]
    prev: tuple[Digest, ...]
    stems: tuple[Token, ...]


class Unwrapped(Body):
    """Data keys are about to be unwrapped for reading."""

    kind: ClassVar[str] = "unwrapped"

    dataset: Token
    kid: Hex
    purpose: Token
    shard_set_sha256: Digest
    shards: Count


class Verified(Body):
    """Somebody verified the dataset up to a checkpoint."""

    kind: ClassVar[str] = "verified"

    checkpoint_size: Count
    dataset: Token
    verdict: Token


Scalar = StrictBool | Integer | Token


class GenericBody(Body):
    """Body of a kind whose fields are not fixed yet: scalars, lists of them, counts by name."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)
    __pydantic_extra__: dict[
        str, Scalar | tuple[Scalar, ...] | Annotated[dict[Token, Integer], Ordered]
    ]

    @model_validator(mode="before")
    @classmethod
    def _ordered(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        if not all(isinstance(key, str) and TOKEN.fullmatch(key) for key in fields):
            raise ValueError("a name that is not an identifier")
        return _in_order(fields)
