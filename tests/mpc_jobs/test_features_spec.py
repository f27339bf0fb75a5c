"""Specs, exact scaling and the keyed split."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs.features import FeatureSpec, HashedNgrams, held_out, open_featuriser
from mpc_jobs.features.scaling import LARGEST, ceil_sqrt, signed_root, to_integers, unit_rows
from redactory.errors import InputError, IntegrityError

KEY = bytes(range(32))


@given(st.lists(st.integers(0, 2**62 - 1), max_size=20))
def test_roots_are_exact(squares):
    squares += [0, 1, 2**62 - 1, (2**31 - 1) ** 2, (2**31 - 1) ** 2 + 1, (2**31 - 1) ** 2 - 1]
    wanted = [math.isqrt(max(s - 1, 0)) + (s > 0) for s in squares]
    assert ceil_sqrt(np.array(squares, np.int64)).tolist() == wanted


@given(st.lists(st.integers(-LARGEST, LARGEST), min_size=1, max_size=8), st.integers(4, 24))
def test_a_scaled_row_is_the_unit_vector_rounded_towards_zero(values, bits):
    row = unit_rows(np.array([values], np.int64), bits)[0].tolist()
    square = sum(v * v for v in values)
    assert sum(x * x for x in row) <= 4**bits
    for x, v in zip(row, values, strict=True):
        assert x * v >= 0
        assert Fraction(x * x) <= Fraction(v * v * 4**bits, max(square, 1))
        # The norm was rounded up by less than one, so not much was lost.
        norm = math.isqrt(square) + 1
        assert (abs(x) + 1) * norm >= abs(v) << bits


def test_huge_values_are_clipped_and_do_not_overflow():
    values = np.full((1, 2**14), 2**62, np.int64)
    row = unit_rows(values, 24)[0]
    assert (row == 2**24 // 2**7).all()


def test_signed_roots():
    assert signed_root(np.array([[-9, 0, 10]])).tolist() == [[-3, 0, 4]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InputError):
        to_integers(np.array([[1.0, bad]]))


def test_real_vectors_keep_their_direction():
    vectors = np.random.default_rng(1).standard_normal((5, 40)).astype(np.float32)
    rows = unit_rows(to_integers(vectors), 20) / 2**20
    wanted = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.abs(rows - wanted).max() < 3e-6
    assert (unit_rows(to_integers(np.zeros((2, 3))), 20) == 0).all()


def test_a_spec_says_everything_and_nothing_else(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text('d = 256\n[featuriser]\nkind = "hashed-ngrams"\nwords = 2\n')
    spec = FeatureSpec.load(path)
    assert spec == FeatureSpec(d=256, featuriser=HashedNgrams(words=2))
    assert spec.digest != FeatureSpec(d=256).digest
    assert FeatureSpec.decode(spec.encode(), where="x") == spec


@pytest.mark.parametrize(
    "text",
    [
        "d = 0",
        "d = 20000",
        "scale_bits = 30",
        "typo = 1",
        "columns = []",
        '[featuriser]\nkind = "other"',
        '[featuriser]\nkind = "hashed-ngrams"\nwords = 0\nchars = [4, 3]',
        '[featuriser]\nkind = "spacy-vectors"\nmodel_sha256 = "short"',
        "not toml",
    ],
)
def test_a_broken_spec_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        FeatureSpec.load(path)
    assert "\n" not in str(refused.value)


def test_words_and_characters_cannot_both_be_left_out():
    with pytest.raises(ValueError, match="neither"):
        HashedNgrams(words=0, chars=None)


@pytest.mark.parametrize("raw", [b"{}", b'{"d": 8}', b"[", b'{"d":8,"extra":1}'])
def test_a_stored_spec_has_one_form(raw):
    if raw == b"{}":
        assert FeatureSpec.decode(raw, where="x") == FeatureSpec()
        return
    with pytest.raises(IntegrityError):
        FeatureSpec.decode(raw, where="x")


def test_an_encoder_needs_its_model():
    spec = FeatureSpec.model_validate(
        {"featuriser": {"kind": "spacy-vectors", "model_sha256": "0" * 64}}
    )
    with pytest.raises(InputError, match="needs a model"):
        open_featuriser(spec)


def test_the_split_follows_the_key_and_the_group():
    groups = [f"g{n}" for n in range(4000)]
    mine = held_out(KEY, groups, 0.2)
    assert abs(mine.mean() - 0.2) < 0.03
    assert np.array_equal(held_out(KEY, groups[::-1], 0.2), mine[::-1])
    assert not np.array_equal(held_out(bytes(32), groups, 0.2), mine)
    wider = held_out(KEY, groups, 0.4)
    assert (wider | ~mine).all()  # a larger share keeps what the smaller one held out
    assert not held_out(KEY, groups, 0.0).any()


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0])
def test_a_share_is_a_share(share):
    with pytest.raises(InputError):
        held_out(KEY, ["a"], share)
