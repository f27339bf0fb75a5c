"""Models: identity, bounds, openings, revealed ones; strict inputs; commitments that add up."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import PolicyError, ProofError
from zk_proofs.curve import L
from zk_proofs.inputs import points_root, row_blinding, row_blindings, split_points
from zk_proofs.model import Opening, commit_layer, revealed
from zk_proofs.model_file import (
    ModelFile,
    chunks,
    decode_opening,
    encode_opening,
    publish,
)
from zk_proofs.pedersen import combine, commit_number, commit_row, commit_rows
from zk_proofs.quantisation import Interval, LayerShape, Quantisation
from zk_proofs.statement import Rows
from zk_proofs.strict_inputs import prove_inputs, verify_inputs


@pytest.fixture(scope="module")
def world(worlds):
    return worlds.make(5, 3, 4)


@pytest.fixture(scope="module")
def published(world):
    return world.published()


def test_a_published_model_reads_back_and_checks(world, published, compiled):
    raw = published.encode()
    again = ModelFile.decode(raw)
    assert again == published
    assert again.model.model_id == world.model.model_id
    again.check(engine=compiled)


def test_the_plain_engine_checks_models_too(worlds, plain):
    small = worlds.make(2, 1, 1, weight=worlds.SMALL, bias=worlds.SMALL)
    small.published().check(engine=plain)


def test_proofs_of_another_model_or_none(worlds, published):
    other = worlds.make(5, 3, 4, seed=2).published()
    for proofs in ((), other.proofs, published.proofs * 2, (published.proofs[0][:-32],)):
        with pytest.raises(ProofError):
            replace(published, proofs=tuple(proofs)).check()


def test_a_changed_commitment_is_another_model_and_fails(published):
    layer = published.model.layers[0]
    rows = (layer.rows[1], layer.rows[0], layer.rows[2])
    model = replace(published.model, layers=(replace(layer, rows=rows),))
    assert model.model_id != published.model.model_id
    with pytest.raises(ProofError):
        replace(published, model=model).check()


@pytest.mark.parametrize(
    "change",
    [
        {"feature_spec_digest": "00" * 32},
        {"job_digest": "00" * 32},
        {"policy": "wider"},
    ],
)
def test_everything_is_in_the_identity(published, change):
    model = published.model
    if "policy" in change:
        change = {"policy": replace(model.policy, input=Interval(-5000, 5000))}
    other = replace(model, **change)
    assert other.model_id != model.model_id
    with pytest.raises(ProofError):
        replace(published, model=other).check()


def test_a_model_has_a_commitment_for_each_row(published):
    layer = published.model.layers[0]
    for wrong in (
        replace(layer, rows=layer.rows[:-1]),
        replace(layer, biases=(*layer.biases, layer.biases[0])),
        replace(layer, rows=(b"short", *layer.rows[1:])),
    ):
        with pytest.raises(ProofError, match="commitment"):
            replace(published.model, layers=(wrong,))


def test_chunks_cover_every_row_of_every_layer(worlds):
    policy = worlds.make(
        200, 3, 1, hidden=20, activation="relu", shift=2, weight=worlds.SMALL
    ).model.policy
    covered = [(layer, first + i) for layer, first, rows in chunks(policy) for i in range(rows)]
    assert covered == [(0, k) for k in range(20)] + [(1, k) for k in range(3)]
    assert len(list(chunks(policy))) > 2


def test_a_row_that_no_verifier_would_take_is_refused(worlds):
    world = worlds.make(17_000, 1, 1)
    with pytest.raises(ProofError, match="too long"):
        world.published()


def test_revealed_models_are_checked_against_their_parameters(worlds, compiled):
    world = worlds.make(4, 2, 1, public=True)
    published = world.published()
    assert ModelFile.decode(published.encode()).opening is not None
    published.check(engine=compiled)
    layer = world.opening.layers[0]
    changed = np.array(layer.weights)
    changed[0, 0] += 1 if changed[0, 0] < 0 else -1
    with pytest.raises(ProofError, match="commitments"):
        replace(published, opening=Opening((revealed(changed, layer.biases),))).check()
    beyond = np.array(layer.weights)
    beyond[1, 1] = 5000
    opening = Opening((revealed(beyond, layer.biases),))
    model = replace(published.model, layers=(commit_layer(opening.layers[0]),))
    with pytest.raises(ProofError, match="bounds"):
        replace(published, opening=opening, model=model).check()


def test_an_opening_is_that_of_its_model(worlds, world):
    raw = encode_opening(world.model, world.opening)
    again = decode_opening(raw, world.model, where="o")
    assert np.array_equal(again.layers[0].weights, world.opening.layers[0].weights)
    other = worlds.make(5, 3, 4, seed=2)
    for model, given_ in (
        (other.model, raw),
        (world.model, encode_opening(world.model, other.opening)),
        (world.model, raw[:-1]),
        (world.model, b"{}"),
    ):
        with pytest.raises(ProofError, match="opening"):
            decode_opening(given_, model, where="o")


# Strict inputs --------------------------------------------------------------------------


def test_strict_inputs(worlds, compiled):
    world = worlds.make(5, 1, 6)
    root, policy = worlds.root_of(world), world.model.policy
    points = list(world.subject.points)
    proofs = prove_inputs(policy, world.rows, points, root)
    verify_inputs(policy, points, root, proofs, engine=compiled)
    narrower = replace(policy, input=Interval(-100, 100))
    for arguments in (
        (narrower, points, root, proofs),
        (policy, points[::-1], root, proofs),
        (policy, points[:-1], root, proofs),
        (policy, points, "00" * 32, proofs),
        (policy, points, root, []),
        (policy, points, root, [proofs[0][:-1]]),
    ):
        with pytest.raises(ProofError):
            verify_inputs(*arguments)
    with pytest.raises(ProofError, match="bounds"):
        prove_inputs(narrower, world.rows, points, root)


def test_inputs_with_a_part_over_the_other_side_are_not_strict(worlds):
    world = worlds.make(3, 1, 2)
    points = list(world.subject.points)
    points[1] = combine([points[1], commit_row([1, 0, 0], 0)], [1, 1])
    root = points_root(points)
    rows = Rows(world.rows.values, world.rows.blindings)
    proofs = prove_inputs(world.model.policy, rows, points, root)
    with pytest.raises(ProofError):
        verify_inputs(world.model.policy, points, root, proofs)


# Commitments ----------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    st.lists(
        st.lists(st.integers(-(2**40), 2**40), min_size=3, max_size=3), min_size=1, max_size=4
    ),
    st.lists(st.integers(0, L - 1), min_size=4, max_size=4),
)
def test_commitments_add_up(rows, factors):
    """What lets parties commit to a model that none of them knows (design 40)."""
    blindings, used = list(range(7, 7 + len(rows))), factors[: len(rows)]
    whole = [sum(f * row[i] for f, row in zip(used, rows, strict=True)) % L for i in range(3)]
    own = sum(f * b for f, b in zip(used, blindings, strict=True)) % L
    assert combine(commit_rows(rows, blindings), used) == commit_row(whole, own)
    numbers = [commit_number(row[0], b) for row, b in zip(rows, blindings, strict=True)]
    assert combine(numbers, used) == commit_number(whole[0], own)


@pytest.mark.parametrize("values", [[2**62, -(2**63)], [L - 1, 5], [2**63, 2**64 - 1], [0, 0]])
def test_rows_of_any_integers(plain, values):
    expected = commit_row(values, 9, engine=plain)
    given_ = [values, np.array(values, dtype=object)]
    given_ += [np.array(values, np.int64)] if max(values) < 2**63 else []
    given_ += [np.array(values, np.uint64)] if min(values) >= 0 and max(values) < 2**64 else []
    for row in given_:
        assert commit_row(row, 9) == expected
        assert commit_rows(np.array([row]), [9])[0] == expected


def test_commitments_hide_and_bind(worlds):
    assert commit_row([1, 2], 5) != commit_row([1, 2], 6)
    assert commit_row([1, 2], 5) != commit_row([2, 1], 5)
    assert commit_row([1, 2, 0], 5) == commit_row([1, 2], 5)
    for call in (
        lambda: combine([], []),
        lambda: combine([bytes(32)], [1, 2]),
        lambda: combine([b"\xff" * 32], [1]),
        lambda: commit_rows([[1]], []),
    ):
        with pytest.raises(ProofError):
            call()


def test_blindings_follow_from_the_data_key():
    key, aad = os.urandom(32), b"sealed-shard/v1\0{}"
    first = row_blindings(key, aad, 5)
    assert first == [row_blinding(key, aad, row) for row in range(5)]
    assert len(set(first)) == 5
    assert all(0 <= blinding < L for blinding in first)
    assert row_blinding(key, aad + b" ", 0) != first[0]
    assert row_blinding(bytes(32), aad, 0) != first[0]
    with pytest.raises(ProofError):
        row_blinding(b"short", aad, 0)
    # HKDF-SHA-256 with these inputs, computed once with another library.
    known = row_blinding(bytes(range(32)), b"aad", 7)
    import hashlib
    import hmac

    extracted = hmac.new(b"redactory/row-blinding/v1", bytes(range(32)), "sha256").digest()
    info, block, out = b"row blinding" + b"aad" + (7).to_bytes(8, "little"), b"", b""
    for counter in (1, 2):
        block = hmac.new(extracted, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    assert known == int.from_bytes(out, "little") % L


def test_roots_are_those_of_the_log(worlds):
    from audit_ledger.merkle import leaf_hash, root_of_leaves

    for count in (0, 1, 2, 3, 8, 13):
        points = [bytes([i]) * 32 for i in range(count)]
        assert points_root(points) == root_of_leaves([leaf_hash(p) for p in points]).hex()
    assert split_points(b"a" * 64, where="p") == [b"a" * 32] * 2
    with pytest.raises(ProofError):
        split_points(b"a" * 33, where="p")


# Policies -------------------------------------------------------------------------------

intervals = st.tuples(st.integers(-5000, 0), st.integers(0, 5000)).map(lambda p: Interval(*p))


@given(st.integers(1, 300), st.integers(1, 12), intervals, intervals, intervals)
def test_scores_never_reach_half_of_what_the_digits_hold(d, classes, inputs, weight, bias):
    policy = Quantisation(d, inputs, (LayerShape(classes, weight, bias),))
    worst = d * weight.largest * inputs.largest + bias.largest
    assert policy.score_bound == worst
    assert 2 * worst < 256**policy.score_digits
    assert policy.score_digits == 1 or 2 * worst >= 256 ** (policy.score_digits - 1)
    assert Quantisation.from_json(policy.as_json()) == policy


wide, narrow = Interval(-(2**31) + 1, 2**31 - 1), Interval(-8, 7)
ONE = (LayerShape(2, narrow, narrow),)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, narrow, ONE),
        (2**16 + 1, narrow, ONE),
        (3, narrow, ()),
        (3, narrow, ONE, "relu"),
        (3, narrow, ONE * 2),
        (3, narrow, ONE * 2, "tanh"),
        (3, narrow, ONE, "none", 1),
        (3, narrow, ONE * 2, "relu", 9),
        (3, narrow, ONE * 2, "relu", -1),
        (2, wide, (LayerShape(2, wide, narrow),)),
        (3, narrow, (LayerShape(0, narrow, narrow),)),
        (3, narrow, (LayerShape(5000, narrow, narrow),)),
    ],
)
def test_policies_that_are_refused(arguments):
    with pytest.raises(PolicyError):
        Quantisation(*arguments)


@pytest.mark.parametrize("bounds", [(1, 0), (-(2**31), 0), (0, 2**31)])
def test_bounds_that_are_refused(bounds):
    with pytest.raises(PolicyError):
        Interval(*bounds)


def test_full_intervals_take_half_the_digits():
    assert Interval(-128, 127).is_full
    assert Interval(-(2**15), 2**15 - 1).is_full
    assert not Interval(-127, 127).is_full
    assert not Interval(0, 0).is_full


def test_the_bounds_themselves_are_allowed_and_one_more_is_not(worlds, compiled):
    world = worlds.make(3, 1, 1, weight=worlds.SMALL, bias=worlds.SMALL)
    layer = world.opening.layers[0]
    layer.weights[0] = [-127, 127, 0]
    layer.biases[0] = -127
    model = replace(world.model, layers=(commit_layer(layer),))
    publish(model, world.opening).check(engine=compiled)
    layer.weights[0, 0] = -128
    model = replace(world.model, layers=(commit_layer(layer),))
    with pytest.raises(ProofError):
        publish(model, world.opening)
