"""Sums of many organisations' updates: exact, with dropouts, never of a few."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs import field
from mpc_jobs.privacy.aggregation import Aggregation
from mpc_jobs.privacy.noise import NoisePlan
from mpc_jobs.sharing import Scheme
from redactory.errors import InputError, PartyError, PolicyError

THREE = Scheme(3, 1)


def _round(scheme: Scheme, updates: dict[str, np.ndarray], **options) -> tuple:
    aggregation = Aggregation(scheme, size=6, clip=1.0, **options)
    shares = {name: aggregation.share(update) for name, update in updates.items()}
    held = {
        party: {name: parts[party - 1] for name, parts in shares.items()}
        for party in scheme.parties
    }
    return aggregation, held


def _updates(count: int, seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {f"org-{n}": random.standard_normal(6) / 3 for n in range(count)}


def _clipped(update: np.ndarray) -> np.ndarray:
    return update * min(1.0, 1.0 / np.linalg.norm(update))


def test_the_sum_of_those_who_finished(scheme):
    updates = _updates(8)
    aggregation, held = _round(scheme, updates)
    held[1].pop("org-2")  # dropped out after sharing with the other parties
    held[scheme.n].pop("org-5")
    roster = aggregation.roster(held)
    assert roster == tuple(f"org-{n}" for n in (0, 1, 3, 4, 6, 7))
    total = aggregation.open({p: aggregation.add(roster, mine) for p, mine in held.items()})
    wanted = sum(_clipped(updates[name]) for name in roster)
    assert np.abs(total - wanted).max() < len(roster) * 2**-20


def test_a_sum_is_opened_without_a_party_that_went_down(scheme):
    updates = _updates(4)
    aggregation, held = _round(scheme, updates)
    alive = {party: held[party] for party in list(scheme.parties)[: scheme.t + 1]}
    roster = aggregation.roster(alive)
    total = aggregation.open({p: aggregation.add(roster, mine) for p, mine in alive.items()})
    assert np.abs(total - sum(map(_clipped, updates.values()))).max() < 1e-5
    alive.popitem()
    with pytest.raises(PartyError):
        aggregation.roster(alive)


def test_a_wrong_share_is_noticed_where_there_is_one_to_spare(scheme):
    aggregation, held = _round(scheme, _updates(4))
    roster = aggregation.roster(held)
    shares = {p: aggregation.add(roster, mine) for p, mine in held.items()}
    shares[scheme.n] = field.shift(shares[scheme.n], 1)
    with pytest.raises(PartyError, match="fit together"):
        aggregation.open(shares)


def test_few_are_never_added_up():
    aggregation, held = _round(THREE, _updates(2))
    with pytest.raises(PolicyError, match="nothing was added up"):
        aggregation.roster(held)
    with pytest.raises(InputError, match="fewer than two"):
        Aggregation(THREE, size=6, clip=1.0, smallest_roster=1)


def test_parties_refuse_shares_that_are_missing_or_malformed():
    aggregation, held = _round(THREE, _updates(3))
    roster = aggregation.roster(held)
    mine = dict(held[1])
    mine["org-1"] = np.full((2, 6), 2**64 - 1, np.uint64)
    with pytest.raises(PartyError, match="malformed"):
        aggregation.add(roster, mine)
    mine["org-1"] = field.zeros((5,))
    with pytest.raises(PartyError, match="malformed"):
        aggregation.add(roster, mine)
    del mine["org-1"]
    with pytest.raises(PartyError, match="lacks"):
        aggregation.add(roster, mine)


def test_noise_of_every_party_is_in_the_sum():
    updates = _updates(5)
    aggregation, held = _round(THREE, updates)
    plan = NoisePlan(THREE, aggregation.sensitivity, 2.0, epochs=1, delta=1e-6)
    draws = [random.Random(n) for n in range(3)]
    dealt = [plan.deal((6,), present=3, below=each.randrange) for each in draws]
    roster = aggregation.roster(held)
    total = aggregation.open(
        {p: aggregation.add(roster, mine, [d[p - 1] for d in dealt]) for p, mine in held.items()}
    )
    off = total - sum(map(_clipped, updates.values()))
    # Two honest parties' noise has deviation 2; three parties', a little more.
    assert 0.5 < off.std() < 6


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), st.integers(0, 40))
def test_no_update_is_longer_than_the_clipped_norm(entries, bits):
    aggregation = Aggregation(THREE, size=6, clip=0.75, fraction_bits=bits)
    found = [int(v) for v in aggregation.integers(np.array(entries))]
    assert sum(v * v for v in found) <= aggregation.sensitivity**2


@pytest.mark.parametrize("update", [np.zeros(5), np.full(6, np.nan), np.full(6, np.inf)])
def test_an_update_of_another_form_is_refused(update):
    with pytest.raises(InputError):
        Aggregation(THREE, size=6, clip=1.0).share(update)


def test_shares_of_fewer_than_threshold_parties_say_nothing():
    """Two very different updates, the same party: its shares have one distribution."""
    aggregation = Aggregation(THREE, size=6, clip=1.0)
    low = [
        np.array([aggregation.share(np.full(6, value))[0][0, 0] for _ in range(400)])
        for value in (-0.4, 0.4)
    ]
    from scipy import stats

    assert stats.ks_2samp(low[0].astype(float), low[1].astype(float)).pvalue > 1e-4
