"""Sealing and opening: what comes out is what went in, in every shape."""

import hashlib
import os
import random
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.canonical import sha256_hex
from redactory.durable import open_folder
from redactory.errors import IntegrityError, KeyringError
from sealed_shards import ShardContext, open_shard, read_shard, seal
from sealed_shards.chunks import CHUNK_BYTES, chunks_root
from sealed_shards.layout import shard_files
from sealed_shards.shard import repetitive_columns, unwrap_data_key

CONTEXT = ShardContext("letters", "0a" * 16, 1, "0b" * 32)
NUMBERS = count()
text = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
rows = st.lists(
    st.tuples(text, text, st.none() | st.binary(max_size=40), st.none() | st.integers(0, 2**40)),
    max_size=30,
)
SCHEMA = pa.schema(
    {"record_id": pa.string(), "Ünïcode 名": pa.string(), "raw": pa.binary(), "n": pa.int64()}
)


def sealed_and_opened(table, alice, **how):
    """Seal into memory, put in place, and read back through the wraps."""
    folder = open_folder(f"memory://round-trip-{next(NUMBERS)}")
    sealed = seal(
        table, context=CONTEXT, recipients=[alice.recipient], folder=folder, name="staged", **how
    )
    names = shard_files("", sealed.header.stem)
    folder.move_all([("staged", names["shards"])])
    folder.create(names["chunks"], sealed.chunks)
    data_key = unwrap_data_key(folder, "", sealed.header, sealed.wraps, alice)
    return folder, sealed, data_key


@settings(deadline=None, max_examples=60)
@given(rows)
def test_round_trip(alice, values):
    columns = list(zip(*values, strict=True)) or [()] * 4
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA)
    folder, sealed, key = sealed_and_opened(table, alice)
    raw = folder.read(shard_files("", sealed.header.stem)["shards"])
    opened = open_shard(folder, "", sealed.header, key)
    with opened:
        assert opened.schema_arrow == SCHEMA
    assert pa.Table.from_batches(read_shard(folder, "", sealed.header, key), SCHEMA) == table
    assert sealed.header.rows == len(values)
    assert sealed.header.size == len(raw)
    assert sealed.header.sha256 == sha256_hex(raw)
    assert sealed.header.context == CONTEXT


def test_only_columns_that_repeat_themselves_have_a_dictionary(alice):
    count = 4000
    columns = {
        "text": [f"letter {n}" for n in range(count)],
        "lang": ["en", "de"] * (count // 2),
        "town": [f"town {random.Random(n).randrange(300)}" for n in range(count)],
        "id": list(range(count)),
        "few": [n % 3000 for n in range(count)],
        "tags": [["a"]] * count,
        "none": [None] * count,
    }
    table = pa.table(columns).set_column(6, "none", pa.array([None] * count, pa.string()))
    assert repetitive_columns(table) == ["lang", "town", "none"]
    assert repetitive_columns(table.slice(0, 0)) == []
    folder, sealed, key = sealed_and_opened(table, alice)
    with open_shard(folder, "", sealed.header, key) as opened:
        group = opened.metadata.row_group(0)
        encodings = {group.column(n).path_in_schema: group.column(n).encodings for n in range(5)}
    with_one = {name for name, kinds in encodings.items() if "RLE_DICTIONARY" in kinds}
    assert with_one == {"lang", "town"}


def test_several_chunks_and_row_groups(alice):
    """Three chunks of a mebibyte; only wanted columns are read, in any order."""
    table = pa.table({"a": [os.urandom(1000) for _ in range(2500)], "b": list(range(2500))})
    folder, sealed, key = sealed_and_opened(table, alice)
    raw = folder.read(shard_files("", sealed.header.stem)["shards"])
    assert len(raw) > 2 * CHUNK_BYTES
    pieces = [raw[i : i + CHUNK_BYTES] for i in range(0, len(raw), CHUNK_BYTES)]
    leaves = [hashlib.sha256(b"\0" + piece).digest() for piece in pieces]
    assert sealed.chunks == b"".join(leaves)
    assert sealed.header.chunks_root == chunks_root(leaves).hex()
    assert pa.Table.from_batches(read_shard(folder, "", sealed.header, key)) == table
    projected = pa.Table.from_batches(read_shard(folder, "", sealed.header, key, columns=["b"]))
    assert projected == table.select(["b"])


def test_nothing_readable_is_in_the_file(alice):
    """Encrypted footer: no value, column name, writer or schema shows."""
    table = pa.table({"patient_name": ["Zaphod Beeblebrox"] * 50})
    folder, sealed, _ = sealed_and_opened(table, alice)
    raw = folder.read(shard_files("", sealed.header.stem)["shards"])
    assert raw[:4] == raw[-4:] == b"PARE"
    for word in (b"patient", b"Zaphod", b"ARROW", b"parquet-cpp", b"letters", b"0b0b"):
        assert word not in raw


def test_two_seals_share_neither_key_nor_ciphertext(alice):
    table = pa.table({"a": ["x"] * 100})
    (_, one, first), (_, two, second) = (sealed_and_opened(table, alice) for _ in range(2))
    assert first != second
    assert one.header.sha256 != two.header.sha256
    assert one.header.commit != two.header.commit
    assert one.header.stem != two.header.stem


def test_data_key_comes_from_the_given_randomness_only(alice):
    _, _, key = sealed_and_opened(pa.table({"a": ["x"]}), alice, random_bytes=lambda n: b"k" * n)
    assert key == b"k" * 32


def test_without_recipients_nothing_is_written(folder):
    with pytest.raises(KeyringError, match="no recipient"):
        seal(pa.table({"a": [1]}), context=CONTEXT, recipients=[], folder=folder, name="x")
    assert list(folder.names()) == []


def test_sealing_never_overwrites(folder, alice):
    folder.create("x", b"somebody else's")
    with pytest.raises(FileExistsError):
        seal(
            pa.table({"a": [1]}),
            context=CONTEXT,
            recipients=[alice.recipient],
            folder=folder,
            name="x",
        )
    assert folder.read("x") == b"somebody else's"


def test_a_seal_that_fails_leaves_nothing(folder, alice):
    table = pa.table({"a": pa.nulls(1, pa.month_day_nano_interval())})  # Parquet cannot hold it
    with pytest.raises((pa.ArrowException, NotImplementedError)):
        seal(table, context=CONTEXT, recipients=[alice.recipient], folder=folder, name="x")
    assert list(folder.names()) == []


@pytest.mark.parametrize("kind", ["shards", "chunks"])
def test_a_missing_file_is_named(alice, kind):
    folder, sealed, key = sealed_and_opened(pa.table({"a": [1]}), alice)
    folder.delete(shard_files("", sealed.header.stem)[kind])
    with pytest.raises(IntegrityError, match="missing"):
        open_shard(folder, "", sealed.header, key)


def test_ordinary_readers_cannot_open_it(alice):
    folder, sealed, _ = sealed_and_opened(pa.table({"a": [1]}), alice)
    name = shard_files("", sealed.header.stem)["shards"]
    with folder.open(name) as file, pytest.raises(OSError):
        pq.read_table(pa.PythonFile(file, mode="r"))
