"""What a storage says of an object without reading it: the same answer means the same bytes.

Object stores tell a digest or a generation of the bytes. A file system tells times, which a
second write within one tick of its clock does not change (git calls such files "racily clean").
So where there is nothing but times, a file that was written a moment ago has no fingerprint: it
is read again the next time, and has one then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from redactory.canonical import digest_of

# As the drivers for S3, GCS, Azure, HTTP and zip call them.
_OF_THE_BYTES: Final = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "crc32c",
    "generation",
    "VersionId",
    "CRC",
)
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated")
_BESIDE: Final = ("created", "ino")
_SETTLED_AFTER: Final = 2.0  # seconds; the coarsest clock of a file system in use (FAT)


def fingerprint(info: Mapping[str, Any], *, now: float) -> str:
    """64 hex digits that change when the bytes do; empty where that cannot be promised.

    Args:
        info: what an fsspec file system's ``info`` says of the object.
        now: time of the look, in seconds since the epoch.
    """
    told = {name: str(info[name]) for name in _OF_THE_BYTES if info.get(name) is not None}
    times = {name: info[name] for name in _TIMES if info.get(name) is not None}
    if not told and not any(0 < _seconds(t) < now - _SETTLED_AFTER for t in times.values()):
        return ""
    beside = {name: info[name] for name in _BESIDE if info.get(name) is not None}
    return digest_of(
        {"size": str(info.get("size")), **told}
        | {name: str(value) for name, value in (times | beside).items()}
    )


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, int | float) else 0.0
