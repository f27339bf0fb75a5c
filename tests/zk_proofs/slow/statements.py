"""The statements of format 8: a block of rows, its labels, and a model."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from .arguments import Relation, bit_range, lookup, pad, product
from .dialogue import Dialogue
from .group import ORDER
from .model import Layer, Model
from .proof_file import Context
from .sums import Sum, combine, combine_powers, number, point, powers, vector


@dataclass(frozen=True)
class Block:
    """B rows from row `first` on."""

    context: Context
    model: Model
    first: int
    points: list[bytes]
    labels: list[int]
    scores: list[int]

    @property
    def kind(self) -> str:
        """Which statement this is."""
        if self.context.single:
            return "linear-row"
        return "linear-block" if len(self.model.layers) == 1 else "mlp-block"

    def combined_inputs(self, delta: int) -> Sum:
        """Σ_j δ^j·X_j."""
        return combine_powers(delta, map(point, self.points))


@dataclass(frozen=True)
class Scores:
    """The margins, or the revealed scores, of the last layer (8.1 and 8.2)."""

    block: Block
    delta: int
    gamma: int

    @property
    def last(self) -> Layer:
        return self.block.model.layers[-1]

    @property
    def outputs(self) -> int:
        """K."""
        return len(self.last.rows)

    @property
    def gammas(self) -> list[int]:
        """γ^k."""
        return list(islice(powers(self.gamma), self.outputs))

    @property
    def deltas(self) -> list[int]:
        """δ^j."""
        return list(islice(powers(self.delta), len(self.block.labels)))

    def rows(self) -> Sum:
        """Σ_k γ^k·C_k."""
        return combine_powers(self.gamma, self.last.row_sums)

    def biases(self) -> Sum:
        """Δ·Σ_k γ^k·B_k."""
        return combine((sum(self.deltas), combine_powers(self.gamma, self.last.bias_sums)))

    def revealed(self) -> int:
        """Σ_jk δ^j·γ^k·s_jk."""
        factors = (d * g for d in self.deltas for g in self.gammas)
        return sum(f * s for f, s in zip(factors, self.block.scores, strict=True))

    def p_digits(self, z_power: int) -> list[int]:
        """p at the digits of the margins; none if the scores are revealed."""
        if self.block.context.revealed:
            return []
        digits = self.block.model.policy.score_digits
        rows = zip(self.deltas, self.block.labels, strict=True)
        if self.outputs == 1:
            factors = [d if label else -d for d, label in rows]
        else:
            factors = [-d * g for d, y in rows for k, g in enumerate(self.gammas) if k != y]
        return [z_power * factor * 256**i for factor in factors for i in range(digits)]

    def p_extras(self, z_power: int) -> list[int]:
        """p at the S_j."""
        if self.block.context.revealed or self.outputs == 1:
            return []
        return [z_power * d * sum(self.gammas) for d in self.deltas]

    def c(self, z_power: int) -> int:
        """The constant."""
        if self.block.context.revealed:
            return -z_power * self.revealed()
        rows = zip(self.deltas, self.block.labels, strict=True)
        if self.outputs == 1:
            return z_power * sum(d for d, label in rows if label == 0)
        return z_power * sum(d * sum(self.gammas[:y]) for d, y in rows)

    def counts(self) -> tuple[int, int]:
        """How many digits and extras the margins have."""
        return len(self.p_digits(1)), len(self.p_extras(1))


def verify_block(block: Block, proof: bytes, equations: list[Sum]) -> None:
    """Append the equations of a block's proof, or raise InvalidError."""
    dialogue = Dialogue(proof, equations)
    _begin(dialogue, block)
    if block.kind == "linear-row":
        _linear_row(dialogue, block)
    elif block.kind == "mlp-block":
        _mlp_block(dialogue, block)
    elif block.context.revealed:
        _linear_block_revealed(dialogue, block)
    else:
        _linear_block(dialogue, block)
    dialogue.end()


def _packed(values: Iterable[int], size: int) -> bytes:
    return b"".join(value.to_bytes(size, "little", signed=size == 8) for value in values)


def _begin(dialogue: Dialogue, block: Block) -> None:
    dialogue.append("statement", block.kind.encode())
    dialogue.append("context", block.context.document)
    dialogue.append("model", block.model.model_id)
    dialogue.append("commitments", block.model.commitments_digest)
    dialogue.append_u64("first", block.first)
    dialogue.append_u64("rows", len(block.points))
    dialogue.append_u64("digits", block.model.policy.score_digits)
    dialogue.append_hash("inputs", b"".join(block.points))
    dialogue.append_hash("labels", _packed(block.labels, 4))
    if block.context.revealed:
        dialogue.append_hash("scores", _packed(block.scores, 8))


def _linear_block(dialogue: Dialogue, block: Block) -> None:
    """8.1."""
    c_d = dialogue.receive("C_d")
    alpha = dialogue.challenge("alpha")
    scores = Scores(block, dialogue.challenge("delta"), dialogue.challenge("gamma"))
    c_r, v_t = dialogue.receive("C_r"), dialogue.receive("V_t")
    inputs = block.combined_inputs(scores.delta)
    product(dialogue, pad(block.model.policy.inputs), scores.rows(), inputs, v_t)
    digits, extras = scores.counts()

    def relation(_y: int, z: int) -> Relation:
        p = scores.p_digits(z**2) + [0] * 256 + scores.p_extras(z**2)
        v = combine((z**2, v_t), (z**2, scores.biases()))
        return Relation(p, [0] * extras, scores.c(z**2), v)

    lookup(dialogue, digits=digits, extras=extras, alpha=alpha, c_d=c_d, c_r=c_r, relation=relation)


def _linear_block_revealed(dialogue: Dialogue, block: Block) -> None:
    """8.2."""
    scores = Scores(block, dialogue.challenge("delta"), dialogue.challenge("gamma"))
    t = combine((1, number(scores.revealed())), (-1, scores.biases()))
    inputs = block.combined_inputs(scores.delta)
    product(dialogue, pad(block.model.policy.inputs), scores.rows(), inputs, t)


def _linear_row(dialogue: Dialogue, block: Block) -> None:
    """8.3."""
    layer = block.model.layers[0]
    outputs = len(layer.rows)
    values = [dialogue.receive("V") for _ in range(outputs)]
    gamma = dialogue.challenge("gamma")
    t = combine((1, combine_powers(gamma, values)), (-1, combine_powers(gamma, layer.bias_sums)))
    rows = combine_powers(gamma, layer.row_sums)
    product(dialogue, pad(block.model.policy.inputs), rows, point(block.points[0]), t)
    label = block.labels[0]
    if outputs == 1:
        margins = [values[0] if label else combine((-1, values[0]), (-1, number(1)))]
    else:
        margins = [
            combine((1, values[label]), (-1, values[k]), (-(k < label), number(1)))
            for k in range(outputs)
            if k != label
        ]
    margins += [{}] * (pad(len(margins)) - len(margins))
    bit_range(dialogue, 8 * pad(block.model.policy.score_digits), margins)


def _mlp_block(dialogue: Dialogue, block: Block) -> None:
    """8.4."""
    first = block.model.layers[0]
    policy = block.model.policy
    hidden = len(first.rows)
    c_d = dialogue.receive("C_d")
    alpha, delta = dialogue.challenge("alpha"), dialogue.challenge("delta")
    gamma_1 = dialogue.challenge("gamma_1")
    scores = Scores(block, delta, dialogue.challenge("gamma_2"))
    c_h, c_r = dialogue.receive("C_h"), dialogue.receive("C_r")
    theta, kappa = dialogue.challenge("theta"), dialogue.challenge("kappa")
    v_1, v_2 = dialogue.receive("V_1"), dialogue.receive("V_2")
    rows_1 = combine_powers(gamma_1, first.row_sums)
    product(dialogue, pad(policy.inputs), rows_1, block.combined_inputs(delta), v_1)
    binding = vector("G", islice(powers(theta), hidden))
    product(dialogue, pad(hidden), combine((1, scores.rows()), (kappa, binding)), c_h, v_2)
    units = len(block.labels) * hidden
    groups = 2 if policy.activation == "relu" else 1
    score_digits, score_extras = scores.counts()
    digits = units * groups * policy.hidden_digits + score_digits
    biases_1 = combine((sum(scores.deltas), combine_powers(gamma_1, first.bias_sums)))

    def relation(y: int, z: int) -> Relation:
        powers_1 = list(islice(powers(gamma_1), hidden))
        powers_h = list(islice(powers(theta), hidden))
        phi = [z**2 * d * g for d in scores.deltas for g in powers_1]
        psi = [z**3 * kappa * d * t for d in scores.deltas for t in powers_h]
        tau = list(islice(islice(powers(z), 4, None, 2), units))
        high = [256**i if i >= 0 else 0 for i in range(-policy.shift, policy.hidden_digits)]
        low = [256**i for i in range(policy.hidden_digits)]
        p: list[int] = []
        if policy.activation == "relu":
            for f, s, t in zip(phi, psi, tau, strict=True):
                p += [(f - t) * low_i + s * high_i for low_i, high_i in zip(low, high)]  # noqa: B905
            for f, t in zip(phi, tau, strict=True):
                p += [-(f + z * t) * low_i for low_i in low]
            p_units, q_units = tau, [z * t for t in tau]
        else:
            for unit, s in enumerate(psi):
                omega = pow(y, digits + 256 + unit + 1, ORDER)
                p += [s * high_i - omega * low_i for low_i, high_i in zip(low, high)]  # noqa: B905
            p_units = [f + t for f, t in zip(phi, tau, strict=True)]
            q_units = [-t for t in tau]
        p += scores.p_digits(z**3) + [0] * 256 + p_units + scores.p_extras(z**3)
        v = combine((z**2, v_1), (z**2, biases_1), (z**3, v_2), (z**3, scores.biases()))
        return Relation(p, q_units + [0] * score_extras, scores.c(z**3), v)

    lookup(
        dialogue,
        digits=digits,
        extras=units + score_extras,
        alpha=alpha,
        c_d=c_d,
        c_r=c_r,
        relation=relation,
    )
