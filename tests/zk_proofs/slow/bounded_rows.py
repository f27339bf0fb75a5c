"""Bounded rows (format 4.6): commitments whose values lie in public intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from .arguments import Relation, linear_form, lookup, pad
from .dialogue import Dialogue
from .group import ORDER
from .sums import Sum, combine, combine_powers, point, powers


@dataclass(frozen=True)
class Interval:
    """The integers low … high."""

    low: int
    high: int

    @property
    def digits(self) -> int:
        """κ."""
        return max(1, base_256_length(self.high - self.low))

    @property
    def full(self) -> bool:
        """Whether κ bytes say exactly this interval."""
        return self.high - self.low + 1 == 1 << 8 * self.digits

    @property
    def digits_spent(self) -> int:
        """Digits of one value."""
        return self.digits * (1 if self.full else 2)

    @property
    def max(self) -> int:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high


def base_256_length(value: int) -> int:
    """The "bytes of" a number that is not negative."""
    return (value.bit_length() + 7) // 8


NONE = Interval(0, 0)


@dataclass(frozen=True)
class BoundedRows:
    """The statement."""

    side: str
    width: int
    rows: Sequence[bytes]
    numbers: Sequence[bytes]
    row_bounds: Interval
    number_bounds: Interval = NONE

    def verify(self, context: bytes, proof: bytes, equations: list[Sum]) -> None:
        """Append the proof's equations, or raise InvalidError."""
        dialogue = Dialogue(proof, equations)
        self._begin(dialogue, context)
        spread = pad(self.width)
        rows, numbers = map(point, self.rows), [point(encoding) for encoding in self.numbers]
        c_d = dialogue.receive("C_d")
        alpha, rho = dialogue.challenge("alpha"), dialogue.challenge("rho")
        c_r, v_t = dialogue.receive("C_r"), dialogue.receive("V_t")
        e = dialogue.challenge("e")
        form = [e * power % ORDER for power in islice(powers(rho), spread)]
        claim = combine((1, combine_powers(pow(rho, spread, ORDER), rows)), (e, v_t))
        linear_form(dialogue, self.side, form, claim)
        row_factors = [
            pow(rho, spread * k + i, ORDER)
            for k in range(len(self.rows))
            for i in range(self.width)
        ]
        number_factors = list(islice(powers(rho), len(numbers)))

        def relation(_y: int, z: int) -> Relation:
            p_rows, c_rows = _contribution(self.row_bounds, row_factors, z * z, z**3)
            p_numbers, c_numbers = _contribution(self.number_bounds, number_factors, z**4, z**5)
            v = combine((z * z, v_t), (z**4, combine_powers(rho, numbers)))
            return Relation(p_rows + p_numbers, [], c_rows + c_numbers, v)

        digits = len(row_factors) * self.row_bounds.digits_spent
        digits += len(numbers) * self.number_bounds.digits_spent
        lookup(dialogue, digits=digits, extras=0, alpha=alpha, c_d=c_d, c_r=c_r, relation=relation)
        dialogue.end()

    def _begin(self, dialogue: Dialogue, context: bytes) -> None:
        dialogue.append("statement", b"bounded-rows")
        dialogue.append("context", context)
        dialogue.append("side", self.side.encode())
        dialogue.append_u64("width", self.width)
        for label, commitments in (("row", self.rows), ("number", self.numbers)):
            dialogue.append_u64("count", len(commitments))
            for commitment in commitments:
                dialogue.append(label, commitment)
        for bounds in (self.row_bounds, self.number_bounds):
            for bound in (bounds.low, bounds.high):
                dialogue.append("bound", bound.to_bytes(8, "little", signed=True))


def _contribution(
    bounds: Interval, factors: list[int], first: int, second: int
) -> tuple[list[int], int]:
    """p and c of the values with these φ; `first` and `second` are the two powers of z."""
    below = first if bounds.full else first + second
    p = [below * phi * 256**j for phi in factors for j in range(bounds.digits)]
    c = -first * bounds.low * sum(factors)
    if not bounds.full:
        p += [second * phi * 256**j for phi in factors for j in range(bounds.digits)]
        c += second * (bounds.high - bounds.low) * sum(factors)
    return p, c
