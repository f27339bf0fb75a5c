"""The wraps file of a shard: one wrapped data key per recipient. It changes; headers do not.

Stored as canonical JSON ``{kid: base64}``. The log records the SHA-256 of the exact bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError, KeyringError
from sealed_shards.context import ShardContext, open_payload, wrap_payload
from sealed_shards.recipients import Identity, Recipient

EMPTY_WRAPS: Final = canonical_json({})
"""The wraps file of a shredded shard."""

_KID = re.compile(r"[0-9a-f]{64}\Z")


def wrap_for(data_key: bytes, context: ShardContext, recipients: Iterable[Recipient]) -> bytes:
    """The wraps file of ``data_key`` for every recipient.

    Raises:
        KeyringError: there is no recipient at all.
    """
    payload = wrap_payload(data_key, context.aad())
    wraps = {r.kid: base64.b64encode(r.wrap(payload)).decode("ascii") for r in recipients}
    if not wraps:
        raise KeyringError("no recipient to seal for", hint="give --recipient KEY.pub.pem")
    return canonical_json(wraps)


def change_wraps(raw: bytes, *, add: bytes, drop: Collection[str], where: str) -> bytes:
    """A wraps file without ``drop``, and with those of ``add`` (a wraps file) that are new.

    Wraps that stay keep their bytes.

    Raises:
        IntegrityError: not a wraps file.
        KeyringError: nobody would be left.
    """
    kept = {kid: wrap for kid, wrap in parse_wraps(raw, where=where).items() if kid not in drop}
    wraps = {**parse_wraps(add, where=where), **kept}
    if not wraps:
        raise KeyringError(
            "nobody could open the shard any more", where=where, hint="redactory dataset shred"
        )
    return canonical_json(
        {kid: base64.b64encode(wrap).decode("ascii") for kid, wrap in wraps.items()}
    )


def parse_wraps(raw: bytes, *, where: str) -> Mapping[str, bytes]:
    """``{kid: wrapped bytes}`` of a wraps file.

    Raises:
        IntegrityError: not a wraps file.
    """
    value = parse_canonical_json(raw, where=where)
    if not isinstance(value, dict):
        raise IntegrityError("is not a wraps file", where=where)
    try:
        wraps = {kid: base64.b64decode(text, validate=True) for kid, text in value.items()}
    except (TypeError, ValueError, binascii.Error):
        raise IntegrityError("is not a wraps file", where=where) from None
    if not all(_KID.match(kid) for kid in wraps):
        raise IntegrityError("is not a wraps file", where=where)
    return wraps


def unwrap_with(raw: bytes, context: ShardContext, identity: Identity, *, where: str) -> bytes:
    """The data key of a shard, unwrapped by ``identity``.

    Raises:
        KeyringError: the identity is not among the recipients.
        IntegrityError: the wraps file is malformed, or its key belongs to another shard.
    """
    wraps = parse_wraps(raw, where=where)
    if identity.kid not in wraps:
        state = "holds no key any more: it was shredded" if not wraps else "is not sealed for you"
        raise KeyringError(
            f"the shard {state}", where=where, hint=f"your key id is {identity.kid[:16]}…"
        )
    payload = identity.unwrap(wraps[identity.kid], where=where)
    return open_payload(payload, context.aad(), where=where)
