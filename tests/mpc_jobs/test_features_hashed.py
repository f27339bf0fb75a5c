"""Hashed n-grams: exactly those of the written rules, bounded, and blind to what is beside."""

import math
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs.features import FeatureSpec, HashedNgrams, open_featuriser
from mpc_jobs.features.hashed import UNIT, HashedFeaturiser, words

TEXTS = st.lists(st.text(max_size=60), max_size=5)
RULES = st.sampled_from(
    [
        HashedNgrams(),
        HashedNgrams(words=3, chars=None),
        HashedNgrams(words=0, chars=(1, 5)),
        HashedNgrams(words=2, chars=(2, 2), damping="none"),
    ]
)


def _hash(seed: int, points: str) -> int:
    state, mask = seed, 2**64 - 1
    for point in points:
        state = (state ^ ord(point)) * 0x9E3779B97F4A7C15 & mask
        state ^= state >> 32
    state = (state ^ state >> 33) * 0xFF51AFD7ED558CCD & mask
    state = (state ^ state >> 33) * 0xC4CEB9FE1A85EC53 & mask
    return state ^ state >> 33


def _reference(text: str, rules: HashedNgrams, d: int, scale_bits: int) -> list[int]:
    """The rules in the slowest and plainest way."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join("0" if c.isdecimal() else c for c in folded)
    kana = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    found = re.findall(rf"[{kana}]|[^\W{kana}]+", folded)
    grams = [
        (0x52656461_776F7264, "".join(f" {word}" for word in found[i : i + n]), UNIT)
        for i in range(len(found))
        for n in range(1, rules.words + 1)
        if i + n <= len(found)
    ]
    lo, hi = rules.chars or (1, 0)
    for word in found:
        padded = f" {word} "
        grams += [
            (0x52656461_63686172, padded[i : i + n], UNIT // 4)
            for n in range(lo, hi + 1)
            for i in range(len(padded) - n + 1)
        ]
    row = [0] * d
    for seed, gram, weight in grams:
        value = _hash(seed, gram)
        row[(value >> 32) * d >> 32] += -weight if value & 1 else weight
    if rules.damping == "root":
        row = [_ceil_root(abs(v) * UNIT) * (1 if v > 0 else -1) for v in row]
    norm = max(1, _ceil_root(sum(v * v for v in row)))
    return [(abs(v) << scale_bits) // norm * (1 if v > 0 else -1) for v in row]


def _ceil_root(square: int) -> int:
    root = math.isqrt(square)
    return root + (root * root < square)


@given(TEXTS, RULES, st.sampled_from([1, 7, 64]), st.integers(4, 24))
def test_the_rows_are_those_of_the_written_rules(texts, rules, d, scale_bits):
    spec = FeatureSpec(featuriser=rules, d=d, scale_bits=scale_bits)
    rows = HashedFeaturiser(spec).rows(texts)
    assert rows.shape == (len(texts), d)
    assert rows.tolist() == [_reference(text, rules, d, scale_bits) for text in texts]


@given(TEXTS, RULES)
def test_no_row_is_longer_than_the_bound(texts, rules):
    spec = FeatureSpec(featuriser=rules, d=16)
    for row in HashedFeaturiser(spec).rows(texts).tolist():
        assert sum(x * x for x in row) <= spec.norm_bound**2


@given(TEXTS, st.text(max_size=60))
def test_a_row_does_not_depend_on_its_neighbours(texts, text):
    featuriser = HashedFeaturiser(FeatureSpec(d=32))
    alone = featuriser.rows([text])[0]
    assert np.array_equal(featuriser.rows([*texts, text, *texts])[len(texts)], alone)


def test_more_texts_than_a_batch_keep_their_order():
    featuriser = HashedFeaturiser(FeatureSpec(d=64))
    texts = [f"word{'x' * (n % 37)}" for n in range(600)]
    rows = featuriser.rows(texts)
    assert np.array_equal(rows[511], featuriser.rows([texts[511]])[0])


def test_the_integers_never_change():
    """Stored models depend on them: a change of rules needs a new version."""
    spec = FeatureSpec(d=8, scale_bits=10)
    rows = open_featuriser(spec).rows(["The meter was read on 3 May.", "投诉处理", ""])
    assert rows.tolist() == [
        [-278, 197, 341, 440, -341, 482, 341, -394],
        [-457, 0, -457, 0, 323, 457, -512, 228],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert spec.digest == "4218fb1cb9cec005aa13a1cce0cefa37626331b3bf67f71c583850957eadff63"


def test_a_number_is_no_feature():
    assert words("Card 4111-1111, born 1984") == words("Card 0000-0000, born 0000")
    assert words("٣ ３ 3") == ["0", "0", "0"]


def test_ideographs_are_words():
    assert words("申請書 is here") == ["申", "請", "書", "is", "here"]


def test_the_wrong_kind_of_spec_is_a_bug():
    with pytest.raises(TypeError):
        HashedFeaturiser(
            FeatureSpec.model_validate(
                {"featuriser": {"kind": "spacy-vectors", "model_sha256": "0" * 64}}
            )
        )
