"""Every attack of the table in ``docs/format/sealed-shard-v1.md``, layer by layer.

Where the outer check (a digest in the header) would hide what the inner one does, the
attacker is also given a header that fits the forged bytes, as if the log had been fooled.
"""

import hashlib
import io
import json
from dataclasses import replace
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from redactory.canonical import canonical_json
from redactory.durable import open_folder
from redactory.errors import IntegrityError, KeyringError
from sealed_shards import ShardHeader, read_shard
from sealed_shards.chunks import chunks_root
from sealed_shards.layout import shard_files
from sealed_shards.shard import unwrap_data_key
from sealed_shards.wraps import wrap_for

TABLE = pa.table({"text": ["first", "second", None], "n": [1, 2, 3]})
NUMBERS = count()


@pytest.fixture
def folder():
    """In memory: thousands of forgeries need no disk."""
    return open_folder(f"memory://attacks-{next(NUMBERS)}")


def read(maker, shard, key=None, header=None):
    header = header or shard.header
    if key is None:
        key = unwrap_data_key(
            maker.folder, shard.area, header, maker.wraps(shard), maker.readers[0]
        )
    return pa.Table.from_batches(read_shard(maker.folder, shard.area, header, key))


def put(maker, shard, raw, *, forge_header=False) -> ShardHeader:
    """Replace a shard's ciphertext; with ``forge_header``, header and digests to match."""
    header = shard.header
    leaf = hashlib.sha256(b"\0" + raw).digest()
    if forge_header:
        value = header.as_json() | {
            "sha256": hashlib.sha256(raw).hexdigest(),
            "bytes": len(raw),
            "chunks_root": chunks_root([leaf] if raw else []).hex(),
        }
        header = ShardHeader.model_validate(value)
        maker.folder.replace(shard_files(shard.area, header.stem)["chunks"], leaf if raw else b"")
    maker.folder.replace(shard_files(shard.area, header.stem)["shards"], raw)
    return header


@pytest.fixture
def shard(maker):
    return maker.shard(TABLE)


@pytest.fixture
def raw(maker, shard) -> bytes:
    return maker.folder.read(shard_files("", shard.header.stem)["shards"])


@pytest.fixture
def key(maker, shard) -> bytes:
    return unwrap_data_key(maker.folder, "", shard.header, maker.wraps(shard), maker.readers[0])


def test_a_flip_of_any_byte_is_refused(maker, shard, raw, key):
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        put(maker, shard, bytes(changed))
        with pytest.raises(IntegrityError, match="chunk 0 was changed"):
            read(maker, shard, key)


def test_a_flip_that_every_digest_agrees_with_never_changes_a_row(maker, shard, raw, key):
    """GCM below the digests.

    Outside its protection are the leading magic, and the four bytes of length before the copy
    of its metadata that stands behind each column and that nobody reads.
    """
    unnoticed = []
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        header = put(maker, shard, bytes(changed), forge_header=True)
        try:
            assert read(maker, shard, key, header) == TABLE
            unnoticed.append(position)
        except IntegrityError as error:
            assert error.what == "the shard does not decrypt"  # noqa: PT017
    assert len(unnoticed) <= 4 + 4 * TABLE.num_columns


def test_truncation_and_extension_are_refused(maker, shard, raw, key):
    for length in range(0, len(raw), 7):
        header = put(maker, shard, raw[:length], forge_header=True)
        with pytest.raises(IntegrityError, match="does not decrypt"):
            read(maker, shard, key, header)
        put(maker, shard, raw[:length])
        with pytest.raises(IntegrityError, match="another length"):
            read(maker, shard, key)
    put(maker, shard, raw + b"\0")
    with pytest.raises(IntegrityError, match="another length"):
        read(maker, shard, key)


def test_a_plaintext_file_is_refused(maker, shard, raw, key):
    plain = io.BytesIO()
    pq.write_table(TABLE, plain)
    put(maker, shard, plain.getvalue())
    with pytest.raises(IntegrityError, match="another length"):
        read(maker, shard, key)
    put(maker, shard, plain.getvalue()[: len(raw)].ljust(len(raw), b"\0"))
    with pytest.raises(IntegrityError, match="chunk 0 was changed"):
        read(maker, shard, key)
    header = put(maker, shard, plain.getvalue(), forge_header=True)
    with pytest.raises(IntegrityError, match="does not decrypt"):
        read(maker, shard, key, header)


@pytest.mark.parametrize("how", [{"number": 2}, {"version": 2}, {"area": "quarantine"}])
def test_the_file_of_another_shard_version_or_area_is_refused(maker, shard, key, how):
    other = maker.shard(TABLE, **how)
    theirs = maker.folder.read(shard_files(other.area, other.header.stem)["shards"])
    put(maker, shard, theirs)
    with pytest.raises(IntegrityError):
        read(maker, shard, key)
    header = put(maker, shard, theirs, forge_header=True)
    with pytest.raises(IntegrityError, match="does not decrypt"):
        read(maker, shard, key, header)


def test_the_same_data_key_in_another_context_does_not_decrypt(maker, shard, raw, key):
    """Even who holds the data key cannot pass one version off as another."""
    forged = put(maker, shard, raw, forge_header=True).as_json()
    forged["ctx"] = forged["ctx"] | {"version": 2}
    with pytest.raises(IntegrityError, match="does not decrypt"):
        read(maker, shard, key, ShardHeader.model_validate(forged))


@pytest.mark.parametrize("how", [{"number": 2}, {"version": 2}, {"area": "quarantine"}])
def test_the_wraps_of_another_shard_version_or_area_are_refused(maker, shard, alice, how):
    other = maker.shard(TABLE, **how)
    with pytest.raises(IntegrityError, match="belongs to another shard or version"):
        unwrap_data_key(maker.folder, "", shard.header, maker.wraps(other), alice)


def test_an_attackers_key_wrapped_for_the_right_context_is_refused(maker, shard, alice):
    """Public keys are public: the wrap itself is sound, only the commitment gives it away."""
    forged = wrap_for(b"m" * 32, shard.header.context, [alice.recipient])
    with pytest.raises(IntegrityError, match="not the key of this shard"):
        unwrap_data_key(maker.folder, "", shard.header, forged, alice)


def test_a_shard_sealed_by_an_attacker_does_not_open_under_the_recorded_header(maker, shard, alice):
    forged = maker.shard(pa.table({"text": ["forged"], "n": [0]}))
    names, theirs = (shard_files("", s.header.stem) for s in (shard, forged))
    for kind in names:
        maker.folder.replace(names[kind], maker.folder.read(theirs[kind]))
    with pytest.raises(IntegrityError, match="not the key of this shard"):
        unwrap_data_key(maker.folder, "", shard.header, maker.wraps(shard), alice)


def test_a_wrong_identity_gets_nothing(maker, shard, bob):
    with pytest.raises(KeyringError, match="not sealed for you"):
        unwrap_data_key(maker.folder, "", shard.header, maker.wraps(shard), bob)


def test_a_wrap_under_the_wrong_name_is_refused(maker, shard, alice, bob):
    """The attacker relabels Bob's wrap as Alice's."""
    both = maker.shard(TABLE, 5, readers=[alice, bob])
    wraps = json.loads(maker.wraps(both))
    forged = canonical_json({alice.kid: wraps[bob.kid], bob.kid: wraps[alice.kid]})
    with pytest.raises(KeyringError, match="does not open with this key"):
        unwrap_data_key(maker.folder, "", both.header, forged, alice)


def test_the_sidecar_cannot_be_changed(maker, shard, key):
    name = shard_files("", shard.header.stem)["chunks"]
    sound = maker.folder.read(name)
    for forged in (b"", sound[:-1], sound * 2, bytes(32), bytes([sound[0] ^ 1]) + sound[1:]):
        maker.folder.replace(name, forged)
        with pytest.raises(IntegrityError, match="list of chunk digests"):
            read(maker, shard, key)


def test_a_header_that_lies_about_the_rows_is_refused(maker, shard, key):
    lying = ShardHeader.model_validate(shard.header.as_json() | {"rows": 4})
    with pytest.raises(IntegrityError, match="another number of rows"):
        read(maker, shard, key, lying)


def test_errors_quote_no_row_and_hide_their_cause(maker, shard, raw):
    for position in (10, len(raw) - 100):
        changed = bytearray(raw)
        changed[position] ^= 1
        header = put(maker, shard, bytes(changed), forge_header=True)
        with pytest.raises(IntegrityError) as caught:
            read(maker, replace(shard, header=shard.header), header=header)
        assert "first" not in str(caught.value)
        assert caught.value.__suppress_context__
