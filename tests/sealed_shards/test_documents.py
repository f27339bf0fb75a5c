"""Codecs of headers, wraps, manifests and ``dataset.json``: one accepted form for each value."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError, KeyringError
from sealed_shards import ShardContext, ShardHeader
from sealed_shards.manifest import DatasetInfo, Manifest
from sealed_shards.wraps import parse_wraps, unwrap_with, wrap_for

HEADER = {
    "ctx": {"dataset": "d", "shard": "0a" * 16, "version": 1, "policy_digest": "0b" * 32},
    "sha256": "0c" * 32,
    "bytes": 12,
    "rows": 3,
    "commit": "0d" * 32,
    "chunks_root": "0e" * 32,
    "extensions": {},
}
MANIFEST = {
    "format": "redactory-manifest/v1",
    "dataset": "d",
    "version": 1,
    "run_id": "r1",
    "policy": "p 1",
    "policy_digest": "0b" * 32,
    "shards": [{"shard": "0a" * 16, "version": 1, "sha256": "0c" * 32, "rows": 3, "segments": []}],
    "quarantine": [],
    "sources": [],
    "supersedes": [],
    "records_in": 3,
    "records_out": 3,
    "quarantined": 0,
    "report_sha256": "0d" * 32,
}
INFO = {
    "id": "d",
    "format": "redactory-dataset/v1",
    "fields": [{"name": "text", "type": "string", "role": "text"}],
    "label_classes": [],
    "log_key_fingerprint": "0f" * 32,
    "log_origin": "log",
}
DOCUMENTS = [(ShardHeader, HEADER), (Manifest, MANIFEST), (DatasetInfo, INFO)]
hex64 = st.text("0123456789abcdef", min_size=64, max_size=64)
counts = st.integers(0, 2**53 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_canonical_json_round_trips(value):
    raw = canonical_json(value)
    assert parse_canonical_json(raw, where="f") == value
    assert raw == canonical_json(json.loads(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a":1} ',
        b' {"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e0}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740993}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0041"}',
        b'"\\ud800"',
        b'"\xff"',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_any_other_spelling_is_refused(raw):
    with pytest.raises(IntegrityError, match="not canonical JSON") as caught:
        parse_canonical_json(raw, where="headers/x.json")
    assert caught.value.where == "headers/x.json"
    shown = None if caught.value.__suppress_context__ else caught.value.__context__
    assert shown is None, "the cause could quote the document"


@given(rows=counts, size=counts, digest=hex64, version=st.integers(1, 2**31 - 1))
def test_header_round_trips(rows, size, digest, version):
    context = HEADER["ctx"] | {"version": version}
    value = HEADER | {"ctx": context, "rows": rows, "bytes": size, "sha256": digest}
    header = ShardHeader.decode(canonical_json(value), where="h")
    assert header.encode() == canonical_json(value)
    assert header.as_json() == value
    assert (header.rows, header.size) == (rows, size)
    assert header.context == ShardContext(**context)
    assert header.stem == f"{'0a' * 16}.{digest[:16]}"


@pytest.mark.parametrize(("kind", "value"), DOCUMENTS)
def test_documents_round_trip(kind, value):
    assert kind.decode(canonical_json(value), where="f").encode() == canonical_json(value)


@pytest.mark.parametrize(("kind", "value"), DOCUMENTS)
def test_documents_refuse_other_spellings_and_unknown_names(kind, value):
    raw = canonical_json(value)
    first = raw[1 : raw.index(b",") + 1]  # a member again: a duplicate name
    for bad in (
        json.dumps(value).encode(),
        b"{" + first + raw[1:],
        canonical_json(value | {"note": ""}),
        canonical_json([value]),
        canonical_json(None),
        raw + b"\n",
        raw[:-1],
    ):
        with pytest.raises(IntegrityError):
            kind.decode(bad, where="f")


@pytest.mark.parametrize(("kind", "value"), DOCUMENTS)
def test_error_of_a_document_quotes_nothing_of_it(kind, value):
    with pytest.raises(IntegrityError) as caught:
        kind.decode(canonical_json(value | {"Anna Example": "Anna Example"}), where="f")
    assert "Anna" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("member", sorted(HEADER))
def test_header_without_a_member_is_refused(member):
    value = {name: v for name, v in HEADER.items() if name != member}
    with pytest.raises(IntegrityError):
        ShardHeader.decode(canonical_json(value), where="h")


@pytest.mark.parametrize(
    "change",
    [
        {"rows": -1},
        {"rows": "3"},
        {"rows": True},
        {"rows": 2.5},
        {"bytes": -1},
        {"bytes": None},
        {"sha256": "0C" * 32},
        {"sha256": "0c" * 31},
        {"commit": "0d" * 32 + "\n"},
        {"extensions": []},
        {"ctx": {}},
        {"ctx": HEADER["ctx"] | {"extra": 1}},
        {"ctx": HEADER["ctx"] | {"shard": "../../etc/passwd"}},
        {"ctx": HEADER["ctx"] | {"shard": "0a" * 16 + "\n"}},
        {"ctx": HEADER["ctx"] | {"dataset": "a b"}},
        {"ctx": HEADER["ctx"] | {"version": 0}},
        {"ctx": HEADER["ctx"] | {"version": 2**31}},
        {"ctx": HEADER["ctx"] | {"version": True}},
    ],
)
def test_malformed_header_is_refused(change):
    with pytest.raises(IntegrityError):
        ShardHeader.decode(canonical_json(HEADER | change), where="h")


def test_length_has_one_name():
    value = {name: v for name, v in HEADER.items() if name != "bytes"} | {"size": 12}
    with pytest.raises(IntegrityError):
        ShardHeader.decode(canonical_json(value), where="h")


@given(st.binary(min_size=32, max_size=32))
def test_wraps_open_for_each_recipient(alice, bob, data_key):
    context = ShardContext(**HEADER["ctx"])
    raw = wrap_for(data_key, context, [alice.recipient, bob.recipient])
    assert sorted(parse_wraps(raw, where="w")) == sorted([alice.kid, bob.kid])
    for identity in (alice, bob):
        assert unwrap_with(raw, context, identity, where="w") == data_key


def test_wraps_need_a_recipient():
    with pytest.raises(KeyringError, match="no recipient"):
        wrap_for(bytes(32), ShardContext(**HEADER["ctx"]), [])


def test_wraps_without_this_key_are_told_from_shredded_ones(alice, bob):
    context = ShardContext(**HEADER["ctx"])
    raw = wrap_for(bytes(32), context, [alice.recipient])
    with pytest.raises(KeyringError, match="not sealed for you"):
        unwrap_with(raw, context, bob, where="w")
    with pytest.raises(KeyringError, match="shredded"):
        unwrap_with(b"{}", context, alice, where="w")


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        "x",
        {"short": "AA=="},
        {"0A" * 32: "AA=="},
        {"0a" * 32 + "\n": "AA=="},
        {"0a" * 32: 5},
        {"0a" * 32: None},
        {"0a" * 32: ["AA=="]},
        {"0a" * 32: "AA"},
        {"0a" * 32: "A A=="},
        {"0a" * 32: "ÄÖ=="},
    ],
)
def test_malformed_wraps_are_refused(value):
    with pytest.raises(IntegrityError, match="not a wraps file"):
        parse_wraps(canonical_json(value), where="w")


@given(st.dictionaries(hex64, st.binary(max_size=40), max_size=4))
def test_wraps_codec(wraps):
    raw = canonical_json({kid: base64.b64encode(w).decode() for kid, w in wraps.items()})
    assert parse_wraps(raw, where="w") == wraps
