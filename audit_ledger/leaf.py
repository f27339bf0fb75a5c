"""Looking into a leaf without parsing it.

Leaves are canonical JSON whose strings hold no quote and no backslash, and after the body
come only ``code_version``, ``id``, ``rules``, ``run``, ``time``, ``predicateType`` and
``subject``. So the last place where one of these names stands is the one that is meant.
"""

from __future__ import annotations

from redactory.errors import LedgerError

_ID = b',"id":"'
_KIND = b'"predicateType":"urn:redactory:statement:'
_TIME = b'"time":"'


def id_of(raw: bytes) -> str:
    """The statement's id, hex."""
    return _after(raw, _ID)


def kind_of(raw: bytes) -> str:
    """The statement's kind, such as ``sealed``."""
    return _after(raw, _KIND).removesuffix(":v1")


def time_of(raw: bytes) -> str:
    """When the statement was accepted."""
    return _after(raw, _TIME)


def _after(raw: bytes, name: bytes) -> str:
    start = raw.rfind(name) + len(name)
    end = raw.find(b'"', start)
    if start < len(name) or end < 0:
        raise LedgerError("is not a statement")
    return raw[start:end].decode("ascii", errors="replace")
