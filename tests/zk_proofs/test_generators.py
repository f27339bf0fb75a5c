"""Generators: frozen, independent of any size; the two of dalek's ``PedersenGens``."""

import hashlib

import pytest

from zk_proofs.generators import basis_for, pedersen_bases, vector_bases

# Made once with libsodium: crypto_core_ristretto255_from_hash(SHA-512(label ‖ side ‖ u32 i)).
FROZEN = {
    (b"G", 0): "aa217867faecb51357d0d4062e7cfeca7b2feed7b259f17ff62212f14776667e",
    (b"G", 1): "42924fec4fca7a5e86ad5ab0761770b9eafd87dd1a45548d4bb5160e24870229",
    (b"G", 4095): "1278751608f1a1a803f71bae84c03fd7f06dc5500ba77663ad8966a3e5216523",
    (b"G", 65535): "8086f7850b15f1136d7905ad97f2b6463ea336b2230943abb2da1fdb80b3ee0f",
    (b"H", 0): "1cdf137850f309c924f6c447270e5a6da21433a2e095a84228ef48dd449bd80e",
    (b"H", 1): "f2429312f1a203fd9d924ad4a9cc319f1bf404fa53c324f227ca9a602ea3b021",
    (b"H", 4095): "4a62859cf89645c104595ef351a9ca025c0ddba5ec255a3b5330b1cce429713f",
    (b"H", 65535): "96198c36efcc87d3c3722c955d37782e6ec240d4ffcdc8feeb58f9418db9cf19",
}


@pytest.mark.parametrize(("side", "index"), FROZEN)
def test_frozen(engine, side, index):
    import rbcl

    point = engine.encode(vector_bases(engine, side, index, index + 1))[0]
    raw = hashlib.sha512(b"redactory/ped/v1" + side + index.to_bytes(4, "little")).digest()
    assert point == rbcl.crypto_core_ristretto255_from_hash(raw)
    assert point.hex() == FROZEN[side, index]


def test_no_generator_depends_on_a_size(compiled):
    small, large = basis_for(compiled, 3), basis_for(compiled, 200)
    assert small.size < large.size
    values = compiled.vector([5, 7, 11])
    for parts in ({"left": values}, {"right": values}, {"value": 3, "blinding": 4}):
        ours, theirs = small.commit(**parts), large.commit(**parts)
        assert compiled.encode(ours) == compiled.encode(theirs)


def test_dalek_pedersen_generators(engine):
    assert [point.hex() for point in engine.encode(pedersen_bases(engine))] == [
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "8c9240b456a9e6dc65c377a1048d745f94a08cdb7f44cbcd7b46f34048871134",
    ]
