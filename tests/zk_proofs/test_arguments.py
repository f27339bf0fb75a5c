"""Inner product, linear form and bit range: complete, bound to all they mention, hiding."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs import bit_range, inner_product, linear_form
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.generators import basis_for
from zk_proofs.scaled import Scaled

SIZES = [1, 2, 4, 32, 128]
scalar = st.integers(0, L - 1)


def _commit(basis, **parts) -> bytes:
    return basis.engine.encode(basis.commit(**parts))[0]


def _vectors(engine, size, seed):
    return [engine.vector([pow(seed + k, i + 2, L) for i in range(size)]) for k in range(3)]


def _inner(engine, argument, size, *, weighted=True, nonces=b""):
    basis = basis_for(engine, size)
    left, right, weights = _vectors(engine, size, 7)
    over_h = engine.multiply(right, weights) if weighted else right
    value = engine.dot(left, right)
    point = _commit(basis, left=left, right=over_h, value=value, blinding=99)
    prover = argument.prover(basis, nonces)
    inner_product.prove(prover, left, right, 99, weights if weighted else None)
    claim = Combination([(point, 1)])
    return basis, claim, weights if weighted else None, prover.proof()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weighted", [False, True])
def test_inner_products_verify_and_both_engines_make_the_same(
    compiled, plain, argument, size, weighted
):
    proofs = []
    for engine in (compiled, plain) if size < 64 else (compiled,):
        made = _inner(engine, argument, size, weighted=weighted)
        basis, claim, weights, proof = made

        def check(verifier, claim=claim, weights=weights):
            inner_product.verify(verifier, size, claim, weights)

        assert argument.holds(basis, proof, check)
        assert len(proof) == inner_product.proof_bytes(size)
        proofs.append(proof)
    assert len(set(proofs)) == 1


@pytest.mark.parametrize("size", [1, 2, 4, 16, 64])
@pytest.mark.parametrize("bits", [0, 1, 12, 31])
@pytest.mark.parametrize("scaled", [(True, True), (True, False), (False, True)])
def test_multiples_of_small_integers_make_the_proof_that_their_vectors_make(
    compiled, plain, argument, size, bits, scaled
):
    draw = random.Random(size * 100 + bits)
    values = [
        np.array([draw.randint(-(2**bits) + 1, 2**bits - 1) for _ in range(size)], np.int64)
        for _ in range(2)
    ]
    whole = [Scaled(draw.randrange(L), one) for one in values]
    for engine in (compiled, plain) if size == 4 else (compiled,):
        basis = basis_for(engine, size)
        vectors = [one.vector(engine) for one in whole]
        chosen = [a if small else b for a, b, small in zip(whole, vectors, scaled, strict=True)]
        proofs = set()
        for left, right in (chosen, vectors):
            prover = argument.prover(basis, b"")
            inner_product.prove(prover, left, right, 99)
            proofs.add(prover.proof())
        assert len(proofs) == 1


def test_scaled_operands_show_nothing_of_their_values():
    assert "7" not in repr(Scaled(7, np.array([7, 7])))


def _rejected(argument, basis, proof, check) -> bool:
    try:
        return not argument.holds(basis, proof, check)
    except ProofError:
        return True


def test_every_changed_element_of_an_inner_product_is_rejected(compiled, argument):
    basis, claim, weights, proof = _inner(compiled, argument, 8)

    def check(verifier):
        inner_product.verify(verifier, 8, claim, weights)

    for at in range(0, len(proof), 32):
        for bad in (bytes(32), (int.from_bytes(proof[at : at + 32], "little") ^ 4), L):
            element = bad if isinstance(bad, bytes) else bad.to_bytes(32, "little")
            changed = proof[:at] + element + proof[at + 32 :]
            assert _rejected(argument, basis, changed, check)
    for changed in (proof[:-32], proof + bytes(32), proof[:-1], b"", proof[32:]):
        assert _rejected(argument, basis, changed, check)


def test_an_inner_product_is_bound_to_its_claim(compiled, argument):
    basis, claim, weights, proof = _inner(compiled, argument, 8)
    (point, _), *_ = claim.terms
    one = compiled.powers(1, 8)
    for other in (
        Combination([(point, 2)]),
        Combination([(point, 1)], value=1),
        Combination([(point, 1)], left=one),
        Combination([(point, 1)], right=one),
    ):
        assert _rejected(
            argument, basis, proof, lambda v, c=other: inner_product.verify(v, 8, c, weights)
        )
    assert _rejected(argument, basis, proof, lambda v: inner_product.verify(v, 8, claim, one))
    assert _rejected(argument, basis, proof, lambda v: inner_product.verify(v, 4, claim, one[:4]))


def test_no_element_is_shared_by_two_proofs_of_one_statement(compiled, argument):
    first = _inner(compiled, argument, 16, nonces=b"1")[3]
    second = _inner(compiled, argument, 16, nonces=b"2")[3]
    elements = [{p[i : i + 32] for i in range(0, len(p), 32)} for p in (first, second)]
    assert not elements[0] & elements[1]


@pytest.mark.parametrize("size", SIZES[:4])
@pytest.mark.parametrize("side", [linear_form.LEFT, linear_form.RIGHT])
def test_linear_forms(compiled, plain, argument, size, side):
    proofs = []
    name = "left" if side == linear_form.LEFT else "right"
    for engine in (compiled, plain):
        basis = basis_for(engine, size)
        witness, form, other = _vectors(engine, size, 5)
        value = engine.dot(witness, form)
        point = _commit(basis, **{name: witness}, value=value, blinding=7)
        prover = argument.prover(basis)
        linear_form.prove(prover, side, witness, form, 7)
        claim, proof = Combination([(point, 1)]), prover.proof()
        assert argument.holds(
            basis, proof, lambda v, f=form, c=claim: linear_form.verify(v, side, f, c)
        )
        assert _rejected(
            argument, basis, proof, lambda v, f=other, c=claim: linear_form.verify(v, side, f, c)
        )
        proofs.append(proof)
    assert proofs[0] == proofs[1]


def test_a_linear_form_shows_that_nothing_lies_on_the_other_side(compiled, argument):
    basis = basis_for(compiled, 4)
    witness, form, _ = _vectors(compiled, 4, 3)
    for where in ({"right": compiled.vector([0, 0, 1, 0])}, {"value": 1}):
        parts = {"value": compiled.dot(witness, form)}
        parts["value"] += where.pop("value", 0)
        point = _commit(basis, left=witness, blinding=7, **parts, **where)
        prover = argument.prover(basis)
        linear_form.prove(prover, linear_form.LEFT, witness, form, 7)
        assert _rejected(
            argument,
            basis,
            prover.proof(),
            lambda v, p=point: linear_form.verify(v, linear_form.LEFT, form, Combination([(p, 1)])),
        )


@settings(max_examples=15)
@given(st.lists(st.integers(0, 255), min_size=4, max_size=4), st.lists(scalar, min_size=4))
def test_bit_ranges(compiled, argument, values, blindings):
    basis = basis_for(compiled, 32)
    own = blindings[:4]
    points = [_commit(basis, value=v, blinding=r) for v, r in zip(values, own, strict=True)]
    prover = argument.prover(basis)
    bit_range.prove(prover, values, own, 8)
    claims = [Combination([(point, 1)]) for point in points]
    proof = prover.proof()
    assert len(proof) == bit_range.proof_bytes(8, 4)
    assert argument.holds(basis, proof, lambda v: bit_range.verify(v, 8, claims))
    assert (
        _rejected(
            argument, basis, proof, lambda v: bit_range.verify(v, 8, [*claims[1:], claims[1]])
        )
        or values[0] == values[1]
    )
    assert _rejected(argument, basis, proof, lambda v: bit_range.verify(v, 4, claims * 2))


@pytest.mark.parametrize("value", [-1, 256, 2**200, L - 5])
def test_a_value_outside_has_no_bits_that_verify(compiled, argument, value):
    basis = basis_for(compiled, 8)
    point = _commit(basis, value=value, blinding=5)
    prover = argument.prover(basis)
    bit_range.prove(prover, [value % 256], [5], 8)
    assert _rejected(
        argument,
        basis,
        prover.proof(),
        lambda v: bit_range.verify(v, 8, [Combination([(point, 1)])]),
    )


def test_linear_combinations_of_commitments_are_ranged(compiled, argument):
    basis = basis_for(compiled, 8)
    points = [_commit(basis, value=v, blinding=r) for v, r in ((900, 3), (880, 4))]
    prover = argument.prover(basis)
    bit_range.prove(prover, [19], [-1], 8)
    good = Combination([(points[0], 1), (points[1], -1)], value=-1)
    assert argument.holds(basis, prover.proof(), lambda v: bit_range.verify(v, 8, [good]))
