"""Publishing files so that a crash leaves either all of a file or none of it.

A :class:`Folder` is a root (a local path or any fsspec URL) with names below it
(``"shards/ab.parquet"``). Two ways to write:

* :meth:`Folder.create` puts a file in place only if the name is free (``FileExistsError``
  otherwise); of two racing writers exactly one wins.
* :meth:`Folder.replace` overwrites atomically: a reader sees the old bytes or the new ones.

Large files are streamed with :meth:`Folder.writing` to a name that nobody reads yet, then put
in place with :meth:`Folder.move_all`.

On a local disk both write a temporary file beside the target, fsync it, put it in place
by ``link``/``rename`` and fsync the folder (the recipe of POSIX ``rename(2)`` and LWN
"A way to do atomic writes"). On an object store one upload is already all-or-nothing,
and ``create`` asks the store for a conditional write.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

import fsspec
from fsspec.implementations.local import LocalFileSystem

from redactory.errors import InputError

_TEMPORARY = ".tmp-"
_COMPARED_BYTES = 1 << 20


class Folder(Protocol):
    """A root with durable, atomic operations on the names below it."""

    url: str

    def path(self, name: str) -> str:
        """Where ``name`` lies, in the file system's own words."""

    def exists(self, name: str) -> bool:
        """Whether ``name`` is there, as a file or as a folder."""

    def size(self, name: str) -> int:
        """Size of ``name`` in bytes."""

    def read(self, name: str) -> bytes:
        """All bytes of ``name`` (small files only)."""

    def open(self, name: str) -> BinaryIO:
        """``name``, seekable, for reading."""

    def names(self, under: str = "") -> Iterator[str]:
        """Every file below ``under``, sorted, as names relative to the root."""

    def create(self, name: str, data: bytes) -> None:
        """Publish ``name`` if it is free; ``FileExistsError`` otherwise."""

    def replace(self, name: str, data: bytes) -> None:
        """Publish ``name``, atomically taking the place of what was there."""

    def move_all(self, moves: Sequence[tuple[str, str]]) -> None:
        """Rename (source, target) pairs durably; never over another file; may be repeated."""

    def move_over(self, source: str, target: str) -> None:
        """Rename durably, atomically taking the place of ``target``."""

    def delete(self, name: str) -> None:
        """Remove ``name``; nothing happens if it is not there."""

    def delete_tree(self, name: str) -> None:
        """Remove the file ``name``, or everything below it."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A new file to stream into, durable when the block ends, gone if it raises."""

    def batch(self) -> AbstractContextManager[Folder]:
        """This folder for many small steps: which names there are is durable only at the end."""


def open_folder(url: str | os.PathLike[str]) -> Folder:
    """The folder at ``url``; nothing is created before the first write.

    Raises:
        InputError: the URL's scheme has no fsspec implementation installed.
    """
    try:
        filesystem, path = fsspec.core.url_to_fs(os.fspath(url))
    except (ImportError, ValueError) as error:
        raise InputError(
            "no such kind of storage, or its driver is not installed",
            where=str(url).partition("://")[0],
            hint="install the fsspec driver for this scheme, such as s3fs for s3://",
        ) from error
    if isinstance(filesystem, LocalFileSystem):
        return LocalFolder(Path(path))
    return RemoteFolder(filesystem, path)


def _checked(name: str) -> str:
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise InputError("a stored name leads out of its folder", where=repr(name))
    return name


def is_temporary(name: str) -> bool:
    """Whether ``name`` is left over from a write that never finished."""
    return PurePosixPath(name).name.startswith(_TEMPORARY)


def fsync_folder(path: Path) -> None:
    """Make the names inside ``path`` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(origin: Path, goal: Path) -> None:
    try:
        os.link(origin, goal)
    except FileExistsError:
        # An earlier try of the same move got this far; anything else must not be hidden.
        if not goal.samefile(origin):
            raise


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep a file open while its name goes: its blocks are freed outside the folder's lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.close(descriptor)


class LocalFolder:
    """A folder on a local (POSIX) file system.

    Args:
        root: where it lies.
        sync_names: called with each folder whose names have changed.
    """

    def __init__(self, root: Path, *, sync_names: Callable[[Path], object] = fsync_folder) -> None:
        self.root = root.absolute()
        self.url = str(self.root)
        self._sync_names = sync_names

    def path(self, name: str) -> str:
        return str(self.root / _checked(name))

    def exists(self, name: str) -> bool:
        return (self.root / _checked(name)).exists()

    def size(self, name: str) -> int:
        return (self.root / _checked(name)).stat().st_size

    def read(self, name: str) -> bytes:
        return (self.root / _checked(name)).read_bytes()

    def open(self, name: str) -> BinaryIO:
        return (self.root / _checked(name)).open("rb")

    def names(self, under: str = "") -> Iterator[str]:
        start = self.root / _checked(under) if under else self.root
        found = (Path(folder) / file for folder, _, files in os.walk(start) for file in files)
        yield from sorted(path.relative_to(self.root).as_posix() for path in found)

    def create(self, name: str, data: bytes) -> None:
        target, temporary = self._staged(name, data)
        try:
            os.link(temporary, target)
        finally:
            temporary.unlink()
        self._sync_names(target.parent)

    def replace(self, name: str, data: bytes) -> None:
        target, temporary = self._staged(name, data)
        temporary.replace(target)
        self._sync_names(target.parent)

    def move_all(self, moves: Sequence[tuple[str, str]]) -> None:
        parents = set()
        for source, target in moves:
            origin, goal = self.root / _checked(source), self.root / _checked(target)
            self._make_parent(goal)
            if origin.exists():
                _link(origin, goal)
            elif not goal.exists():
                raise FileNotFoundError(source)
            parents.add(goal.parent)
        for parent in sorted(parents):
            fsync_folder(parent)
        # Only now: after a crash before this point the sources are still there.
        for source, _ in moves:
            (self.root / source).unlink(missing_ok=True)

    def move_over(self, source: str, target: str) -> None:
        goal = self.root / _checked(target)
        self._make_parent(goal)
        with _held(goal):
            (self.root / _checked(source)).replace(goal)
        self._sync_names(goal.parent)

    def delete(self, name: str) -> None:
        target = self.root / _checked(name)
        with _held(target):
            target.unlink(missing_ok=True)
        if target.parent.exists():
            self._sync_names(target.parent)

    def delete_tree(self, name: str) -> None:
        target = self.root / _checked(name)
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        target = self.root / _checked(name)
        self._make_parent(target)
        file = target.open("xb")  # outside the block below, which removes what this call made
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        self._sync_names(target.parent)

    @contextmanager
    def batch(self) -> Iterator[Folder]:
        changed: set[Path] = set()
        yield LocalFolder(self.root, sync_names=changed.add)
        for folder in sorted(changed):
            if folder.exists():
                fsync_folder(folder)

    def _staged(self, name: str, data: bytes) -> tuple[Path, Path]:
        target = self.root / _checked(name)
        self._make_parent(target)
        temporary = target.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return target, temporary

    def _make_parent(self, target: Path) -> None:
        missing = []
        folder = target.parent
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            # To a caller of `create` that error would mean that somebody else was first.
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        for made in missing:
            self._sync_names(made.parent)


class RemoteFolder:
    """A folder on any fsspec file system (object stores): one upload is atomic."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._fs = filesystem
        self._root = root.rstrip("/")
        self.url = filesystem.unstrip_protocol(self._root)

    def path(self, name: str) -> str:
        return f"{self._root}/{_checked(name)}"

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(self.path(name)))

    def size(self, name: str) -> int:
        return int(self._fs.size(self.path(name)))

    def read(self, name: str) -> bytes:
        return bytes(self._fs.cat_file(self.path(name)))

    def open(self, name: str) -> BinaryIO:
        opened: BinaryIO = self._fs.open(self.path(name), "rb")
        return opened

    def names(self, under: str = "") -> Iterator[str]:
        start = self.path(under) if under else self._root
        if self._fs.exists(start):
            for found in sorted(self._fs.find(start)):
                yield found[len(self._root) :].lstrip("/")

    def create(self, name: str, data: bytes) -> None:
        if self.exists(name):
            raise FileExistsError(name)
        try:
            self._fs.pipe_file(self.path(name), data, mode="create")
        except TypeError:  # a driver without conditional writes
            self._fs.pipe_file(self.path(name), data)

    def replace(self, name: str, data: bytes) -> None:
        self._fs.pipe_file(self.path(name), data)

    def move_all(self, moves: Sequence[tuple[str, str]]) -> None:
        for source, target in moves:
            if self.exists(source):
                # Copy and removal are two steps here; an earlier try may have made the first.
                if not self.exists(target):
                    self._fs.cp_file(self.path(source), self.path(target))
                elif not self._same(source, target):
                    raise FileExistsError(target)
            elif not self.exists(target):
                raise FileNotFoundError(source)
        for source, _ in moves:
            self.delete(source)

    def move_over(self, source: str, target: str) -> None:
        self._fs.mv(self.path(source), self.path(target))

    def delete(self, name: str) -> None:
        if self.exists(name):
            self._fs.rm_file(self.path(name))

    def delete_tree(self, name: str) -> None:
        if self._fs.exists(self.path(name)):
            self._fs.rm(self.path(name), recursive=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        if self.exists(name):
            raise FileExistsError(name)
        try:
            with self._fs.open(self.path(name), "wb") as file:
                yield file
        except BaseException:
            self.delete(name)  # closing a file commits what was written so far
            raise

    def batch(self) -> AbstractContextManager[Folder]:
        return nullcontext(self)  # every upload is durable by itself

    def _same(self, one: str, other: str) -> bool:
        if self.size(one) != self.size(other):
            return False
        with self.open(one) as left, self.open(other) as right:
            while block := left.read(_COMPARED_BYTES):
                if block != right.read(len(block)):
                    return False
        return True
