"""The proof file (format 7)."""

from dataclasses import dataclass
from hashlib import sha256
from struct import unpack

from .documents import hexadecimal, integer, members, parse, token
from .group import require
from .model import Policy

_NAMES = (
    *("format", "dataset", "shard", "run", "features", "points_root", "model_id", "first"),
    *("rows", "block_rows", "form", "scores", "labels", "label_commitment"),
)


class Context:
    """What a proof is about."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        value = parse(document)
        members(value, *_NAMES)
        require(value["format"] == "redactory-proof/v1", "an unknown proof")
        for name in ("dataset", "shard", "run"):
            token(value[name])
        hexadecimal(value["features"], 32)
        self.points_root = hexadecimal(value["points_root"], 32)
        self.model_id = hexadecimal(value["model_id"], 32)
        self.first = integer(value["first"], 0, 2**32 - 1)
        self.rows = integer(value["rows"], 1, 2**32 - 1)
        self.block_rows = integer(value["block_rows"], 1, 65536)
        for name, choices in (
            ("form", ("block", "row")),
            ("scores", ("hidden", "revealed")),
            ("labels", ("public", "committed")),
        ):
            require(value[name] in choices, "an unknown mode")
        self.single = value["form"] == "row"
        self.revealed = value["scores"] == "revealed"
        self.committed = value["labels"] == "committed"
        self.label_commitment = hexadecimal(value["label_commitment"], 32 if self.committed else 0)
        require(not (self.revealed and self.committed), "scores would reveal the labels")
        if self.single:
            require(self.rows == self.block_rows == 1, "form row has one row")
            require(not self.revealed and not self.committed, "form row has no such mode")

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First row and number of rows of each block."""
        end = self.first + self.rows
        starts = range(self.first, end, self.block_rows)
        return [(start, min(self.block_rows, end - start)) for start in starts]


@dataclass
class Block:
    """One block as the file holds it."""

    labels: list[int]
    scores: list[int]
    proof: bytes


class ProofFile:
    """Context and blocks; their numbers are not checked against each other here."""

    def __init__(self, data: bytes) -> None:
        self._rest = data
        require(self._take(8) == b"RDPROOF1", "no proof file")
        length = self._u32()
        require(length <= 4096, "the context is too long")
        self.context = Context(self._take(length))
        # A count of blocks is no reason to allocate: the context says how many there may be.
        count = self._u32()
        context = self.context
        require(count == -(-context.rows // context.block_rows), "wrong number of blocks")
        self.blocks = []
        for _ in range(count):
            self.blocks.append(self._block())
        require(not self._rest, "a proof file is too long")

    def _block(self) -> Block:
        labels, scores, proof = (self._take(self._u32()) for _ in range(3))
        require(len(labels) % 2 == 0 and len(scores) % 8 == 0, "part of a number")
        return Block(
            list(unpack(f"<{len(labels) // 2}H", labels)),
            list(unpack(f"<{len(scores) // 8}q", scores)),
            proof,
        )

    def _u32(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _take(self, length: int) -> bytes:
        require(length <= len(self._rest), "a proof file is too short")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


def check_commitment(context: Context, labels: list[int], salt: bytes) -> None:
    """The labels and the salt open the commitment to labels."""
    require(len(salt) == 32, "a salt has 32 bytes")
    require(len(labels) == context.rows, "a label for each row")
    require(all(0 <= label < 2**32 for label in labels), "a label is out of bounds")
    data = b"".join(label.to_bytes(4, "little") for label in labels)
    digest = sha256(b"redactory/labels/v1" + salt + data).digest()
    require(digest == context.label_commitment, "the labels do not open the commitment")


def check_block(
    block: Block, labels: list[int], rows: int, policy: Policy, context: Context
) -> None:
    """Labels and scores are allowed, and belong together."""
    require(len(labels) == rows, "a label for each row")
    require(all(0 <= label < policy.labels for label in labels), "no such label")
    require(not (context.committed and block.labels), "committed labels are not in the file")
    outputs = policy.outputs
    require(len(block.scores) == (rows * outputs if context.revealed else 0), "wrong scores")
    require(all(abs(score) <= policy.score_bound for score in block.scores), "no such score")
    if context.revealed:
        for row, label in enumerate(labels):
            scores = block.scores[row * outputs : (row + 1) * outputs]
            best = int(scores[0] >= 0) if outputs == 1 else scores.index(max(scores))
            require(label == best, "a label is not that of its scores")
