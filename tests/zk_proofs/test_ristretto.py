"""ristretto255: the vectors of RFC 9496 appendix A, libsodium, and both engines alike."""

import json
import secrets
from pathlib import Path

import pytest
import rbcl
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs import curve
from zk_proofs.curve import L, P
from zk_proofs.generators import VALUE_BASE

RFC = json.loads(Path(__file__).with_name("rfc9496.json").read_text("utf-8"))
INVALID = RFC["invalid_encodings"]
ENCODINGS = [bytes.fromhex(line) for line in RFC["multiples_of_the_generator"]]
scalars = st.integers(0, L - 1) | st.sampled_from([0, 1, 2, L - 1, L - 2, 2**252, 2**128])


def test_multiples_of_the_generator(engine):
    base = engine.decode([VALUE_BASE])
    for k, expected in enumerate(ENCODINGS):
        assert engine.encode(engine.sum(engine.vector([k]), base))[0] == expected


@pytest.mark.parametrize("text", INVALID)
def test_invalid_encodings_are_refused(engine, text):
    assert not rbcl.crypto_core_ristretto255_is_valid_point(bytes.fromhex(text))
    with pytest.raises(ProofError, match="canonical"):
        engine.decode([bytes.fromhex(text)])


@pytest.mark.parametrize("size", [0, 31, 33])
def test_wrong_lengths_are_refused(engine, size):
    with pytest.raises(ProofError):
        engine.decode([bytes(size)])


def test_the_first_invalid_one_is_named(engine):
    with pytest.raises(ProofError, match="point 2"):
        engine.decode([VALUE_BASE, VALUE_BASE, bytes.fromhex(INVALID[5]), bytes(32)])


@settings(max_examples=60)
@given(st.binary(min_size=32, max_size=32))
def test_validity_is_libsodiums(compiled, raw):
    # The libsodium inside rbcl reads 255 bits; RFC 9496 refuses a set last bit.
    valid = rbcl.crypto_core_ristretto255_is_valid_point(raw) or raw == bytes(32)
    valid = valid and raw[31] < 128
    assert valid == (curve.decode(raw) is not None)
    try:
        assert compiled.encode(compiled.decode([raw])) == [raw]
        assert valid
    except ProofError:
        assert not valid


@settings(max_examples=40)
@given(st.binary(min_size=64, max_size=64))
def test_the_map_to_the_group_is_libsodiums(compiled, raw):
    expected = rbcl.crypto_core_ristretto255_from_hash(raw)
    assert curve.encode(curve.from_uniform(raw)) == expected
    assert compiled.encode(compiled.from_uniform([raw])) == [expected]


@pytest.mark.parametrize("low", [0, 1, P - 1, P, P + 1, 2**255 - 1, 2**256 - 1])
def test_the_map_at_the_edges(engine, low):
    raw = low.to_bytes(32, "little") + (2**256 - 1 - low).to_bytes(32, "little")
    assert engine.encode(engine.from_uniform([raw])) == [
        rbcl.crypto_core_ristretto255_from_hash(raw)
    ]


def _libsodium_sum(factors, encoded):
    total = bytes(32)
    for factor, point in zip(factors, encoded, strict=True):
        if factor and point != bytes(32):
            term = rbcl.crypto_scalarmult_ristretto255(factor.to_bytes(32, "little"), point)
            total = rbcl.crypto_core_ristretto255_add(total, term)
    return total


@pytest.mark.parametrize("count", [1, 2, 23, 24, 70, 160, 420])
def test_sums_of_multiples_are_libsodiums(compiled, plain, count):
    encoded = [rbcl.crypto_core_ristretto255_random() for _ in range(count)]
    factors = [secrets.randbelow(L) for _ in range(count)]
    factors[:5] = [0, 1, L - 1, 2**252, 16][:count]
    expected = _libsodium_sum(factors, encoded)
    for engine in (compiled, plain):
        points, values = engine.decode(encoded), engine.vector(factors)
        assert engine.encode(engine.sum(values, points)) == [expected]
        prepared = engine.prepare(points)
        half = count // 2
        runs = [(0, values[:half]), (half, values[half:])]
        assert engine.encode(prepared.sum(runs)) == [expected]


@settings(max_examples=30)
@given(st.lists(scalars, min_size=4, max_size=4))
def test_folds_are_sums(compiled, plain, factors):
    encoded = [rbcl.crypto_core_ristretto255_from_hash(bytes([i]) * 64) for i in range(12)]
    expected = [_libsodium_sum(factors, encoded[i::3]) for i in range(3)]
    own = [factor * (i + 1) % L for factor in factors for i in range(3)]
    expected_own = [_libsodium_sum(own[i::3], encoded[i::3]) for i in range(3)]
    for engine in (compiled, plain):
        points = engine.decode(encoded)
        assert engine.encode(engine.fold(points, engine.vector(factors), 3)) == expected
        assert engine.encode(engine.fold(points, engine.vector(own), 3)) == expected_own
        prepared = engine.prepare(points)
        assert engine.encode(prepared.fold(0, 12, engine.vector(factors), 3)) == expected
        assert engine.encode(prepared.fold(0, 12, engine.vector(own), 3)) == expected_own
        shifted = engine.encode(prepared.fold(3, 6, engine.vector(factors[1:3]), 3))
        part = engine.fold(points[3:9], engine.vector(factors[1:3]), 3)
        assert shifted == engine.encode(part)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=40))
@settings(max_examples=30)
def test_small_multiples(compiled, plain, digits):
    results = set()
    for engine in (compiled, plain):
        prepared = engine.prepare(
            engine.decode([ENCODINGS[1 + i % 15] for i in range(len(digits))])
        )
        results.add(engine.encode(prepared.sum_bytes(0, bytes(digits)))[0])
        results.add(engine.encode(prepared.sum([(0, engine.vector(digits))]))[0])
    assert len(results) == 1


small = st.integers(-(2**62) + 1, 2**62 - 1) | st.sampled_from([0, 1, -1, 127, 128, -128, 255])


@settings(max_examples=30)
@given(st.lists(st.lists(small, min_size=3, max_size=3), min_size=1, max_size=4), scalars)
def test_commitments_to_small_rows(compiled, plain, rows, blinding):
    results = set()
    for engine in (compiled, plain):
        prepared = engine.prepare(engine.decode(ENCODINGS[1:6]))
        blindings = [blinding] * len(rows)
        short = engine.encode(prepared.commit(1, rows, 4, blindings))
        whole = [
            engine.encode(prepared.sum([(1, engine.vector(row)), (4, engine.vector([blinding]))]))
            for row in rows
        ]
        assert short == [one for (one,) in whole]
        results.add(tuple(short))
    assert len(results) == 1


def test_the_identity_is_recognised(engine):
    base = engine.decode([VALUE_BASE])
    assert engine.is_identity(engine.decode([bytes(32)]))
    assert engine.is_identity(engine.sum(engine.vector([L]), base))
    assert not engine.is_identity(base)


def test_many_points_are_used_without_tables(compiled, monkeypatch):
    from zk_proofs import compiled as module

    points = compiled.decode(ENCODINGS[1:9])
    tabled = compiled.prepare(points)
    monkeypatch.setattr(module, "_TABLED", 0)
    bare = compiled.prepare(points)
    values = compiled.vector(range(L - 4, L + 4))
    for use in (
        lambda p: p.sum([(0, values[:3]), (5, values[3:6])]),
        lambda p: p.fold(0, 8, values[:4], 2),
        lambda p: p.fold(2, 4, values[:4], 2),
        lambda p: p.commit(1, [[-5, 7], [2**40, 0]], 6, [L - 1, 9]),
        lambda p: p.sum_bytes(2, b"\x01\xff"),
        lambda p: p.sum_bits(0, 4, b"\x01\x00\x01"),
    ):
        assert compiled.encode(use(bare)) == compiled.encode(use(tabled))
