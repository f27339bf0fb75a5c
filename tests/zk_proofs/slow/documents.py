"""Canonical JSON (RFC 8785) as far as documents without fractions need it, and small readers."""

import json
import re
from typing import Any

from .group import InvalidError, require

_LARGEST_EXACT = 2**53


def canonical(value: Any) -> bytes:
    """The canonical form; the members of objects are ordered by UTF-16 code units."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{_text(item)}" for name, item in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def parse(document: bytes) -> Any:
    """The value of a canonical document; no document of ours has a number that is no integer."""
    try:
        value = json.loads(
            document.decode(), parse_float=_no_number, parse_constant=_no_number, parse_int=_integer
        )
        require(canonical(value) == document, "a document is not canonical")
    except (ValueError, RecursionError):
        raise InvalidError("a document is no JSON") from None
    return value


def _no_number(_: str) -> None:
    raise InvalidError("a number is no integer")


def _integer(digits: str) -> int:
    value = int(digits)
    require(abs(value) <= _LARGEST_EXACT, "a number is too large for JSON")
    return value


def members(value: Any, *names: str) -> list[Any]:
    """The members of an object that has exactly these."""
    require(isinstance(value, dict) and value.keys() == set(names), "wrong members")
    return [value[name] for name in names]


def integer(value: Any, low: int, high: int) -> int:
    """An integer in low … high; true and false are none."""
    require(type(value) is int and low <= value <= high, "a number is out of bounds")
    return int(value)


def items(value: Any, length: int | None = None) -> list[Any]:
    """A list, of a given length."""
    require(isinstance(value, list) and length in {None, len(value)}, "a list is wrong")
    return list(value)


def hexadecimal(value: Any, length: int | None = None) -> bytes:
    """Bytes in lower-case hex."""
    require(isinstance(value, str) and re.fullmatch("([0-9a-f]{2})*", value), "not hex")
    data = bytes.fromhex(value)
    require(length in {None, len(data)}, "hex of a wrong length")
    return data


def token(value: Any) -> str:
    """Format 7."""
    require(
        isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.:@/+-]{1,200}", value), "no token"
    )
    return str(value)


def string(value: Any) -> str:
    """Any string."""
    require(isinstance(value, str), "no string")
    return str(value)
