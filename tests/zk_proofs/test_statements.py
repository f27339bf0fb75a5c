"""Predictions with proofs: right labels are proven, wrong ones cannot be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs import linear_block, linear_row, mlp_block
from zk_proofs.auditing import Evidence, verify_file
from zk_proofs.engine import default_engine
from zk_proofs.evaluation import labels_of, scores_of
from zk_proofs.model import Model, Opening, commit_layer, revealed
from zk_proofs.pedersen import commit_inputs
from zk_proofs.quantisation import Interval, LayerShape, Quantisation
from zk_proofs.randomness import Nonces
from zk_proofs.shards import Request, Subject, prove_shard
from zk_proofs.statement import Block, Rows, label_of


@settings(max_examples=12)
@given(
    d=st.integers(1, 9),
    classes=st.integers(1, 5),
    rows=st.integers(1, 5),
    seed=st.integers(0, 1000),
    scores=st.sampled_from(["hidden", "revealed"]),
)
def test_linear_models(worlds, d, classes, rows, seed, scores):
    world = worlds.make(d, classes, rows, seed=seed)
    proven = world.prove(Request(scores=scores))
    expected = world.rows.values @ world.opening.layers[0].weights.T
    expected = expected + world.opening.layers[0].biases
    judged = verify_file(world.evidence(proven))
    assert judged.labels == tuple(label_of(row) for row in expected.tolist())
    if scores == "revealed":
        assert [list(row) for row in judged.scores] == expected.tolist()


@settings(max_examples=10)
@given(
    classes=st.integers(1, 3),
    hidden=st.integers(1, 5),
    activation=st.sampled_from(["relu", "square"]),
    shift=st.integers(0, 2),
    seed=st.integers(0, 1000),
    scores=st.sampled_from(["hidden", "revealed"]),
)
def test_networks(worlds, classes, hidden, activation, shift, seed, scores):
    world = worlds.make(
        4,
        classes,
        2,
        hidden=hidden,
        activation=activation,
        shift=max(shift, 1) if activation == "square" else shift,
        weight=worlds.SMALL,
        seed=seed,
    )
    first, second = world.opening.layers
    before = world.rows.values @ first.weights.T + first.biases
    after = np.maximum(before, 0) if activation == "relu" else before**2
    expected = (after >> 8 * world.model.policy.shift) @ second.weights.T + second.biases
    judged = verify_file(world.evidence(world.prove(Request(scores=scores))))
    assert judged.labels == tuple(label_of(row) for row in expected.tolist())


@settings(max_examples=8)
@given(classes=st.integers(1, 6), seed=st.integers(0, 1000))
def test_single_rows(worlds, classes, seed):
    world = worlds.make(5, classes, 2, seed=seed)
    judged = verify_file(world.evidence(world.prove(Request(form="row", first=1))))
    (expected,) = labels_of(scores_of(world.model.policy, world.opening, world.rows.values[1:]))
    assert judged.labels == (expected,)


@pytest.mark.parametrize(
    "name",
    [
        "linear-scores",
        "row-sign",
        *(pytest.param(name, marks=pytest.mark.large) for name in ("linear-sign", "mlp-relu")),
    ],
)
def test_both_engines_make_the_same_proof(worlds, plain, compiled, name):
    world, request = worlds.case(name)
    made = [world.prove(request, engine=engine).file.encode() for engine in (plain, compiled)]
    assert made[0] == made[1]


def _exact(weights, biases, values, *, extreme=2**11):
    """A model with given parameters and a shard with given rows, all public."""
    bounds = Interval(-extreme, extreme)
    shape = LayerShape(len(weights), bounds, bounds)
    policy = Quantisation(len(weights[0]), bounds, (shape,))
    opening = Opening((revealed(weights, biases),))
    model = Model(policy, tuple(commit_layer(layer) for layer in opening.layers), "00" * 32)
    blindings = list(range(1, len(values) + 1))
    points = commit_inputs(values, blindings)
    return (
        model,
        opening,
        Rows(np.array(values), blindings),
        Subject("d", "s", "r", "00" * 32, points),
    )


@pytest.mark.parametrize("form", ["block", "row"])
def test_a_tie_goes_to_the_lowest_class(form):
    given_ = _exact([[1, 2], [3, 4], [3, 4], [3, 4]], [0, 0, 0, 0], [[5, 6]])
    proven = prove_shard(*given_, Request(form=form))
    assert proven.labels == (1,)
    model, opening, rows, subject = given_
    module = linear_row if form == "row" else linear_block
    for wrong in (0, 2, 3):
        block = Block(model, subject.points, [wrong], b"c")
        with pytest.raises(ProofError):
            module.prove(block, rows, opening, engine=default_engine(), nonces=Nonces(bytes))


def test_the_sign_decides_for_one_output_and_zero_is_positive():
    model, opening, rows, subject = _exact([[1, -1]], [0], [[3, 3], [3, 4], [4, 3]])
    proven = prove_shard(model, opening, rows, subject)
    assert proven.labels == (1, 0, 1)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("form", ["block", "row"])
def test_scores_at_their_bound_do_not_wrap(form, sign):
    top = 2**11
    given_ = _exact(
        [[top] * 3, [-top] * 3, [top] * 3], [top, -top, top], [[sign * top] * 3], extreme=top
    )
    proven = prove_shard(*given_, Request(form=form))
    assert proven.labels == ((0,) if sign > 0 else (1,))
    model, _, _, subject = given_
    raw = proven.file.encode()
    assert verify_file(Evidence(raw, proven.file.context, model, subject.points)).labels


@pytest.mark.parametrize("name", ["linear-sign", "linear-classes", "row-sign", "mlp-relu"])
def test_a_wrong_label_is_not_proven(worlds, name):
    world, request = worlds.case(name)
    module = {"linear": linear_block, "row": linear_row, "mlp": mlp_block}[name.split("-")[0]]
    proven = world.prove(request)
    rows = 1 if request.form == "row" else len(proven.labels)
    labels = list(proven.labels)
    labels[0] = (labels[0] + 1) % world.model.policy.labels
    block = Block(world.model, world.subject.points[:rows], labels, b"c")
    secret = Rows(world.rows.values[:rows], world.rows.blindings[:rows])
    with pytest.raises(ProofError):
        module.prove(block, secret, world.opening, engine=default_engine(), nonces=Nonces(bytes))


def test_a_wrong_score_is_not_proven(worlds):
    for name in ("linear-scores", "mlp-scores"):
        world, request = worlds.case(name)
        proven = world.prove(request)
        scores = proven.scores.tolist()
        label = proven.labels[0]
        scores[0][label] += 1
        block = Block(world.model, world.subject.points, proven.labels, b"c", 0, scores)
        module = linear_block if name.startswith("linear") else mlp_block
        with pytest.raises(ProofError, match="score"):
            module.prove(
                block, world.rows, world.opening, engine=default_engine(), nonces=Nonces(bytes)
            )


def test_sizes_of_proofs(worlds):
    row = worlds.make(256, 1, 1).prove(Request(form="row"))
    assert len(row.file.blocks[0].proof) == 1216
    ten = worlds.make(256, 10, 1).prove(Request(form="row"))
    assert len(ten.file.blocks[0].proof) == 1760


@pytest.mark.parametrize(
    "change",
    [{"values": 2**11}, {"values": -(2**11) - 1}, {"weights": 2**11}, {"biases": 2**20}],
)
def test_the_prover_refuses_what_is_beyond_the_policy(worlds, change):
    world = worlds.make(3, 2, 2)
    layer = world.opening.layers[0]
    if "values" in change:
        world.rows.values[1, 1] = change["values"]
    if "weights" in change:
        layer.weights[0, 0] = change["weights"]
    if "biases" in change:
        layer.biases[1] = change["biases"]
    with pytest.raises(ProofError, match="beyond"):
        world.prove()


def test_secrets_do_not_show_in_representations(worlds):
    world = worlds.make(3, 2, 2)
    shown = repr(world.rows) + repr(world.opening) + repr(world.opening.layers[0])
    for secret in (*world.rows.blindings, *world.opening.layers[0].row_blindings):
        assert str(secret) not in shown
    assert str(world.rows.values[0, 0]) not in repr(world.rows)


def test_a_block_checks_its_own_shape(worlds):
    world = worlds.make(3, 2, 2)
    good = Block(world.model, world.subject.points, [0, 1], b"c")
    for wrong in ({"labels": [0]}, {"labels": [0, 2]}, {"labels": [0, -1]}, {"inputs": []}):
        with pytest.raises(ProofError):
            replace(good, **wrong)
