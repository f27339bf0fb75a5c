"""Which files there are to read: a file, a folder, a glob, or any fsspec URL of these."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast, get_args

import fsspec
from fsspec.implementations.local import LocalFileSystem

from redactory.errors import InputError
from redactory.sources.compression import Compression
from redactory.sources.fingerprint import fingerprint

Format = Literal["txt", "jsonl", "csv", "tsv", "parquet"]

_FORMATS: dict[str, Format] = {
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One file to read.

    Attributes:
        uri: an absolute local path or a full fsspec URL.
        size: bytes as stored; 0 where the storage does not tell.
        format: how the decompressed bytes are read.
        compression: how they are compressed.
        fingerprint: what the storage says of the bytes (:mod:`.fingerprint`); empty where that
            would not show a change.
    """

    uri: str
    size: int
    format: Format
    compression: Compression | None
    fingerprint: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """What :func:`list_sources` found.

    Attributes:
        sources: the files to read, sorted by URI, each once.
        skipped: URIs found inside folders and globs that are hidden, linked folders, not
            regular files, or of unknown suffix; sorted.
        found_by: by URI of a source, the inputs that name it, as they were given.
    """

    sources: list[Source]
    skipped: list[str] = field(default_factory=list)
    found_by: Mapping[str, frozenset[str]] = field(default_factory=dict)


def list_sources(inputs: str | Sequence[str], *, format: str | None = None) -> Listing:  # noqa: A002 (the option's own name)
    """Every file that ``inputs`` name.

    A file named directly is read as JSON lines if its suffix is unknown (contracts: "CLI
    surface"); inside folders and globs such files are skipped, and reported.

    Args:
        inputs: paths, globs or URLs.
        format: reads every file as this format, whatever its suffix; a ``.gz`` or
            ``.zst`` at the end still says how it is compressed.

    Raises:
        InputError: nothing is there, it may not be read, or no file is readable.
    """
    if format is not None and format not in get_args(Format):
        raise InputError(
            "no such format", where=repr(format), hint=f"one of {', '.join(get_args(Format))}"
        )
    chosen = cast("Format | None", format)
    sources: dict[str, Source] = {}
    skipped: set[str] = set()
    found_by: dict[str, frozenset[str]] = {}
    for given in [inputs] if isinstance(inputs, str) else inputs:
        place = _Place(given)
        for path, is_named in place.files():
            found = place.source(path, chosen, is_named=is_named)
            if found is None:
                skipped.add(place.uri(path))
            else:
                sources[found.uri] = found
                found_by[found.uri] = found_by.get(found.uri, frozenset()) | {given}
    if not sources:
        raise InputError(
            "no readable file",
            where=inputs if isinstance(inputs, str) else ", ".join(inputs),
            hint=f"{len(skipped)} files of unknown suffix were skipped; name a format to read them"
            if skipped
            else "give a file, a folder, a glob or a URL",
        )
    return Listing(sorted(sources.values()), sorted(skipped - sources.keys()), found_by)


def _suffixes(path: str) -> tuple[Format | None, Compression | None]:
    name = PurePosixPath(path.lower())
    compression = _COMPRESSIONS.get(name.suffix)
    return _FORMATS.get((name.with_suffix("") if compression else name).suffix), compression


class _Place:
    """What one input names, on the file system it lies on."""

    def __init__(self, given: str) -> None:
        self._given = given
        try:
            filesystem, self._root = fsspec.core.url_to_fs(given)
        except Exception:  # noqa: BLE001 (each storage driver raises errors of its own)
            raise InputError(
                "no such kind of storage, or its driver is not installed",
                where=given,
                hint="install the fsspec driver for this scheme, such as s3fs for s3://",
            ) from None
        self._fs: Any = filesystem
        self._now = time.time()
        # zip://part::s3://whole: a part is found again only together with its container.
        part, link, container = given.partition("::")
        self._container = link + container if "://" in part else ""
        self._is_local = isinstance(filesystem, LocalFileSystem)
        if self._is_local:
            self._root = os.path.abspath(self._root)  # noqa: PTH100 (Path keeps "..")

    def uri(self, path: str) -> str:
        """``path`` as it can be opened again without this place."""
        return path if self._is_local else f"{self._fs.unstrip_protocol(path)}{self._container}"

    def files(self) -> list[tuple[str, bool]]:
        """Paths, and whether each is named directly."""
        try:
            found = self._found()
        except Exception:  # noqa: BLE001 (each storage driver raises errors of its own)
            raise InputError("cannot be listed", where=self._given) from None
        if found is None:
            raise InputError("nothing is there that can be read", where=self._given)
        return found

    def _found(self) -> list[tuple[str, bool]] | None:
        if self._fs.isfile(self._root):
            return [(self._root, True)]
        if self._fs.isdir(self._root):
            return [(path, False) for path in self._below(self._root)]
        if self._fs.exists(self._root) or not _GLOB & set(self._root):
            return None
        matches = self._fs.glob(self._root)
        folders = [path for path in matches if self._fs.isdir(path)]
        inside = {path for folder in folders for path in self._below(folder)}
        return [(path, False) for path in sorted({*matches, *inside} - {*folders})]

    def source(self, path: str, chosen: Format | None, *, is_named: bool) -> Source | None:
        """The source at ``path``, or ``None`` if it is to be skipped."""
        known, compression = _suffixes(path)
        kind = chosen or known or ("jsonl" if is_named else None)
        if not is_named and (self._is_hidden(path) or not self._fs.isfile(path)):
            kind = None
        if kind is None:
            return None
        readable_name = path.encode("utf-8", "replace").decode()
        if readable_name != path:
            raise InputError("the file name is not UTF-8", where=readable_name, hint="rename it")
        if kind == "parquet" and compression:
            raise InputError(
                "a compressed Parquet file cannot be read",
                where=self.uri(path),
                hint="decompress it: Parquet compresses its own pages",
            )
        if self._is_local and not os.access(path, os.R_OK):
            raise InputError("may not be read", where=path, hint="check its permissions")
        info = self._info(path)
        size, state = int(info.get("size") or 0), fingerprint(info, now=self._now)
        return Source(self.uri(path), size, kind, compression, state)

    def _info(self, path: str) -> dict[str, Any]:
        try:
            return dict(self._fs.info(path))
        except Exception:  # noqa: BLE001 (as above)
            raise InputError("cannot be listed", where=self.uri(path)) from None

    def _is_hidden(self, path: str) -> bool:
        """Whether the part of ``path`` that was not spelled out has a dotted name in it."""
        fixed = self._root
        if not path.startswith(fixed):
            fixed = re.split(r"[*?\[]", fixed)[0].rpartition("/")[0]
        return any(part.startswith(".") for part in PurePosixPath(path[len(fixed) :]).parts)

    def _below(self, folder: str) -> Iterator[str]:
        if not self._is_local:
            yield from self._fs.find(folder)
            return
        for parent, folders, files in os.walk(folder, onerror=_raise):
            # A linked folder may lead back up: it is reported, not entered.
            linked = [name for name in folders if (Path(parent) / name).is_symlink()]
            yield from (str(Path(parent) / name) for name in (*files, *linked))


def _raise(error: OSError) -> None:
    raise error
