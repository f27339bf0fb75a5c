"""Pseudo-random secret sharing: common randomness without communication.

Cramer, Damgård, Ishai, "Share Conversion, Pseudorandom Secret-Sharing and Applications to
Secure Computation", TCC 2005, section 3. Every set A of n − t parties holds a key; its streams
are AES-256-CTR. Σ_A f_A(i) · r_A is party i's share of Σ_A r_A, which is unknown to any t
parties: they miss the key of exactly the set they are not in.

A stream's key is HKDF of the set's key, the session and a purpose. A session is entered once
(:mod:`mpc_jobs.stream_log`), its counters only go forward, so no block is ever used twice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from mpc_jobs import field
from mpc_jobs.kernels import Elements
from mpc_jobs.sharing import Scheme, set_weight

KeySet = tuple[int, ...]

_BLANK = bytes(1 << 16)


class Stream:
    """One key stream of a set; what was drawn is never drawn again.

    Attributes:
        drawn: bytes drawn so far.
    """

    def __init__(self, set_key: bytes, session: bytes, purpose: str) -> None:
        key = HKDFExpand(
            algorithm=hashes.SHA256(),
            length=32,
            info=b"redactory-mpc/v1 stream\0" + session + purpose.encode(),
        ).derive(set_key)
        self._cipher: CipherContext = Cipher(
            algorithms.AES256(key), modes.CTR(bytes(16))
        ).encryptor()
        self.drawn = 0

    def draw(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        self.drawn += size
        if size <= len(_BLANK):
            return self._cipher.update(memoryview(_BLANK)[:size])
        return self._cipher.update(bytes(size))


class CommonRandomness:
    """Party ``me``'s side of the shared randomness of one session.

    Args:
        scheme: how many parties, and how many may collude.
        me: this party's number.
        keys: the keys of the sets that ``me`` is in.
        session: 32 bytes, fresh for every session.
    """

    def __init__(
        self, scheme: Scheme, me: int, keys: Mapping[KeySet, bytes], session: bytes
    ) -> None:
        self.scheme, self.me, self.session = scheme, me, session
        self._streams = {a: Stream(key, session, "masks") for a, key in sorted(keys.items())}
        self._weights = {a: set_weight(scheme, a, me) for a in self._streams}
        self._high = np.uint64((1 << (scheme.mask_bits - 64)) - 1)

    @property
    def drawn(self) -> int:
        """Bytes drawn of each stream so far."""
        return next(iter(self._streams.values())).drawn

    def statistical_mask(self, covered: Elements, shift: int) -> tuple[Elements, Elements]:
        """Cover a product before it is opened.

        Args:
            covered: shares of degree up to 2t.
            shift: how many bits the opened value will be shifted.

        Returns:
            shares of ``covered`` + Σ r_A of degree 2t, re-randomised by a sharing of zero;
            and shares of Σ ⌊r_A / 2^shift⌋ of degree t. Each r_A is uniform below 2^R.
        """
        quotient = np.zeros_like(covered)
        for key_set, weight in self._weights.items():
            r, polynomial = self._words(key_set, covered.shape[1:], high=self._high)
            covered = field.scale_add(covered, polynomial, weight)
            quotient = field.scale_add(quotient, field.shift_right(r, shift), weight)
        return covered, quotient

    def uniform_mask(self, covered: Elements) -> tuple[Elements, Elements]:
        """The same with a mask r uniform in the field: (``covered`` + r, shares of r)."""
        mask = np.zeros_like(covered)
        for key_set, weight in self._weights.items():
            r, polynomial = self._words(key_set, covered.shape[1:], high=None)
            covered = field.scale_add(covered, polynomial, weight)
            mask = field.scale_add(mask, r, weight)
        return covered, mask

    def zero(self, covered: Elements) -> Elements:
        """``covered`` plus a sharing of zero of degree 2t."""
        for key_set, weight in self._weights.items():
            polynomial = self._zero_words(key_set, covered.shape[1:])
            covered = field.scale_add(covered, polynomial, weight)
        return covered

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Shares, of degree t, of uniform elements that nobody knows."""
        result = field.zeros(shape)
        for key_set, weight in self._weights.items():
            r = field.from_words(self._draw(key_set, shape), shape)
            result = field.scale_add(result, r, weight)
        return result

    def random_below(self, shape: tuple[int, ...], *, shift: int) -> Elements:
        """Shares of Σ ⌊r_A / 2^shift⌋, each r_A uniform below 2^R."""
        result = field.zeros(shape)
        for key_set, words in self.set_words(shape).items():
            result = field.scale_add(
                result, field.shift_right(words, shift), self._weights[key_set]
            )
        return result

    def set_words(self, shape: tuple[int, ...]) -> dict[KeySet, Elements]:
        """One array below 2^R for every set that this party is in."""
        drawn = {}
        for key_set in self._weights:
            words = field.from_words(self._draw(key_set, shape), shape)
            words[1] &= self._high
            drawn[key_set] = words
        return drawn

    def set_bytes(self, size: int) -> dict[KeySet, bytes]:
        """``size`` bytes for every set that this party is in."""
        return {key_set: stream.draw(size) for key_set, stream in self._streams.items()}

    def _words(
        self, key_set: KeySet, shape: tuple[int, ...], *, high: np.uint64 | None
    ) -> tuple[Elements, Elements]:
        """r, and r + z_1 x + … + z_t x^t at this party's point x."""
        r = field.from_words(self._draw(key_set, shape), shape)
        if high is not None:
            r[1] &= high
        zero = self._zero_words(key_set, shape)
        return r, field.add(r, zero)

    def _zero_words(self, key_set: KeySet, shape: tuple[int, ...]) -> Elements:
        """z_1 x + … + z_t x^t; times f_A it is zero at 0 and of degree 2t."""
        polynomial = field.zeros(shape)
        for _ in range(self.scheme.t):
            z = field.from_words(self._draw(key_set, shape), shape)
            polynomial = field.add(polynomial, z)
            polynomial = field.scale(polynomial, self.me)
        return polynomial

    def _draw(self, key_set: KeySet, shape: tuple[int, ...]) -> bytes:
        return self._streams[key_set].draw(field.ELEMENT_BYTES * int(np.prod(shape)))
