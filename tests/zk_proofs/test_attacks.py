"""Attacks that broke other systems, as they would be made on this one. All must fail."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from redactory.errors import ProofError
from zk_proofs import affine, bounded_rows, inner_product, linear_block, model_file, statement
from zk_proofs.accumulator import Accumulator, Combination
from zk_proofs.auditing import Evidence, audit, verify_file
from zk_proofs.curve import L
from zk_proofs.engine import default_engine
from zk_proofs.generators import basis_for
from zk_proofs.inputs import points_root
from zk_proofs.linear_block import powers, weighted
from zk_proofs.model import LayerCommitment, LayerOpening, Model, Opening, commit_layer
from zk_proofs.proof_file import BlockProof, ProofFile
from zk_proofs.quantisation import Interval
from zk_proofs.randomness import Nonces, random_scalar
from zk_proofs.reader import ElementReader, scalar_bytes
from zk_proofs.session import Verifier
from zk_proofs.shards import Request
from zk_proofs.statement import Block
from zk_proofs.transcript import Transcript


@pytest.fixture(scope="module")
def engine():
    return default_engine()


# Commitment separation ------------------------------------------------------------------


def _forged_product(argument, engine, factors):
    """Hide in V what makes a false product come out, then argue over Σ f_i·(W, X, V)."""
    basis, d = basis_for(engine, 64), 64
    rng = np.random.default_rng(0)
    w, x = rng.integers(-50, 50, d), rng.integers(1, 50, d)
    change = np.zeros(d, np.int64)
    change[0] = 1000
    false = int((w + change) @ x)
    assert false != int(w @ x)
    commitments = [
        basis.commit(left=engine.vector(w), blinding=11),
        basis.commit(right=engine.vector(x), blinding=12),
        basis.commit(left=engine.vector(change), value=false, blinding=13),
    ]
    points = engine.encode(engine.join_points(commitments))
    e, e2, e3 = factors
    left = engine.add(engine.scale(e, engine.vector(w)), engine.scale(e3, engine.vector(change)))
    right = engine.scale(e2, engine.vector(x))
    prover = argument.prover(basis)
    inner_product.prove(prover, left, right, e * 11 + e2 * 12 + e3 * 13)
    claim = Combination(list(zip(points, factors, strict=True)))
    return argument.holds(basis, prover.proof(), lambda v: inner_product.verify(v, d, claim))


def test_a_plain_sum_of_commitments_would_prove_any_score(argument, engine):
    assert _forged_product(argument, engine, (1, 1, 1))


def test_powers_of_a_challenge_stop_it(argument, engine):
    e = random_scalar(os.urandom)
    assert not _forged_product(argument, engine, (e, e * e % L, pow(e, 3, L)))


def test_a_row_with_a_part_over_the_other_bases_would_prove_any_score(argument, engine):
    """Why rows are proven to lie over G only.

    The row also holds w' over H with ⟨w, w'⟩ = 0, the input c over G; then ⟨w, x⟩ + ⟨c, w'⟩
    comes out, once T holds a v over G that cancels what stands under e⁴ and e⁵.
    """
    basis = basis_for(engine, 4)
    w, other, x, hidden = ([1, 2, 3, 4], [4, -2, 0, 0], [5, 6, 7, 8], [1, 0, 0, 0])
    false = _dot(w, x) + _dot(hidden, other)
    b = 5 * _dot(hidden, x) * pow(34, -1, L)
    cancelling = [-6 * b * pow(5, -1, L), b, 0, 0]
    assert _dot(w, other) == 0 == _dot(cancelling, x) % L
    assert (_dot(cancelling, other) + _dot(hidden, x)) % L == 0
    vectors = [engine.vector(v) for v in (w, other, x, hidden, cancelling)]
    commitments = [
        basis.commit(left=vectors[0], right=vectors[1], blinding=1),
        basis.commit(left=vectors[3], right=vectors[2], blinding=2),
        basis.commit(left=vectors[4], value=false, blinding=3),
    ]
    points = engine.encode(engine.join_points(commitments))
    prover = argument.prover(basis)
    e = prover.challenge(b"e")
    left = engine.add(engine.scale(e, vectors[0]), engine.scale(e * e, vectors[3]))
    left = engine.add(left, engine.scale(e**3, vectors[4]))
    right = engine.add(engine.scale(e, vectors[1]), engine.scale(e * e, vectors[2]))
    inner_product.prove(prover, left, right, e + 2 * e * e + 3 * e**3)
    claim = affine.Claim(*([(point, 1)] for point in points))
    assert argument.holds(basis, prover.proof(), lambda v: affine.verify(v, 4, claim))

    public = bounded_rows.BoundedRows(b"G", points[:1], 4, Interval(-8, 8), b"c")
    opening = bounded_rows.RowsOpening(np.array([w]), [1])
    proof = bounded_rows.prove(public, opening, engine=engine, nonces=Nonces(bytes))
    assert not rows_hold(engine, public, proof)


def _dot(a, b) -> int:
    return sum(u * v for u, v in zip(a, b, strict=True))


def rows_hold(engine, public, proof) -> bool:
    accumulator = Accumulator(basis_for(engine, public.basis_size))
    verifier = Verifier(accumulator, public.transcript(engine), ElementReader(proof))
    try:
        bounded_rows.verify(verifier, public)
        verifier.reader.end()
        return accumulator.holds()
    except ProofError:
        return False


# Weak Fiat–Shamir -----------------------------------------------------------------------


class ForgetfulTranscript(Transcript):
    """What a verifier gets that does not bind the inputs."""

    def append(self, label, message):
        if label != b"inputs":
            super().append(label, message)


def _forge_input(engine, world, scores):
    """Choose the proof first, and solve the verification equation for the input."""
    d, policy = 8, world.model.policy
    assert policy.inputs == d
    labels = [statement.label_of(row) for row in scores]
    random = [random_scalar(os.urandom) for _ in range(32)]
    basis = basis_for(engine, d)
    block = Block(world.model, [bytes(32)], labels, b"c", 0, scores)
    transcript = block.transcript(linear_block.KIND, engine)
    delta, gamma = transcript.challenge(b"delta"), transcript.challenge(b"gamma")
    by_row, by_class = powers(delta, 1), powers(gamma, policy.classes)
    outer = transcript.challenge(b"e")
    transcript.append(b"dom-sep", b"redactory/inner-product/v1")
    transcript.append_number(b"n", d)
    free = engine.encode(engine.join_points([basis.commit(blinding=own) for own in random[:8]]))
    rounds = []
    for t in range(3):
        transcript.append(b"L", free[2 * t])
        transcript.append(b"R", free[2 * t + 1])
        rounds.append(transcript.challenge(b"x"))
    transcript.append(b"A", free[6])
    transcript.append(b"B", free[7])
    e = transcript.challenge(b"e")
    r, s, answer = random[8:11]
    # e²·P = …, P = outer·W + outer²·X + outer³·T; everything but X is known now.
    inverse = pow(e, -2, L)
    known = basis.commit(
        left=engine.scale(inverse * e * r, engine.subset_products(rounds)),
        right=engine.scale(
            inverse * e * s, engine.subset_products([pow(x, -1, L) for x in rounds])
        ),
        value=inverse * r * s,
        blinding=inverse * (answer - e * random[6] - random[7])
        - sum(x * random[2 * t] + pow(x, -1, L) * random[2 * t + 1] for t, x in enumerate(rounds)),
    )
    layer = world.model.layers[0]
    total = sum(d_ * weighted(by_class, row) for d_, row in zip(by_row, scores, strict=True))
    cube = pow(outer, 3, L)
    terms = [(p, -outer * f) for p, f in zip(layer.rows, by_class, strict=True)]
    terms += [(p, cube * sum(by_row) * f) for p, f in zip(layer.biases, by_class, strict=True)]
    outside = engine.sum(engine.vector([f for _, f in terms]), engine.decode([p for p, _ in terms]))
    rest = engine.add_points(engine.add_points(known, outside), basis.commit(value=-cube * total))
    point = engine.encode(engine.sum(engine.vector([pow(outer, -2, L)]), rest))[0]
    proof = b"".join([*free, scalar_bytes(r), scalar_bytes(s), scalar_bytes(answer)])
    return replace(block, inputs=[point]), proof


def _accepts(engine, block, proof) -> bool:
    accumulator = Accumulator(basis_for(engine, 8))
    transcript = block.transcript(linear_block.KIND, engine)
    verifier = Verifier(accumulator, transcript, ElementReader(proof))
    linear_block.verify(verifier, block)
    verifier.reader.end()
    return accumulator.holds()


def test_an_input_that_is_not_bound_can_be_chosen_last(worlds, engine, monkeypatch):
    world = worlds.make(8, 3, 1)
    scores = [[1, 123_456, -7]]
    with monkeypatch.context() as patch:
        patch.setattr(statement, "Transcript", ForgetfulTranscript)
        block, proof = _forge_input(engine, world, scores)
        assert _accepts(engine, block, proof)
    assert not _accepts(engine, block, proof)
    block, proof = _forge_input(engine, world, scores)
    assert not _accepts(engine, block, proof)


# Lying provers --------------------------------------------------------------------------


def test_digits_of_another_margin(worlds, engine, rejected, monkeypatch):
    """Digits that are bytes and fit a wrong label, but not the scores."""
    world = worlds.make(6, 1, 5)
    honest = world.prove()
    labels = list(honest.labels)
    labels[2] ^= 1
    true_margins = linear_block.margins

    def lying(scores, claimed):
        margin, chosen = true_margins(scores, claimed)
        return np.abs(margin), chosen

    monkeypatch.setattr(linear_block, "margins", lying)
    context = honest.file.context
    block = Block(world.model, world.subject.points, labels, context.encode())
    proof = linear_block.prove(
        block, world.rows, world.opening, engine=engine, nonces=Nonces(os.urandom)
    )
    raw = ProofFile(context, (BlockProof(tuple(labels), None, proof),)).encode()
    assert rejected(world.evidence(honest, proof=raw))


def test_a_margin_that_wraps_around(worlds, engine, rejected, monkeypatch):
    """−5 as a number below 256^nd: right modulo 256^nd, wrong modulo ℓ."""
    world = worlds.make(6, 1, 5)
    honest = world.prove()
    labels = [label ^ 1 for label in honest.labels]
    true_margins, whole = linear_block.margins, 256**world.model.policy.score_digits

    def wrapped(scores, claimed):
        margin, chosen = true_margins(scores, claimed)
        return margin % whole, chosen

    monkeypatch.setattr(linear_block, "margins", wrapped)
    context = honest.file.context
    block = Block(world.model, world.subject.points, labels, context.encode())
    proof = linear_block.prove(
        block, world.rows, world.opening, engine=engine, nonces=Nonces(os.urandom)
    )
    raw = ProofFile(context, (BlockProof(tuple(labels), None, proof),)).encode()
    assert rejected(world.evidence(honest, proof=raw))


@pytest.mark.parametrize("name", ["linear-sign", "row-sign", "mlp-relu", "linear-scores"])
@pytest.mark.parametrize("part", ["weights", "biases", "row_blindings", "bias_blindings"])
def test_another_model_than_the_committed_one(worlds, rejected, name, part):
    world, request = worlds.case(name)
    layer = world.opening.layers[-1]
    changed = np.array(getattr(layer, part), dtype=object)
    changed.flat[0] = changed.flat[0] + (1 if changed.flat[0] <= 0 else -1)
    changed = tuple(changed) if part.endswith("blindings") else changed.astype(np.int64)
    layers = (*world.opening.layers[:-1], replace(layer, **{part: changed}))
    other = replace(world, opening=Opening(layers))
    assert rejected(other.evidence(other.prove(request)))


@pytest.mark.parametrize("name", ["linear-sign", "row-sign", "mlp-square", "linear-scores"])
def test_another_input_than_the_committed_one(worlds, rejected, name):
    world, request = worlds.case(name)
    world.rows.values[0, 0] -= 1 if world.rows.values[0, 0] > 0 else -1
    assert rejected(world.evidence(world.prove(request)))


def test_a_weight_beyond_its_bound_is_not_published(worlds, engine, monkeypatch):
    world = worlds.make(4, 2, 1)
    world.opening.layers[0].weights[0, 1] = 2**11
    layers = tuple(commit_layer(layer) for layer in world.opening.layers)
    model = replace(world.model, layers=layers)
    with pytest.raises(ProofError, match="bounds"):
        model_file.publish(model, world.opening)
    kept = bounded_rows.byte_digits
    monkeypatch.setattr(bounded_rows, "byte_digits", lambda v, n: kept(np.abs(v), n))
    true = bounded_rows._digits

    def lying(values, bounds):
        return true(np.clip(values, bounds.low, bounds.high), bounds)

    monkeypatch.setattr(bounded_rows, "_digits", lying)
    with pytest.raises(ProofError, match="bounds"):
        model_file.publish(model, world.opening).check(engine=engine)


def test_entries_beyond_the_width_of_a_row(worlds, engine):
    """A weight at a padded position would meet whatever an input hides there."""
    world = worlds.make(3, 1, 1)
    layer = world.opening.layers[0]
    longer = np.concatenate([layer.weights, [[7]]], axis=1)
    rows = commit_layer(
        LayerOpening(longer, layer.biases, layer.row_blindings, layer.bias_blindings)
    )
    model = Model(world.model.policy, (LayerCommitment(rows.rows, rows.biases),), "00" * 32)
    with pytest.raises(ProofError):
        model_file.publish(model, world.opening).check(engine=engine)


# Batches --------------------------------------------------------------------------------


def test_errors_that_cancel_are_still_found(worlds):
    """δ + 1 in one proof and δ − 1 in the other: their plain sum is right."""
    world = worlds.make(5, 1, 2)
    evidence = []
    for by in (1, -1):
        made = world.prove(seed=f"batch {by}")
        block = made.file.blocks[0]
        last = int.from_bytes(block.proof[-32:], "little")
        proof = block.proof[:-32] + scalar_bytes(last + by)
        raw = ProofFile(made.file.context, (replace(block, proof=proof),)).encode()
        evidence.append(world.evidence(made, proof=raw, name=f"by {by}"))
    assert [judged.fault != "" for judged in audit(evidence)] == [True, True]


def test_an_audit_names_every_bad_file_and_no_other(worlds):
    world = worlds.make(5, 2, 3)
    made = [world.prove(seed=f"audit {i}") for i in range(6)]
    evidence = [world.evidence(one, name=str(i)) for i, one in enumerate(made)]
    for index, at in ((1, -10), (4, 200), (5, 3)):
        raw = bytearray(evidence[index].proof)
        raw[at] ^= 1
        evidence[index] = replace(evidence[index], proof=bytes(raw))
    judged = audit(evidence)
    assert [one.name for one in judged if one.fault] == ["1", "4", "5"]
    assert all(one.labels == made[0].labels for one in judged if not one.fault)


def test_weights_of_a_verifier_are_never_zero():
    draws = iter([bytes(64), L.to_bytes(64, "little"), (5).to_bytes(64, "little")])
    assert random_scalar(lambda _: next(draws)) == 5


# Nonces ---------------------------------------------------------------------------------


def elements(proven) -> set[bytes]:
    return {
        block.proof[i : i + 32]
        for block in proven.file.blocks
        for i in range(0, len(block.proof), 32)
    }


@pytest.mark.parametrize("name", ["linear-classes", "row-classes", "mlp-relu", "linear-scores"])
def test_two_proofs_of_one_statement_share_nothing(worlds, name):
    world, request = worlds.case(name)
    one, two = world.prove(request, seed="1"), world.prove(request, seed="2")
    assert one.labels == two.labels
    assert not elements(one) & elements(two)


@pytest.mark.parametrize("name", ["linear-classes", "row-classes", "mlp-relu"])
def test_a_broken_source_of_randomness_repeats_no_nonce_across_statements(worlds, name):
    world, request = worlds.case(name)
    stuck = SimpleNamespace(seed="stuck")
    base = world.prove(request, seed=stuck.seed)
    other_run = replace(world, subject=replace(world.subject, run="run-2"))
    changed = worlds.make(**(worlds.CASES[name][0] | {"seed": 2}))
    for other in (other_run, changed):
        assert not elements(base) & elements(other.prove(request, seed=stuck.seed))
    assert len(elements(base)) == sum(len(b.proof) for b in base.file.blocks) // 32


# Replays --------------------------------------------------------------------------------


def test_a_proof_is_not_one_for_more_or_other_rows(worlds, rejected):
    world = worlds.make(5, 2, 4)
    made = world.prove(Request(first=2))
    assert not rejected(world.evidence(made))
    for first, rows in ((0, 2), (1, 2), (2, 1), (3, 2)):
        context = replace(made.file.context, first=first, rows=rows)
        raw = ProofFile(context, made.file.blocks).encode()
        assert rejected(world.evidence(made, proof=raw, context=context))


def test_fewer_points_than_rows(worlds, rejected):
    world = worlds.make(5, 2, 4)
    made = world.prove()
    points = world.subject.points[:3]
    context = replace(made.file.context, points_root=points_root(points))
    raw = ProofFile(context, made.file.blocks).encode()
    assert rejected(Evidence(raw, context, world.model, points))


def test_a_product_needs_all_three_parts(argument, engine):
    """The terms of the product argument cannot be exchanged for each other."""
    basis = basis_for(engine, 4)
    w, x = engine.vector([1, 2, 3, 4]), engine.vector([4, 3, 2, 1])
    points = engine.encode(
        engine.join_points(
            [
                basis.commit(left=w, blinding=1),
                basis.commit(right=x, blinding=2),
                basis.commit(value=20, blinding=3),
            ]
        )
    )
    prover = argument.prover(basis)
    affine.prove(prover, w, x, (1, 2, 3))
    parts = [[(point, 1)] for point in points]

    def holds(order):
        claim = affine.Claim(*(parts[i] for i in order))
        return argument.holds(basis, prover.proof(), lambda v: affine.verify(v, 4, claim))

    assert holds((0, 1, 2))
    assert not holds((1, 0, 2))
    assert not holds((0, 2, 1))


def test_verify_file_says_which_file(worlds):
    world = worlds.make(3, 1, 1)
    made = world.prove()
    with pytest.raises(ProofError, match="shard seven"):
        verify_file(world.evidence(made, proof=b"RDPROOF1", name="shard seven"))
