"""Keys that parties agree on, refreshed shares, rebuilt shares."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from mpc_jobs import field
from mpc_jobs.agreement import open_session
from mpc_jobs.resharing import rebuild, refresh
from mpc_jobs.stream_log import StreamLog
from redactory.errors import PartyError


def _opened(parties, scheme, tmp_path, **options):
    nonces = {n: os.urandom(32) for n in scheme.parties}

    def work(arithmetic):
        mesh = arithmetic.mesh
        randomness = open_session(
            scheme,
            mesh,
            job_digest=bytes(32),
            nonces=nonces,
            log=StreamLog(tmp_path / f"{mesh.me}.jsonl"),
        )
        return SimpleNamespace(
            session=randomness.session,
            drawn=randomness.set_bytes(32),
            share=randomness.random((5,)),
        )

    return parties(scheme, work, **options)


def test_members_of_a_set_and_nobody_else_have_its_key(scheme, parties, tmp_path):
    opened = _opened(parties, scheme, tmp_path)
    assert len({o.session for o in opened.values()}) == 1
    for key_set in scheme.key_sets:
        holders = {n for n, o in opened.items() if key_set in o.drawn}
        assert holders == set(key_set)
        assert len({opened[n].drawn[key_set] for n in holders}) == 1
    streams = {raw for o in opened.values() for raw in o.drawn.values()}
    assert len(streams) == len(scheme.key_sets)
    secret = scheme.reconstruct({n: o.share for n, o in opened.items()}, degree=scheme.t)
    assert secret.any()


@pytest.mark.parametrize("scheme", [(4, 1)], indirect=True)
def test_three_of_four_open_a_session_of_their_own(scheme, parties, tmp_path):
    opened = _opened(parties, scheme, tmp_path, present=[1, 2, 4])
    scheme.reconstruct({n: o.share for n, o in opened.items()}, degree=1)


@pytest.mark.parametrize("scheme", [(3, 1)], indirect=True)
def test_keys_that_differ_are_noticed(scheme, parties, tmp_path):
    """Party 2's contribution changes on its way."""
    from mpc_jobs.agreement import _confirm

    def work(arithmetic):
        keys = {a: bytes(32) for a in scheme.key_sets if arithmetic.mesh.me in a}
        if arithmetic.mesh.me == 2:
            keys[1, 2] = bytes([1]) * 32
        _confirm(arithmetic.mesh, keys, bytes(32), [1, 2, 3])

    with pytest.raises(PartyError, match="did not confirm"):
        parties(scheme, work)


def test_refreshed_shares_are_new_and_of_the_same_values(scheme, parties, rebuilt):
    values = [np.arange(6).reshape(2, 3) - 3, np.array([[1 << 50]])]
    shares = [scheme.share(field.from_signed(v)) for v in values]

    def work(arithmetic):
        mine = [s[arithmetic.mesh.me - 1] for s in shares]
        fresh = refresh(scheme, arithmetic.mesh, mine)
        assert all((a != b).any() for a, b in zip(mine, fresh, strict=True))
        return fresh

    result = parties(scheme, work)
    for layer, value in enumerate(values):
        assert (rebuilt(scheme, {n: r[layer] for n, r in result.items()}) == value).all()


def test_a_lost_share_comes_back_and_nothing_else_moves(scheme, parties):
    lost = scheme.n
    value = field.from_signed(np.array([7, -8, 1 << 60]))
    shares = scheme.share(value)

    def work(arithmetic):
        me = arithmetic.mesh.me
        mine = field.zeros((3,)) if me == lost else shares[me - 1]
        helpers = [n for n in scheme.parties if n != lost]
        return rebuild(scheme, arithmetic.mesh, [mine], lost=lost, helpers=helpers)[0]

    result = parties(scheme, work)
    for number, share in result.items():
        assert (share == shares[number - 1]).all()
