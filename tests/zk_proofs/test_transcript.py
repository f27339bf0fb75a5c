"""Transcripts: Merlin's published vector, FIPS 202, and what must change a challenge."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs.transcript import Transcript


def test_the_vector_of_the_merlin_crate(engine):
    transcript = Transcript(b"test protocol", engine.permute)
    transcript.append(b"some label", b"some data")
    assert transcript.challenge_bytes(b"challenge", 32).hex() == (
        "d5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615"
    )


@settings(max_examples=30)
@given(st.binary(max_size=135))
def test_the_permutation_gives_sha3(compiled, plain, data):
    for engine in (compiled, plain):
        state = bytearray(data) + b"\x06" + bytes(135 - len(data))
        state[135] |= 0x80
        state += bytes(64)
        engine.permute(state)
        assert bytes(state[:32]) == hashlib.sha3_256(data).digest()


steps = st.lists(
    st.tuples(st.sampled_from(["say", "ask"]), st.binary(max_size=400)), min_size=1, max_size=12
)


def _run(engine, script):
    transcript, out = Transcript(b"t", engine.permute), []
    for kind, data in script:
        if kind == "say":
            transcript.append(b"m", data)
        else:
            out.append(transcript.challenge_bytes(b"c", len(data)))
    return [*out, transcript.challenge_bytes(b"end", 64)]


@settings(max_examples=40)
@given(steps)
def test_both_engines_agree(compiled, plain, script):
    assert _run(compiled, script) == _run(plain, script)


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 40))
def test_messages_do_not_run_into_each_other(compiled, first, second, cut):
    whole = first + second
    cut = min(cut, len(whole))
    split = [("say", whole[:cut]), ("say", whole[cut:])]
    same = whole[:cut] == first
    assert (_run(compiled, [("say", first), ("say", second)]) == _run(compiled, split)) == same


def test_a_zero_challenge_is_refused(engine, monkeypatch):
    transcript = Transcript(b"t", engine.permute)
    monkeypatch.setattr(Transcript, "challenge_bytes", lambda *_: bytes(64))
    with pytest.raises(ProofError, match="zero"):
        transcript.challenge(b"c")
