"""Secure aggregation: the sum of many organisations' updates, and nothing of any one of them.

The problem of Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine
Learning", CCS 2017, solved with the parties that are there anyway:

1. An organisation clips its update to an L2 norm, rounds it to integers, and shares it among the
   n parties (Shamir, threshold t).
2. Each party says whose shares it holds whole. The *roster* is who is in every list; whoever
   dropped out before is simply not in it, and afterwards is not needed any more. There is no
   second phase in which survivors hand over masks of those who dropped out.
3. Below the smallest roster nothing is opened: a sum of few says much about each.
4. Each party adds up its shares of the roster, and shares of its own noise
   (:mod:`mpc_jobs.privacy.noise`), and opens the total.

An organisation that shares more than the clipped norm is not found out: that needs a range proof.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpc_jobs import field
from mpc_jobs.kernels import Elements
from mpc_jobs.sharing import RandomBytes, Scheme
from redactory.errors import InputError, PartyError, PolicyError

_MOST_BITS = 40


@dataclass(frozen=True)
class Aggregation:
    """What all organisations and parties of a round agree on.

    Attributes:
        scheme: parties and threshold.
        size: entries of an update.
        clip: largest L2 norm of an update.
        fraction_bits: an integer v stands for v / 2^fraction_bits.
        smallest_roster: fewer organisations are not added up.
        most: more do not take part; bounds the sum.

    Raises:
        InputError: bounds that make no sense, or a sum that might overflow.
    """

    scheme: Scheme
    size: int
    clip: float
    fraction_bits: int = 20
    smallest_roster: int = 3
    most: int = 10_000

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        sound = self.size > 0 and 0 < self.clip < 2.0**_MOST_BITS
        if not sound or not 0 <= self.fraction_bits <= _MOST_BITS:
            raise InputError("updates need a size, a norm to clip to, and up to 40 fractional bits")
        if not 2 <= self.smallest_roster <= self.most < 1 << _MOST_BITS:
            raise InputError("a sum of fewer than two organisations protects nobody")

    @property
    def sensitivity(self) -> int:
        """L2 norm of one organisation's part of the sum, in integer units."""
        return math.ceil(math.ldexp(self.clip, self.fraction_bits))

    def integers(self, update: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
        """The update clipped to the norm and rounded towards zero.

        Raises:
            InputError: another size, or an entry that is no number.
        """
        exact = np.asarray(update, np.float64)
        if exact.shape != (self.size,) or not np.isfinite(exact).all():
            raise InputError(f"an update has {self.size} finite entries")
        norm = float(np.linalg.norm(exact))
        # A grain below the bound: the last place of a floating-point norm must not go over it.
        scaled = exact * min(1.0, self.clip * (1 - 2**-40) / norm) if norm else exact
        found: npt.NDArray[np.int64] = np.trunc(scaled * 2**self.fraction_bits).astype(np.int64)
        return found

    def share(
        self, update: npt.NDArray[np.floating], random_bytes: RandomBytes = os.urandom
    ) -> list[Elements]:
        """An organisation's update as shares for parties 1 … n."""
        return self.scheme.share(field.from_signed(self.integers(update)), random_bytes)

    def roster(self, holdings: Mapping[int, Collection[str]]) -> tuple[str, ...]:
        """Whose updates are added up, out of what each party holds whole.

        Args:
            holdings: party number → names of organisations. A party that is down is left out.

        Raises:
            PartyError: too few parties to open a sum.
            PolicyError: too few organisations, or too many.
        """
        if len(holdings) < self.scheme.t + 1 or not holdings.keys() <= set(self.scheme.parties):
            raise PartyError(f"{len(holdings)} parties cannot open a sum")
        common = set.intersection(*map(set, holdings.values()))
        if not self.smallest_roster <= len(common) <= self.most:
            raise PolicyError(
                f"{len(common)} organisations are complete, between {self.smallest_roster} and "
                f"{self.most} are wanted; nothing was added up"
            )
        return tuple(sorted(common))

    def add(
        self,
        roster: Sequence[str],
        held: Mapping[str, Elements],
        noise: Sequence[Elements] = (),
    ) -> Elements:
        """A party's share of the sum.

        Args:
            roster: the agreed one.
            held: this party's shares by organisation.
            noise: this party's shares of every party's noise.

        Raises:
            PartyError: it lacks a share, or holds a malformed one.
        """
        shape = (2, self.size)
        total = field.zeros((self.size,))
        for name in roster:
            if name not in held:
                raise PartyError("lacks the share of an organisation of the roster", where=name)
            if held[name].shape != shape or not field.is_canonical(held[name]):
                raise PartyError("holds a malformed share", where=name)
            total = field.add(total, held[name])
        for part in noise:
            total = field.add(total, part)
        return total

    def open(self, shares: Mapping[int, Elements]) -> npt.NDArray[np.float64]:
        """The sum out of at least t + 1 parties' shares of it, in real units.

        Raises:
            PartyError: too few shares, or they do not fit together.
        """
        total = field.to_signed(self.scheme.reconstruct(shares, degree=self.scheme.t))
        return np.asarray(total.astype(np.float64) / 2**self.fraction_bits)
