"""Datasets on an object store: a real S3-compatible server over HTTP, started here."""

import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa
import pytest

from redactory.canonical import sha256_hex
from redactory.durable import open_folder
from redactory.errors import IntegrityError, KeyringError
from sealed_shards import open_dataset, seal
from sealed_shards.key_changes import apply_changes, rewrapped, shredded
from sealed_shards.layout import manifest_file, shard_files
from sealed_shards.resealing import reseal
from sealed_shards.settling import settle
from sealed_shards.verify import verify_files

pytestmark = pytest.mark.filterwarnings("default")  # the server's and the driver's are theirs

TABLE = pa.table({"n": list(range(50)), "text": [f"text {n}" for n in range(50)]})


@pytest.fixture(scope="module")
def server(unavailable):
    """moto's server: buckets in memory, the S3 API over HTTP, conditional writes included."""
    try:
        import s3fs  # noqa: F401
        from moto.server import ThreadedMotoServer
    except ImportError:
        unavailable("s3", "moto and s3fs are not installed")
    running = ThreadedMotoServer(port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    wanted = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    yield running
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    running.stop()


@pytest.fixture
def folder(server):
    """An empty bucket; takes the place of the local folder in `maker`."""
    import s3fs

    bucket = f"tests-{uuid.uuid4().hex[:12]}"
    s3fs.S3FileSystem().mkdir(bucket)
    return open_folder(f"s3://{bucket}/dataset")


class Log:
    """Knows of changes, and tells the maker."""

    def __init__(self, maker):
        self.maker = maker

    def keys_changed(self, kind, changes):
        for change in changes:
            shard = change.shard
            key = (shard.area, shard.header.ctx.shard)
            self.maker.recorded[key] = type(shard)(
                shard.area, shard.header, change.new_sha256, shard.replaced, shard.destroyed
            )

    def resealed(self, batch):
        for new in batch:
            old = new.old
            key = (old.area, old.header.ctx.shard)
            stems = (*old.replaced, old.header.stem)
            self.maker.recorded[key] = type(old)(
                old.area, new.header, new.wraps_sha256, stems, stems
            )


@pytest.fixture
def shards(maker):
    made = [maker.shard(TABLE, number) for number in range(3)]
    maker.publish("run", *made)
    return made


def rows(maker, identity):
    return open_dataset(maker.folder.url, identity, log=maker.log()).to_table()


def problems(maker):
    return list(verify_files(maker.folder, maker.head()))


def test_sealed_published_verified_and_read(maker, shards, alice):
    assert maker.folder.url.startswith("s3://")
    assert rows(maker, alice).num_rows == 150
    assert rows(maker, alice).column_names == ["n", "text"]
    opened = open_dataset(maker.folder.url, alice, log=maker.log())
    assert opened.to_table(["n"], filters=[("n", "<", 2)]).num_rows == 6
    assert problems(maker) == []


def test_the_manifest_comes_last(maker, alice):
    shard = maker.shard(TABLE)
    assert not maker.folder.exists(manifest_file("run"))
    with pytest.raises(IntegrityError, match="is missing"):
        rows(maker, alice)
    maker.publish("run", shard)
    assert rows(maker, alice).num_rows == 50


def test_of_racing_writers_one_wins(folder):
    """A conditional write: the store decides, not a look beforehand."""
    barrier = threading.Barrier(8)

    def publish(number):
        other = open_folder(folder.url)
        barrier.wait()
        try:
            other.create("manifests/run.json", b"%d" % number)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        won = [n for n in pool.map(publish, range(8)) if n is not None]
    assert len(won) == 1
    assert open_folder(folder.url).read("manifests/run.json") == b"%d" % won[0]


def test_what_others_write_is_seen_at_once(folder):
    other = open_folder(folder.url)
    assert list(other.names()) == []
    assert not other.exists("a/one")
    folder.create("a/one", b"1")
    assert list(other.names()) == ["a/one"]
    assert other.exists("a/one")
    folder.replace("a/one", b"22")
    assert (other.read("a/one"), other.size("a/one")) == (b"22", 2)
    folder.delete("a/one")
    assert not other.exists("a/one")
    assert list(other.names()) == []


def write_half(folder):
    with folder.writing("staged") as file:
        file.write(b"half")
        raise ZeroDivisionError


def test_a_seal_that_fails_leaves_nothing(maker, alice):
    class Unwilling:
        kid = alice.kid

        def wrap(self, payload):
            raise KeyringError("the token is gone")

    context = maker.context()
    with pytest.raises(KeyringError):
        seal(TABLE, context=context, recipients=[Unwilling()], folder=maker.folder, name="staged")
    assert list(maker.folder.names()) == []
    with pytest.raises(ZeroDivisionError):
        write_half(maker.folder)
    assert list(maker.folder.names()) == []


@pytest.mark.parametrize("attack", ["flip", "cut", "empty", "swap", "gone"])
def test_changes_are_met(maker, shards, alice, attack):
    one, two = (shard_files("", shards[n].header.stem)["shards"] for n in (0, 1))
    raw = maker.folder.read(one)
    if attack == "gone":
        maker.folder.delete(one)
    else:
        changed = {
            "flip": bytes([*raw[:99], raw[99] ^ 1, *raw[100:]]),
            "cut": raw[:-1],
            "empty": b"",
            "swap": maker.folder.read(two),
        }
        maker.folder.replace(one, changed[attack])
    with pytest.raises(IntegrityError):
        rows(maker, alice)
    assert [problem.file for problem in problems(maker)] == [one]


def test_life_cycle(maker, shards, alice, bob):
    folder, log = maker.folder, Log(maker)
    wider = partial(rewrapped, folder, add=[bob.recipient], identity=alice)
    apply_changes(folder, "granted", shards, wider, log)
    assert rows(maker, bob) == rows(maker, alice)
    now = list(maker.recorded.values())
    reseal(folder, now, alice, [bob.recipient], log)
    assert problems(maker), "the old versions are still here"
    settle(folder, maker.head())
    assert problems(maker) == []
    assert rows(maker, bob).num_rows == 150
    with pytest.raises(KeyringError):
        rows(maker, alice)
    apply_changes(folder, "shredded", list(maker.recorded.values()), shredded, log)
    assert problems(maker) == []
    assert rows(maker, bob).num_rows == 0


def test_an_interrupted_change_is_finished(maker, shards, alice, bob):
    folder, log = maker.folder, Log(maker)
    changes = [rewrapped(folder, s, add=[bob.recipient], identity=alice) for s in shards]
    for change in changes:
        stem = change.shard.header.stem
        folder.replace(f"wraps/{stem}.json.next", change.wraps)
    assert {"never recorded" in p.what for p in problems(maker)} == {True}
    log.keys_changed("granted", changes)
    assert {"not finished" in p.what for p in problems(maker)} == {True}
    assert rows(maker, bob).num_rows == 150
    settle(folder, maker.head())
    assert problems(maker) == []
    assert sha256_hex(folder.read(f"wraps/{stem}.json")) == changes[-1].new_sha256
