"""(ε, δ) of repeated Gaussian noise, through concentrated differential privacy.

One release with L2 sensitivity Δ and discrete Gaussian noise of variance σ² is
Δ²/(2σ²)-zCDP (Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy",
NeurIPS 2020, Theorem 14); releases add up. ρ-zCDP bounds the Rényi divergence of every order α by
ρα, and that gives (ε, δ) by Proposition 12 of the same paper, minimised over α. It is the
conversion of dp-accounting's ``RdpAccountant``, which :func:`confirm` asks where it is installed.

The noise is a *sum* of the parties' discrete Gaussians, which is not quite one. The difference
(Kairouz, Liu, Steinke, "The Distributed Discrete Gaussian Mechanism", ICML 2021, Theorem 1) is
below exp(−π² σᵢ²) for σᵢ the deviation of one party's share, in units of the last place: with
σᵢ ≥ :data:`LEAST_DEVIATION` there is no floating-point number that small, so it is left out.

Neighbouring data sets differ in one record's contribution being blank. Mini-batches are fixed
beforehand and a record is in one of them an epoch, so each epoch is one release for it. No
amplification by subsampling is claimed: the order of rows is public.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Final

from redactory.errors import InputError, PolicyError

LEAST_DEVIATION: Final = 1 << 10
_ORDERS: Final = tuple(1.01 * 1.01**step for step in range(1400))  # up to about a million


@dataclass(frozen=True)
class Spent:
    """A privacy budget.

    Attributes:
        rho: zCDP of everything that was released.
        epsilon: of (ε, δ)-differential privacy.
        delta: its δ.
    """

    rho: float
    epsilon: float
    delta: float


def rho_of(multiplier: float, releases: int) -> float:
    """The zCDP of ``releases`` with noise of ``multiplier`` times their sensitivity.

    Raises:
        InputError: no noise, or no number of releases.
    """
    if not (multiplier > 0 and releases >= 0):
        raise InputError("noise needs a positive multiplier")
    return releases / (2 * multiplier**2)


def spent(rho: float, delta: float) -> Spent:
    """The least ε that ρ-zCDP implies at ``delta``.

    Raises:
        InputError: not such a δ, or a negative ρ.
    """
    if not 0 < delta < 1 or not rho >= 0:
        raise InputError("δ is between 0 and 1, and ρ is not negative")
    bounds = (
        rho * a + math.log1p(-1 / a) - (math.log(delta) + math.log(a)) / (a - 1) for a in _ORDERS
    )
    return Spent(rho, max(0.0, min(bounds)) if rho else 0.0, delta)


def multiplier_for(epsilon: float, delta: float, releases: int) -> float:
    """The least noise multiplier (to 0.1 %) that keeps ``releases`` within (ε, δ).

    Raises:
        InputError: not such a budget.
        PolicyError: no practical noise is enough.
    """
    if not epsilon > 0 or releases < 1:
        raise InputError("a budget needs a positive ε and something to release")
    low, high = 1e-3, 1e-3
    while spent(rho_of(high, releases), delta).epsilon > epsilon:
        low, high = high, high * 2
        if high > 1e9:
            raise PolicyError("no practical noise keeps within this budget")
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        if spent(rho_of(middle, releases), delta).epsilon > epsilon:
            low = middle
        else:
            high = middle
    return high


def confirm(total: Spent) -> float | None:
    """The ε that dp-accounting gives for the same ρ and δ; None where it is not installed.

    Raises:
        PolicyError: it is larger by more than a thousandth.
    """
    try:
        dp = importlib.import_module("dp_accounting")
        rdp = importlib.import_module("dp_accounting.rdp")
    except ImportError:
        return None
    accountant = rdp.RdpAccountant(orders=list(_ORDERS))
    accountant.compose(dp.ZCDpEvent(total.rho))
    found = float(accountant.get_epsilon(total.delta))
    if found > total.epsilon * 1.001:
        raise PolicyError("dp-accounting finds a larger ε than was claimed")
    return found
