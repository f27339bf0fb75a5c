"""Splitting a private key between custodians: what rebuilds it, and every way it must not."""

import base64
import itertools
import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redactory.errors import IntegrityError, KeyringError
from sealed_shards import SoftwareKeyring, shamir
from sealed_shards.custodians import Custody, Share, ShareFile, combine_shares, split_key
from sealed_shards.key_files import identity_of
from sealed_shards.word_form import from_words, to_words

PASSPHRASE = b"correct horse"
elements = st.integers(0, shamir.PRIME - 1)


@st.composite
def sharings(draw):
    shares = draw(st.integers(1, 12))
    return shares, draw(st.integers(1, shares))


@given(elements, sharings(), st.randoms())
@example(0, (1, 1), random.Random(0))
@example(shamir.PRIME - 1, (12, 12), random.Random(0))
def test_any_threshold_of_shares_rebuilds(secret, sharing, order):
    shares, threshold = sharing
    values = shamir.split(secret, threshold=threshold, shares=shares)
    chosen = order.sample(sorted(values), threshold)
    assert shamir.combine({x: values[x] for x in chosen}) == secret
    assert shamir.combine(values) == secret


@given(elements, elements, st.integers(2, 6), st.randoms())
def test_one_share_less_fits_every_secret(secret, other, threshold, order):
    """Perfect secrecy: for any other secret there is a polynomial with the same shares."""
    values = shamir.split(secret, threshold=threshold, shares=threshold + 2)
    seen = {x: values[x] for x in order.sample(sorted(values), threshold - 1)}
    assert shamir.combine({0 + x: y for x, y in seen.items()} | {}) is not None
    points = seen | {shamir.PRIME - 1: 0}
    # Interpolating through the seen shares and the other secret at 0 gives a valid polynomial:
    # the value at a further point is defined, so the seen shares rule nothing out.
    x_new = shamir.PRIME - 1
    total = 0
    known = [(0, other), *seen.items()]
    for x, y in known:
        above = below = 1
        for z, _ in known:
            if z != x:
                above = above * (x_new - z) % shamir.PRIME
                below = below * (x - z) % shamir.PRIME
        total += y * above * pow(below, -1, shamir.PRIME)
    points[x_new] = total % shamir.PRIME
    assert shamir.combine(points) == other


def test_known_sharing():
    """Shamir's own kind of example: 1234 with the polynomial 1234 + 166x + 94x²."""
    coefficients = iter([166, 94])
    values = shamir.split(1234, threshold=3, shares=6, draw=lambda: next(coefficients))
    assert values == {1: 1494, 2: 1942, 3: 2578, 4: 3402, 5: 4414, 6: 5614}


@pytest.mark.parametrize(("threshold", "shares"), [(0, 1), (3, 2), (-1, 4)])
def test_no_such_sharing(threshold, shares):
    with pytest.raises(ValueError, match="no such sharing"):
        shamir.split(1, threshold=threshold, shares=shares)
    with pytest.raises(ValueError, match="no such shares"):
        shamir.combine({})
    with pytest.raises(ValueError, match="no such shares"):
        shamir.combine({0: 1})


@given(st.binary(min_size=1, max_size=40).map(lambda data: data + data))
def test_words_come_back(data):
    words = to_words(data)
    for text in (" ".join(words), "-".join(words).upper(), "\n".join(words) + "\n"):
        assert from_words(text, where="w") == data


def test_words_are_proquints():
    """The examples of the paper: 127.0.0.1 and 63.84.220.193."""
    assert to_words(bytes([127, 0, 0, 1]))[:2] == ["lusab", "babad"]
    assert to_words(bytes([63, 84, 220, 193]))[:2] == ["gutih", "tugad"]
    with pytest.raises(ValueError, match="odd number"):
        to_words(b"abc")


@given(st.data())
def test_a_mistake_in_the_words_is_noticed(data):
    words = to_words(data.draw(st.binary(min_size=50, max_size=50)))
    i = data.draw(st.integers(0, len(words) - 1))
    mistake = data.draw(st.sampled_from(["change", "drop", "double", "swap", "letter"]))
    wrong = list(words)
    if mistake == "change":
        wrong[i] = data.draw(st.sampled_from(["babab", "zuzuz", "lusab"]))
    elif mistake == "drop":
        del wrong[i]
    elif mistake == "double":
        wrong.insert(i, wrong[i])
    elif mistake == "swap":
        wrong[i], wrong[i - 1] = wrong[i - 1], wrong[i]
    else:
        wrong[i] = wrong[i][:4] + "x"
    if wrong == words:
        return
    with pytest.raises(KeyringError, match=r"was mistyped|do not fit together"):
        from_words(" ".join(wrong), where="w")


@pytest.fixture(scope="module")
def keys(alice):
    return [alice._private_key]


@pytest.fixture(scope="module")
def parted(keys):
    return split_key(keys, shares=5, threshold=3)


def named(shares):
    return [(f"share {share.number}", share) for share in shares]


def test_any_three_of_five(parted, alice):
    custody, shares = parted
    wrapped = alice.recipient.wrap(bytes(64))
    for chosen in itertools.combinations(shares, 3):
        identity = identity_of(combine_shares(custody, named(chosen)), where="k")
        assert identity.kid == alice.kid == custody.head.kid
        assert identity.unwrap(wrapped, where="w") == bytes(64)
    assert combine_shares(custody, named(shares))


def test_too_few(parted):
    custody, shares = parted
    for few in (shares[:2], shares[:1], []):
        with pytest.raises(KeyringError, match=f"3 shares are needed, {len(few)} are here"):
            combine_shares(custody, named(few))


def test_the_same_share_twice(parted):
    custody, shares = parted
    with pytest.raises(KeyringError, match="is the same share as Ann") as caught:
        combine_shares(custody, [("Ann", shares[0]), ("Bo", shares[0]), ("Cy", shares[1])])
    assert caught.value.where == "Bo"


def test_shares_of_another_splitting(parted, keys):
    custody, shares = parted
    _, others = split_key(keys, shares=5, threshold=3)
    with pytest.raises(KeyringError, match="another splitting") as caught:
        combine_shares(custody, [*named(shares[:2]), ("Dee", others[2])])
    assert caught.value.where == "Dee"


@pytest.mark.parametrize("field", ["value", "number", "threshold"])
def test_a_changed_share_is_named(parted, field):
    custody, shares = parted
    wrong = replace(shares[1], **{field: (getattr(shares[1], field) + 1) % 7})
    with pytest.raises(KeyringError, match="this share was changed") as caught:
        combine_shares(custody, [("Ann", shares[0]), ("Bo", wrong), ("Cy", shares[2])])
    assert caught.value.where == "Bo"


def test_a_value_beyond_the_field_is_a_changed_share(parted):
    custody, shares = parted
    wrong = replace(shares[1], value=shares[1].value + shamir.PRIME)
    if wrong.value >= 2**256:
        wrong = replace(wrong, value=2**256 - 1)
    with pytest.raises(KeyringError, match="this share was changed"):
        combine_shares(custody, named([shares[0], wrong, shares[2]]))


def test_a_changed_custody_document(parted, bob):
    custody, shares = parted
    sealed = bytearray(base64.b64decode(custody.sealed_key))
    for position in (0, 40, len(sealed) - 1):
        changed = sealed.copy()
        changed[position] ^= 1
        wrong = custody.model_copy(update={"sealed_key": base64.b64encode(changed).decode()})
        with pytest.raises(KeyringError, match="encrypted key in the custody document was changed"):
            combine_shares(wrong, named(shares[:3]))
    for update in ({"kid": bob.kid}, {"threshold": 2}, {"shares": custody.head.shares[::-1]}):
        head = custody.head.model_copy(update=update)
        with pytest.raises(KeyringError, match="another splitting"):
            combine_shares(custody.model_copy(update={"head": head}), named(shares[:3]))
    with pytest.raises(KeyringError, match="was changed"):
        combine_shares(custody.model_copy(update={"sealed_key": "?"}), named(shares[:3]))


@pytest.mark.parametrize(("shares", "threshold"), [(1, 1), (5, 1), (2, 3), (256, 3), (5, 0)])
def test_thresholds_that_there_are_not(keys, shares, threshold):
    with pytest.raises(KeyringError, match="2 to 255 shares"):
        split_key(keys, shares=shares, threshold=threshold)


def test_largest_sharing(keys):
    custody, shares = split_key(keys, shares=255, threshold=255)
    assert combine_shares(custody, named(shares))


def test_other_kinds_of_keys(alice):
    hybrid = [alice._private_key, mlkem.MLKEM768PrivateKey.generate()]
    signing = [ed25519.Ed25519PrivateKey.generate()]
    for keys in (hybrid, signing):
        custody, shares = split_key(keys, shares=2, threshold=2)
        again = combine_shares(custody, named(shares))
        assert [type(key) for key in again] == [type(key) for key in keys]
    assert again[0].private_bytes_raw() == signing[0].private_bytes_raw()


@settings(max_examples=50)
@given(st.data())
def test_documents_come_back(parted, data):
    custody, shares = parted
    share = data.draw(st.sampled_from(shares))
    assert Share.from_words(" ".join(share.words()), where="w") == share
    assert len(share.words()) == 27
    document = ShareFile(custody=custody, words=" ".join(share.words()))
    assert ShareFile.decode(document.encode(), where="f") == document
    assert Custody.decode(custody.encode(), where="f") == custody
    raw = bytearray(document.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = ShareFile.decode(bytes(raw), where="f")
        given_share = Share.from_words(other.words, where="f")
        rest = [s for s in shares if s.number != share.number][:2]
        opened = combine_shares(other.custody, named([given_share, *rest]))
    except (IntegrityError, KeyringError):
        return
    pytest.fail(f"a changed share file rebuilt {len(opened)} keys")


def test_other_words_are_no_share():
    with pytest.raises(KeyringError, match="is not a share"):
        Share.from_words(" ".join(to_words(bytes(10))), where="w")


def test_nothing_of_a_share_in_its_representation(parted):
    assert str(parted[1][0].value) not in repr(parted[1])


def test_keyring_gives_up_and_takes_back(tmp_path, bob):
    ring = SoftwareKeyring(tmp_path)
    ring.create_rsa("reader", PASSPHRASE)
    custody, shares = split_key(ring.private_keys("reader", PASSPHRASE), shares=3, threshold=2)
    keys = combine_shares(custody, named(shares[1:]))
    with pytest.raises(KeyringError, match="is here already"):
        ring.restore("reader", keys, b"new")
    ring.remove_private("reader")
    assert ring.has_public("reader")
    with pytest.raises(KeyringError, match="is not here"):
        ring.remove_private("reader")
    with pytest.raises(KeyringError, match="another key has this name"):
        ring.restore("reader", [bob._private_key], b"new")
    ring.restore("reader", keys, b"new")
    assert ring.identity("reader", b"new").kid == custody.head.kid
    ring.restore("elsewhere", keys, b"new")
    assert ring.recipient("elsewhere").kid == custody.head.kid
    with pytest.raises(KeyringError, match="empty passphrase"):
        ring.restore("third", keys, b"")
