"""Attacks find what is there, find nothing where there is nothing, and noise takes it away."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs.features import FeatureSpec
from mpc_jobs.privacy.audit.attacking import Canary, Prepared, attack
from mpc_jobs.privacy.audit.exposure import GUESSING, exposure, summed_up
from mpc_jobs.privacy.audit.membership import halves, judged, likelihood_ratio, loss_threshold
from mpc_jobs.privacy.audit.shadows import Recipe, confidence, one_hot, train
from redactory.errors import InputError

RANDOM = np.random.default_rng(3)


def test_every_row_is_in_half_of_the_models():
    members = halves(101, 16, np.random.default_rng(1))
    assert (members.sum(axis=1) == 8).all()
    assert 0.3 < members.mean(axis=0).min() < members.mean(axis=0).max() < 0.7


@pytest.mark.parametrize("models", [7, 9, 6, 2])
def test_too_few_models_are_refused(models):
    with pytest.raises(InputError):
        halves(10, models, np.random.default_rng(1))


def test_a_perfect_score_and_a_useless_one():
    members = np.array([True, True, False, False] * 50)
    perfect = judged(members.astype(float), members)
    assert (perfect.auc, perfect.found_at_1_percent, perfect.advantage) == (1.0, 1.0, 1.0)
    useless = judged(np.zeros(200), members)
    assert (useless.auc, useless.found_at_1_percent, useless.advantage) == (0.5, 0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows):
    scores = np.array([s for s, _ in rows], float)
    members = np.array([m for _, m in rows])
    if members.all() or not members.any():
        return
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0 for a in scores[members] for b in scores[~members]
    ]
    assert judged(scores, members).auc == pytest.approx(np.mean(pairs))


def test_both_attacks_see_planted_knowledge_and_nothing_else():
    members = halves(400, 16, np.random.default_rng(2))
    hard = RANDOM.normal(0, 3, (400, 1))  # some rows are easy for every model
    noise = RANDOM.normal(0, 1, members.shape)
    blind = (hard + noise).astype(np.float32)
    knowing = (hard + noise + 2.0 * members).astype(np.float32)
    for attack_ in (loss_threshold, likelihood_ratio):
        assert abs(attack_(blind, members).auc - 0.5) < 0.03
    threshold, ratio = loss_threshold(knowing, members), likelihood_ratio(knowing, members)
    assert threshold.auc > 0.6
    # Knowing how hard a row is, is what the likelihood ratio is for.
    assert ratio.auc > 0.88
    assert ratio.found_at_1_percent > threshold.found_at_1_percent


@given(st.integers(2, 300), st.data())
def test_exposure_is_the_rank_in_bits(count, data):
    place = data.draw(st.integers(0, count - 1))
    values = np.array(data.draw(st.permutations(range(count))), np.float32)
    rank = count - values[place]
    assert exposure(values, place) == pytest.approx(math.log2(count) - math.log2(rank))


def test_candidates_that_are_all_alike_tell_nothing():
    assert exposure(np.zeros(256, np.float32), 7) == pytest.approx(8 - math.log2(128.5))
    assert math.log2(256) - math.log2(128.5) < GUESSING
    with pytest.raises(InputError):
        exposure(np.zeros(1, np.float32), 0)


def test_exposures_are_summed_up():
    found = summed_up([8.0, 1.0], candidates=256, repeated=4)
    assert (found.mean, found.largest, found.limit, found.read_out) == (4.5, 8.0, 8.0, 1)


def test_two_classes_are_one_output():
    assert one_hot(np.array([0, 1], np.int32)).tolist() == [[0], [1]]
    assert one_hot(np.array([0, 2], np.int32)).shape == (2, 3)


@pytest.mark.parametrize("classes", [2, 3])
def test_models_learn_from_their_own_rows_only(classes):
    random = np.random.default_rng(4)
    labels = random.integers(0, classes, 300).astype(np.int32)
    x = np.hstack(
        [np.eye(classes)[labels] + random.normal(0, 0.1, (300, classes)), np.ones((300, 1))]
    )
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    members = np.zeros((300, 2), bool)
    members[:150, 0] = True
    recipe = Recipe(epochs=30, batch_rows=100)
    weights = train(x, labels, members, recipe, random)
    assert (confidence(x, labels, weights)[:, 0] > 0).mean() > 0.95
    assert (weights[:, 1] == 0).all()
    changed = x.copy()
    changed[150:] = random.normal(0, 1, changed[150:].shape)
    again = train(changed, labels, members, recipe, random)
    assert np.array_equal(again[:, 0], weights[:, 0])


def _word(random: np.random.Generator) -> str:
    return "".join(random.choice(list("abcdefghijklmnop"), 7))


def _prepared(rows: int = 200) -> Prepared:
    """Labels that nothing explains: they can only be learnt by heart."""
    random = np.random.default_rng(5)
    vocabulary = [_word(random) for _ in range(400)]
    texts = [" ".join(random.choice(vocabulary, 6)) for _ in range(rows)]
    canaries = [
        Canary(tuple(f"the code is {_word(random)}" for _ in range(64)), n, repeated, label=1)
        for repeated in (1, 16)
        for n in (5, 40)
    ]
    return Prepared("raw", texts, random.integers(0, 2, rows).astype(np.int32), canaries)


def test_a_model_without_noise_tells_and_one_with_noise_does_not():
    plain, private = attack(
        _prepared(),
        FeatureSpec(d=512),
        Recipe(epochs=60, batch_rows=50),
        epsilons=[None, 0.5],
        models=16,
    )
    assert plain.likelihood_ratio.auc > 0.75
    assert abs(private.likelihood_ratio.auc - 0.5) < 0.06
    once, often = plain.exposures
    assert (once.repeated, often.repeated) == (1, 16)
    assert often.mean > 4
    assert private.exposures[1].mean < often.mean
    told = plain.as_json()
    assert told["likelihood_ratio"]["auc"] == round(plain.likelihood_ratio.auc, 4)


def test_an_audit_of_next_to_nothing_is_refused():
    few = _prepared(rows=10)
    with pytest.raises(InputError, match="at least"):
        attack(few, FeatureSpec(d=64), Recipe(), epsilons=[None])
    one_class = Prepared("raw", ["text"] * 30, np.zeros(30, np.int32), ())
    with pytest.raises(InputError, match="two classes"):
        attack(one_class, FeatureSpec(d=64), Recipe(), epsilons=[None])
