"""Contexts: what they accept, and that no two of them share their associated data."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.errors import IntegrityError
from sealed_shards.context import (
    ShardContext,
    derive_key_and_commitment,
    open_payload,
    wrap_payload,
)

GOOD = {"dataset": "letters", "shard": "0a" * 16, "version": 1, "policy_digest": "0b" * 32}

contexts = st.builds(
    ShardContext,
    dataset=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\Z"),
    shard=st.text(string.digits + "abcdef", min_size=32, max_size=32),
    version=st.integers(1, 2**31 - 1),
    policy_digest=st.text(string.digits + "abcdef", min_size=64, max_size=64),
)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("dataset", ""),
        ("dataset", "-letters"),
        ("dataset", "letters\n"),
        ("dataset", "lett\0ers"),
        ("dataset", "briefe für alle"),
        ("dataset", "x" * 129),
        ("shard", "0a" * 15),
        ("shard", "0A" * 16),
        ("shard", "0a" * 16 + "\n"),
        ("shard", "../" + "0" * 29),
        ("version", 0),
        ("version", -1),
        ("version", 2**31),
        ("version", True),
        ("version", 1.0),
        ("policy_digest", "0b" * 31),
        ("policy_digest", "zz" * 32),
    ],
)
def test_malformed_context_is_refused(member, value):
    with pytest.raises(IntegrityError, match="context is malformed"):
        ShardContext(**{**GOOD, member: value})


@given(contexts)
def test_aad_is_the_formats_name_a_zero_byte_and_sorted_compact_json(context):
    name, zero, rest = context.aad().partition(b"\0")
    assert (name, zero) == (b"sealed-shard/v1", b"\0")
    assert json.loads(rest) == context.as_json()
    assert rest == json.dumps(context.as_json(), sort_keys=True, separators=(",", ":")).encode()


@given(contexts, contexts)
def test_different_contexts_have_different_aad(one, other):
    assert (one.aad() == other.aad()) == (one == other)


@given(st.binary(min_size=32, max_size=32), contexts, contexts)
def test_a_payload_opens_in_its_own_context_only(data_key, one, other):
    payload = wrap_payload(data_key, one.aad())
    assert len(payload) == 64
    assert open_payload(payload, one.aad(), where="w") == data_key
    if one != other:
        with pytest.raises(IntegrityError, match="another shard or version"):
            open_payload(payload, other.aad(), where="w")


@pytest.mark.parametrize("length", [0, 31, 32, 63, 65, 96])
def test_a_payload_of_another_length_is_refused(length):
    aad = ShardContext(**GOOD).aad()
    with pytest.raises(IntegrityError):
        open_payload(wrap_payload(bytes(32), aad)[:length].ljust(length, b"\0"), aad, where="w")


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), contexts)
def test_key_and_commitment_depend_on_the_data_key(one, other, context):
    first, second = (derive_key_and_commitment(k, context.aad()) for k in (one, other))
    assert first[0] != first[1]
    assert (first == second) == (one == other)
    assert (first[1] == second[1]) == (one == other)
