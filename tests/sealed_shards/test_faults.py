"""Random damage, full disks, many at once, many shards: nothing false is read, nothing is lost.

Full counts with REDACTORY_FULL=1; a fiftieth of them otherwise.
"""

import errno
import itertools
import os
import random
import resource
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from redactory.durable import open_folder
from redactory.errors import IntegrityError, KeyringError, RedactoryError
from sealed_shards import open_dataset, seal
from sealed_shards.dataset import is_change_unfinished, read_wraps
from sealed_shards.key_changes import apply_changes, put_in_place, rewrapped, shredded
from sealed_shards.layout import next_wraps_file, shard_files
from sealed_shards.settling import settle
from sealed_shards.verify import verify_files

FULL = bool(os.environ.get("REDACTORY_FULL"))
MUTATIONS = 20_000 if FULL else 400
MANY_SHARDS = 10_000 if FULL else 200
SEED = 20261123
TABLES = [
    pa.table({"n": list(range(k, k + 60)), "text": [f"text {n} " * 9 for n in range(k, k + 60)]})
    for k in (0, 1000, 2000)
]


@pytest.fixture
def shards(maker, bob):
    maker.readers.append(bob)
    made = [maker.shard(table, n) for n, table in enumerate(TABLES)]
    made.append(maker.shard(TABLES[0], 9, area="quarantine"))
    maker.publish("run", *made)
    return made


def damage(raw: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """One random change: flipped bits, cuts, insertions, copies, swaps with another file."""
    kind = draw.randrange(9)
    changed = bytearray(raw)
    position, other = draw.randrange(len(raw)), draw.choice(others)
    length = draw.choice([1, 2, 16, 300])
    if kind == 0:
        changed[position] ^= 1 << draw.randrange(8)
    elif kind == 1:
        changed[position : position + length] = draw.randbytes(length)
    elif kind == 2:
        del changed[position:]
    elif kind == 3:
        del changed[position : position + length]
    elif kind == 4:
        changed[position:position] = draw.randbytes(length)
    elif kind == 5:
        return other
    elif kind == 6:
        changed[position : position + length] = other[position : position + length]
    elif kind == 7:
        source = draw.randrange(len(raw))
        changed[position : position + length] = raw[source : source + length]
    else:
        return draw.choice([b"", b"\0" * len(raw), raw + raw, raw[::-1], b"{}", b"PAR1PAR1"])
    return bytes(changed)


def test_random_mutations(maker, shards, alice, bob):
    """Whatever is done to any file of a dataset: the true rows, or an error; verify says which."""
    draw = random.Random(SEED)
    folder, head = maker.folder, maker.head()
    files = {name: folder.read(name) for name in folder.names()}
    true = open_dataset(folder.url, alice, log=maker.log()).to_table()
    said: set[str] = set()
    for number in range(MUTATIONS):
        name = draw.choice(list(files))
        changed = damage(files[name], list(files.values()), draw)
        Path(folder.path(name)).write_bytes(changed)
        try:
            reader = draw.choice([alice, bob])
            assert open_dataset(folder.url, reader, log=maker.log()).to_table() == true, number
        except (IntegrityError, KeyringError) as error:
            said.add(str(error).rpartition(": ")[2])
        if changed != files[name] and (FULL or number % 10 == 0):
            assert [p.file for p in verify_files(folder, head)], (number, name)
        Path(folder.path(name)).write_bytes(files[name])
    assert len(said) > 3
    assert not [sentence for sentence in said if "text" in sentence]
    assert open_dataset(folder.url, alice, log=maker.log()).to_table() == true


@pytest.mark.parametrize("size", [0, 1, 4, 100, -1])
@pytest.mark.parametrize("kind", ["shards", "headers", "wraps", "chunks"])
def test_truncated_and_empty_files(maker, shards, alice, kind, size):
    name = shard_files("", shards[1].header.stem)[kind]
    raw = maker.folder.read(name)
    maker.folder.replace(name, raw[: min(size, len(raw) - 1)])
    assert [p.file for p in verify_files(maker.folder, maker.head())] == [name]
    if kind != "headers":  # reading takes headers from the log
        with pytest.raises(IntegrityError):
            open_dataset(maker.folder.url, alice, log=maker.log()).to_table()


_SEALS_INTO_A_FULL_DISK = """
import resource, signal, sys
from sealed_shards import RsaRecipient, ShardContext, seal
from redactory.durable import open_folder
import pyarrow as pa
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
recipient = RsaRecipient.from_pem(open(sys.argv[2], "rb").read(), where="k")
table = pa.table({"n": list(range(100_000))})
try:
    seal(table, context=ShardContext("d", "0" * 32, 1, "1" * 64), recipients=[recipient],
         folder=open_folder(sys.argv[1]), name="staged")
except OSError as error:
    print("refused", error.errno)
"""


@pytest.mark.parametrize("limit", [0, 4, 1000, 50_000])
def test_a_file_that_the_disk_does_not_take(tmp_path, alice, limit):
    """The kernel refuses to write beyond a size: nothing of the file is left."""
    (tmp_path / "k.pem").write_bytes(alice.recipient.to_pem())
    arguments = [str(tmp_path / "out"), str(tmp_path / "k.pem"), str(limit)]
    done = subprocess.run(
        [sys.executable, "-c", _SEALS_INTO_A_FULL_DISK, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.strip() == f"refused {errno.EFBIG}"
    assert not list((tmp_path / "out").rglob("*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != limit


class FullDisk:
    """A folder whose disk is full from the k-th write on."""

    def __init__(self, folder, left, writes=None):
        self._folder = folder
        self.left = left
        self._writes = writes or itertools.count()

    def __getattr__(self, name):
        real = getattr(self._folder, name)
        if name not in {"create", "replace", "move_all", "move_over", "writing"}:
            return real

        def write(*arguments):
            if next(self._writes) >= self.left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        return write

    @contextmanager
    def batch(self):
        with self._folder.batch() as batch:
            yield FullDisk(batch, self.left, self._writes)


class Log:
    """Knows of changes, and tells the maker."""

    def __init__(self, maker):
        self.maker = maker

    def keys_changed(self, kind, changes):
        for change in changes:
            shard = change.shard
            self.maker.recorded[shard.area, shard.header.ctx.shard] = type(shard)(
                shard.area, shard.header, change.new_sha256, shard.replaced, shard.destroyed
            )


@pytest.mark.parametrize("kind", ["granted", "shredded"])
@pytest.mark.parametrize("left", range(9))
def test_a_disk_that_fills_up_during_a_change(maker, shards, alice, bob, kind, left):
    data = [s for s in shards if not s.area]
    before = maker.head()
    change_of = partial(rewrapped, maker.folder, drop=[bob.kid])
    if kind == "shredded":
        change_of = shredded
    enough = left >= 2 * len(data)
    with nullcontext() if enough else pytest.raises(OSError, match="No space left"):
        apply_changes(FullDisk(maker.folder, left), kind, data, change_of, Log(maker))
    head = maker.head()
    settle(maker.folder, head)
    assert list(verify_files(maker.folder, head)) == []
    if head.shards == before.shards:
        assert open_dataset(maker.folder.url, bob, log=maker.log()).to_table().num_rows == 180
    elif kind == "granted":
        assert open_dataset(maker.folder.url, alice, log=maker.log()).to_table().num_rows == 180
    else:
        assert len(open_dataset(maker.folder.url, alice, log=maker.log()).shredded) == 3


def _read_often(url: str, identity: object, head: object, rounds: int) -> int:
    """How many rounds gave the true rows; any other outcome but an error is a failure."""
    from sealed_shards import open_dataset as opening

    class Silent:
        def head(self):
            return head

        def unwrapped(self, **record):
            pass

    good = 0
    for _ in range(rounds):
        try:
            table = opening(url, identity, log=Silent()).to_table()
        except RedactoryError:
            continue  # the writer was faster: the caller looks at the log again
        assert table.column("n").to_pylist() == [n for t in TABLES for n in t["n"].to_pylist()]
        good += 1
    return good


def test_readers_while_a_writer_changes_keys(maker, shards, alice, bob):
    """A reader with an old view of the log meets the old state, or an error; never other rows."""
    data = [s for s in shards if not s.area]
    with ThreadPoolExecutor(3) as pool:
        readers = [
            pool.submit(_read_often, maker.folder.url, alice, maker.head(), 15) for _ in range(3)
        ]
        for number in range(6):
            now = [maker.recorded["", s.header.ctx.shard] for s in data]
            options = {"drop": [bob.kid]} if number % 2 == 0 else {"add": [bob.recipient]}
            change_of = partial(rewrapped, maker.folder, identity=alice, **options)
            apply_changes(maker.folder, "rewrapped", now, change_of, Log(maker))
        assert all(future.result() >= 0 for future in readers)
    assert _read_often(maker.folder.url, alice, maker.head(), 1) == 1
    assert list(verify_files(maker.folder, maker.head())) == []


def test_wraps_that_take_their_place_while_they_are_read(maker, shards, alice, bob):
    """A reader that knows the log as it is meets the new wraps, wherever a writer has them now."""
    shard = shards[0]
    change = rewrapped(maker.folder, shard, drop=[bob.kid])
    maker.folder.replace(next_wraps_file(shard.area, shard.header.stem), change.wraps)
    now = replace(shard, wraps_sha256=change.new_sha256)
    for moved in range(4):
        folder = MovesDuring(maker.folder, now, moved)
        assert read_wraps(folder, now) == change.wraps
        maker.folder.replace(next_wraps_file(shard.area, shard.header.stem), change.wraps)
        assert is_change_unfinished(MovesDuring(maker.folder, now, moved), now) in (True, False)
        maker.folder.replace(next_wraps_file(shard.area, shard.header.stem), change.wraps)


class MovesDuring:
    """A folder in which a writer finishes a change just before the k-th thing that is asked."""

    def __init__(self, folder, shard, left):
        self._folder = folder
        self._shard = shard
        self._left = left

    def __getattr__(self, name):
        if name in {"read", "exists"}:
            if self._left == 0:
                put_in_place(self._folder, self._shard)
            self._left -= 1
        return getattr(self._folder, name)


def _seal_one(url: str, pem: bytes, number: int) -> str:
    """One of several writers that put the same shard in place."""
    from sealed_shards import RsaRecipient, ShardContext

    folder = open_folder(url)
    sealed = seal(
        TABLES[0],
        context=ShardContext("letters", "0" * 32, 1, "1" * 64),
        recipients=[RsaRecipient.from_pem(pem, where="k")],
        folder=folder,
        name=f"staged-{number}",
    )
    names = shard_files("", sealed.header.stem)
    folder.move_all([(f"staged-{number}", names["shards"])])
    for kind, data in (
        ("headers", sealed.header.encode()),
        ("wraps", sealed.wraps),
        ("chunks", sealed.chunks),
    ):
        folder.create(names[kind], data)
    return sealed.header.stem


def test_writers_of_the_same_shard_do_not_meet(tmp_path, alice):
    """Each seal has names of its own, so none overwrites what another was acknowledged."""
    url, pem = str(tmp_path / "out"), alice.recipient.to_pem()
    with ThreadPoolExecutor(6) as pool:
        stems = list(pool.map(lambda n: _seal_one(url, pem, n), range(12)))
    assert len(set(stems)) == 12
    found = [path for path in Path(url).rglob("*") if path.is_file()]
    assert len(found) == 48


def test_many_shards(maker, alice):
    """A dataset of very many shards: sealed, opened, rotated in one batch, verified, shredded."""
    with ThreadPoolExecutor(8) as pool:
        table = TABLES[0].slice(0, 3)
        made = list(pool.map(lambda n: maker.shard(table, n), range(MANY_SHARDS)))
    maker.publish("run", *made)
    log = Log(maker)
    assert open_dataset(maker.folder.url, alice, log=maker.log()).to_table().num_rows == 3 * len(
        made
    )
    assert list(verify_files(maker.folder, maker.head())) == []
    apply_changes(maker.folder, "shredded", made[::2], shredded, log)
    assert list(verify_files(maker.folder, maker.head())) == []
    opened = open_dataset(maker.folder.url, alice, log=maker.log())
    assert (len(opened.shards), len(opened.shredded)) == (MANY_SHARDS // 2, MANY_SHARDS // 2)
    shutil.rmtree(maker.folder.url)
