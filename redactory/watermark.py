"""The watermark of a dataset: which objects its runs have read, and in which state.

A scheduled run meets the same input every time. With ``only_changed`` it reads an object only
if the storage's fingerprint of it, the configuration or a review decision is another than when
it was read last; and whatever the configuration, an object that was there and is not there any
more is noticed here.

The file lies in the dataset's folder as ``.watermark/<id of the scope's key>.sealed``. It holds
paths, so it is AES-256-GCM encrypted under the ``work`` subkey, as the lists of batches are. It
is written last, under the writers' lock, after everything that it speaks of is durable: losing
it costs reading everything again, no record and no statement.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redactory.canonical import canonical_json
from redactory.durable import Folder
from redactory.errors import IntegrityError
from redactory.pseudonym import find

WATERMARK_FOLDER: Final = ".watermark"
_SUFFIX: Final = ".sealed"
_NONCE_BYTES: Final = 12


@dataclass(frozen=True)
class Seen:
    """An object as it was when it was read last.

    Attributes:
        uri: where it lies.
        format: how it was read.
        fingerprint: what the storage said of its bytes; empty if it told nothing.
        rules: keyed digest of the configuration and the review decisions in force.
        inputs: keyed ids of the inputs that named it.
        records: whether it held any record.
    """

    uri: str = field(repr=False)
    format: str
    fingerprint: str
    rules: str
    inputs: tuple[str, ...]
    records: bool = True

    def is_as(self, other: Seen) -> bool:
        """Whether reading it again would give the same, as far as the storage tells."""
        return bool(self.fingerprint) and (self.fingerprint, self.format, self.rules) == (
            other.fingerprint,
            other.format,
            other.rules,
        )

    def found_again(self, before: Seen | None) -> Seen:
        """This look at the object, which also remembers the inputs of the looks before."""
        if before is None:
            return self
        inputs = tuple(sorted({*self.inputs, *before.inputs}))
        return replace(self, inputs=inputs, records=before.records)


@dataclass
class Watermark:
    """All objects of a dataset and scope, by source id."""

    objects: dict[str, Seen] = field(default_factory=dict)

    def departed(self, now: Iterable[str], inputs: Iterable[str]) -> list[str]:
        """Ids of the objects with records that these inputs named before and do not name now."""
        here, asked = set(now), set(inputs)
        return sorted(
            source
            for source, seen in self.objects.items()
            if seen.records and source not in here and asked & set(seen.inputs)
        )


@dataclass(frozen=True)
class Look:
    """What a run's list step saw that the watermark does not hold yet.

    Attributes:
        seen: objects that are new, or another than before.
        departed: ids of those that are gone.
    """

    seen: Mapping[str, Seen] = field(default_factory=dict)
    departed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.seen or self.departed)


def load(folder: Folder, key_id: str, work_key: bytes, dataset: str) -> Watermark:
    """The watermark; an empty one where there is none.

    Raises:
        IntegrityError: it was changed.
    """
    name = _name(key_id)
    if not folder.exists(name):
        return Watermark()
    return Watermark(from_json(unseal(folder.read(name), work_key, dataset, where=name)))


def first_changed(folder: Folder, dataset: str, scopes: Path) -> str | None:
    """The name of a watermark that was changed, as far as keys of its scope are at hand.

    Args:
        folder: of the dataset.
        dataset: its id.
        scopes: ``REDACTORY_HOME/scopes``.

    Raises:
        KeyringError: a stored key cannot be read.
    """
    for name in folder.names(WATERMARK_FOLDER):
        key = find(scopes, name.rpartition("/")[2].removesuffix(_SUFFIX))
        if key is not None:
            try:
                unseal(folder.read(name), key.subkey("work"), dataset, where=name)
            except IntegrityError:
                return name
    return None


def store(folder: Folder, watermark: Watermark, key_id: str, work_key: bytes, dataset: str) -> None:
    """Put a watermark in the place of the one before."""
    folder.replace(_name(key_id), seal(as_json(watermark.objects), work_key, dataset))


def as_json(objects: Mapping[str, Seen]) -> dict[str, Any]:
    """Objects as JSON values."""
    return {source: asdict(seen) for source, seen in objects.items()}


def from_json(objects: Mapping[str, Any]) -> dict[str, Seen]:
    """The objects that :func:`as_json` was given."""
    return {
        source: Seen(**{**values, "inputs": tuple(values["inputs"])})
        for source, values in objects.items()
    }


def seal(value: Any, work_key: bytes, name: str) -> bytes:
    """JSON, compressed and encrypted; ``name`` binds it to its place."""
    nonce = os.urandom(_NONCE_BYTES)
    plain = zstandard.compress(canonical_json(value))
    return nonce + AESGCM(work_key).encrypt(nonce, plain, _bound(name))


def unseal(sealed: bytes, work_key: bytes, name: str, *, where: str) -> Any:
    """What :func:`seal` was given.

    Raises:
        IntegrityError: it was changed, or is of another scope or place.
    """
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(work_key).decrypt(nonce, rest, _bound(name))
    except (InvalidTag, ValueError):
        raise IntegrityError(
            "was changed, or is of another scope",
            where=where,
            hint="remove it: the next run reads every object again",
        ) from None
    return json.loads(zstandard.decompress(plain))


def _bound(name: str) -> bytes:
    return b"redactory-watermark/v1\0" + name.encode()


def _name(key_id: str) -> str:
    return f"{WATERMARK_FOLDER}/{key_id}{_SUFFIX}"
