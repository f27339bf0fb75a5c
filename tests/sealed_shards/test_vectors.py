"""Frozen vectors: this version of the package, and a reader that shares no code with it."""

import importlib.util
import json
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.durable import open_folder
from redactory.errors import IntegrityError
from sealed_shards import RsaIdentity, ShardContext, ShardHeader, read_shard, seal
from sealed_shards.context import derive_key_and_commitment, open_payload, wrap_payload
from sealed_shards.layout import shard_files
from sealed_shards.shard import unwrap_data_key

VECTORS = Path(__file__).parent.parent / "vectors" / "sealed-shard-v1"
FILES = {
    "shards": "shard.parquet",
    "headers": "header.json",
    "wraps": "wraps.json",
    "chunks": "chunks.sha256",
}


def _independent():
    path = Path(__file__).with_name("independent_reader.py")
    spec = importlib.util.spec_from_file_location("independent_reader", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reader = _independent()
derivations = json.loads((VECTORS / "derivation.json").read_text("utf-8"))


def vector(kind: str) -> bytes:
    return (VECTORS / FILES[kind]).read_bytes()


@pytest.fixture(scope="module")
def key_pem() -> bytes:
    return (VECTORS / "test-only.key.pem").read_bytes()


@pytest.fixture(scope="module")
def identity(key_pem) -> RsaIdentity:
    return RsaIdentity(load_pem_private_key(key_pem, None))


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    listed = json.loads((VECTORS / "rows.json").read_text("utf-8"))
    return [r | {"raw": None if r["raw"] is None else bytes.fromhex(r["raw"])} for r in listed]


@pytest.fixture
def placed(folder):
    """The vectors in a dataset's folder."""
    header = ShardHeader.decode(vector("headers"), where="h")
    for kind, name in shard_files("", header.stem).items():
        folder.create(name, vector(kind))
    return folder, header


@pytest.mark.parametrize("known", derivations)
def test_derivation_in_both_directions(known):
    context, data_key = ShardContext(**known["context"]), bytes.fromhex(known["data_key"])
    aad = context.aad()
    assert aad.hex() == known["aad"] == reader.associated_data(known["context"]).hex()
    ours, theirs = derive_key_and_commitment(data_key, aad), reader.hkdf(data_key, aad)
    assert ours[0].hex() == theirs[:32].hex() == known["file_key"]
    assert ours[1].hex() == theirs[32:].hex() == known["commit"]
    payload = wrap_payload(data_key, aad)
    assert payload.hex() == known["payload"]
    assert open_payload(payload, aad, where="w") == data_key


@pytest.mark.parametrize("known", derivations[1:])
def test_a_payload_of_another_vector_is_refused(known):
    aad = bytes.fromhex(derivations[0]["aad"])
    with pytest.raises(IntegrityError):
        open_payload(bytes.fromhex(known["payload"]), aad, where="w")


def test_the_package_opens_the_frozen_shard(placed, identity, rows):
    folder, header = placed
    assert header.encode() == vector("headers")
    data_key = unwrap_data_key(folder, "", header, vector("wraps"), identity)
    assert data_key == bytes(range(32))
    assert header.commit == derivations[0]["commit"]
    assert pa.Table.from_batches(read_shard(folder, "", header, data_key)).to_pylist() == rows


def test_the_independent_reader_opens_the_frozen_shard(key_pem, rows):
    order = (vector(kind) for kind in ("headers", "wraps", "chunks", "shards"))
    assert reader.read(*order, key_pem).to_pylist() == rows


@pytest.mark.parametrize("known", derivations[1:5])
def test_the_frozen_footer_opens_in_its_own_context_only(known):
    key = bytes.fromhex(derivations[0]["file_key"])
    assert b"record_id" in reader.footer(
        vector("shards"), key, bytes.fromhex(derivations[0]["aad"])
    )
    for wrong in ((known["file_key"], derivations[0]["aad"]), (key.hex(), known["aad"])):
        with pytest.raises(InvalidTag):
            reader.footer(vector("shards"), *map(bytes.fromhex, wrong))


def test_a_changed_frozen_shard_is_refused(placed, identity):
    folder, header = placed
    data_key = unwrap_data_key(folder, "", header, vector("wraps"), identity)
    changed = bytearray(vector("shards"))
    changed[len(changed) // 2] ^= 1
    folder.replace(shard_files("", header.stem)["shards"], bytes(changed))
    with pytest.raises(IntegrityError, match="chunk 0 was changed"):
        list(read_shard(folder, "", header, data_key))


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=50),
    st.integers(1, 2**31 - 1),
)
def test_the_independent_reader_opens_what_the_package_seals_today(
    identity, key_pem, values, version
):
    folder = open_folder("memory://independent")
    folder.delete("x")
    table = pa.table({"text": pa.array(values, pa.string())})
    sealed = seal(
        table,
        context=ShardContext("letters", "0a" * 16, version, "0b" * 32),
        recipients=[identity.recipient],
        folder=folder,
        name="x",
    )
    stored = (sealed.header.encode(), sealed.wraps, sealed.chunks, folder.read("x"))
    assert reader.read(*stored, key_pem) == table
