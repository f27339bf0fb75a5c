"""Ways to make a valid proof invalid, for comparing verifiers.

Each mutation takes what a verifier is given and returns it changed, or None where there is
nothing of its kind to change. Digests that anybody can compute are made to fit again, so that
a mutation is found by the rule it breaks and not by a digest before it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from random import Random
from struct import pack
from typing import Any

from .documents import canonical
from .given import Given, encode, flip, flip_hex
from .group import ORDER, P
from .sums import BASE

Mutation = Callable[[Given, Random], Given | None]


def bit_of_the_file(given: Given, rng: Random) -> Given:
    """Any bit at all."""
    return replace(given, data=flip(given.data, rng))


def cut_or_longer(given: Given, rng: Random) -> Given:
    """Bytes less or more."""
    cut = given.data[: rng.randrange(len(given.data))]
    return replace(given, data=rng.choice([cut, given.data + rng.randbytes(rng.randint(1, 40))]))


def _with_proof(given: Given, rng: Random, change: Callable[[bytes], bytes]) -> Given:
    blocks = given.file.blocks
    block = rng.choice(blocks)
    block.proof = change(block.proof)
    return given.with_blocks(blocks)


def element_replaced(given: Given, rng: Random) -> Given:
    """A point or scalar becomes another valid one, or one that is not canonical."""

    def change(proof: bytes) -> bytes:
        at = 32 * rng.randrange(len(proof) // 32)
        value = int.from_bytes(proof[at : at + 32], "little")
        others = [BASE, bytes(32), b"\1" + bytes(31), rng.randbytes(32)]
        others += [(value + by).to_bytes(33, "little")[:32] for by in (1, 2, ORDER, P)]
        others += [((ORDER - value) % ORDER).to_bytes(32, "little")]
        others += [((P - value) % P).to_bytes(32, "little")]
        other = rng.choice(others)
        if other == proof[at : at + 32]:
            other = BASE
        return proof[:at] + other + proof[at + 32 :]

    return _with_proof(given, rng, change)


def elements_exchanged(given: Given, rng: Random) -> Given | None:
    """Two elements change places."""

    def change(proof: bytes) -> bytes:
        elements = [proof[at : at + 32] for at in range(0, len(proof), 32)]
        i, j = rng.sample(range(len(elements)), 2)
        elements[i], elements[j] = elements[j], elements[i]
        return b"".join(elements)

    return _with_proof(given, rng, change)


def scalar_shifted(given: Given, rng: Random) -> Given:
    """One of the last scalars becomes another canonical one."""

    def change(proof: bytes) -> bytes:
        at = len(proof) - 32 * rng.randint(1, 3)
        value = int.from_bytes(proof[at : at + 32], "little")
        shifted = (value + rng.randrange(1, ORDER)) % ORDER
        return proof[:at] + shifted.to_bytes(32, "little") + proof[at + 32 :]

    return _with_proof(given, rng, change)


def proof_length(given: Given, rng: Random) -> Given:
    """A proof with an element less or more, or a part of one."""
    by = rng.choice([1, 31, 32, 64])
    cut = rng.random() < 0.5
    return _with_proof(given, rng, lambda proof: proof[:-by] if cut else proof + proof[:by])


def other_label(given: Given, rng: Random) -> Given:
    """A label that is not the model's."""
    label = rng.choice([0, 1, 2, 3, 65535])
    if given.file.context.committed:
        labels = list(given.evidence.labels)
        at = rng.randrange(len(labels))
        labels[at] = label if labels[at] != label else label + 1
        return _recommitted(given, labels, rng.random() < 0.8)
    blocks = given.file.blocks
    labels = rng.choice(blocks).labels
    at = rng.randrange(len(labels))
    labels[at] = label if labels[at] != label else (label + 1) % 65536
    return given.with_blocks(blocks)


def _recommitted(given: Given, labels: list[int], fitting: bool) -> Given:
    changed = replace(given, evidence=replace(given.evidence, labels=labels))
    if not fitting:
        return changed
    data = b"redactory/labels/v1" + given.evidence.salt + pack(f"<{len(labels)}I", *labels)
    return changed.with_context({"label_commitment": sha256(data).hexdigest()})


def other_score(given: Given, rng: Random) -> Given | None:
    """A score that is not the model's; half of the time with the label that it would give."""
    blocks = given.file.blocks
    block = rng.choice(blocks)
    if not block.scores:
        return None
    outputs = len(block.scores) // len(block.labels)
    at = rng.randrange(len(block.scores))
    block.scores[at] += rng.choice([-1, 1, -(2**20), 2**20, 2**62 - block.scores[at]])
    if rng.random() < 0.5:
        row = block.scores[at - at % outputs :][:outputs]
        label = int(row[0] >= 0) if outputs == 1 else row.index(max(row))
        block.labels[at // outputs] = label
    return given.with_blocks(blocks)


def counts_of_a_block(given: Given, rng: Random) -> Given:
    """A label or score more or less than there are rows."""
    blocks = given.file.blocks
    block = rng.choice(blocks)
    values = rng.choice([block.labels, block.scores])
    if values and rng.random() < 0.5:
        values.pop()
    else:
        values.append(0)
    return given.with_blocks(blocks)


def blocks_moved(given: Given, rng: Random) -> Given:
    """Blocks exchanged, doubled or left out."""
    blocks = given.file.blocks
    if len(blocks) > 1 and rng.random() < 0.5:
        return given.with_blocks(blocks[1:] + blocks[:1])
    return given.with_blocks(rng.choice([blocks + blocks[:1], blocks[1:]]))


def other_context(given: Given, rng: Random) -> Given:
    """A member of the context, changed in the file and in what is expected."""
    context = json.loads(given.evidence.context)
    choices: list[dict[str, Any]] = [
        {name: context[name] + suffix}
        for name in ("dataset", "shard", "run")
        for suffix in ("x", " ", "\u00e9", "\n")
    ]
    choices += [{name: flip_hex(context[name])} for name in ("features", "points_root", "model_id")]
    choices += [{"features": context["features"].upper() + "A"}, {"features": None}, {"more": 1}]
    for name in ("first", "rows", "block_rows"):
        choices += [{name: v} for v in (0, -1, context[name] + 1, 2**32, 65537, True, "1")]
    choices += [{"form": "row"}, {"form": "block", "block_rows": 65536}, {"form": ["row"]}]
    choices += [{"scores": "revealed"}, {"scores": "hidden"}, {"labels": "committed"}]
    choices += [{"labels": "public"}, {"label_commitment": "00" * 32}, {"format": "x"}]
    same = given.evidence.context
    changes = rng.choice([c for c in choices if canonical(context | c) != same])
    return given.with_context(changes)


def other_expectation(given: Given, rng: Random) -> Given:
    """A valid file about something else than expected."""
    context = json.loads(given.evidence.context)
    context[rng.choice(["dataset", "shard", "run"])] += "x"
    return replace(given, evidence=replace(given.evidence, context=canonical(context)))


def document_not_canonical(given: Given, rng: Random) -> Given:
    """The same values in other bytes."""

    def spoil(document: bytes) -> bytes:
        value = json.loads(document)
        backwards = dict(reversed(value.items()))
        return rng.choice(
            [
                document + b"\n",
                b" " + document,
                json.dumps(value).encode(),
                json.dumps(backwards, separators=(",", ":")).encode(),
                document.replace(b'"format"', b'"\\u0066ormat"', 1),
                document[:-1] + b"," + document[1:],
                b"\xef\xbb\xbf" + document,
            ]
        )

    if rng.random() < 0.5:
        return replace(given, evidence=replace(given.evidence, model=spoil(given.evidence.model)))
    context = spoil(given.evidence.context)
    data = encode(context, given.file.blocks)
    return Given(data, replace(given.evidence, context=context))


def other_point(given: Given, rng: Random) -> Given:
    """A point replaced, points exchanged, or one more or less."""
    points = list(given.evidence.points)
    context = given.file.context
    at = context.first + rng.randrange(context.rows)
    choice = rng.randrange(4)
    if choice == 0:
        points[at] = rng.choice([BASE, bytes(32), rng.randbytes(32), b"\xff" * 32])
    elif choice == 1:
        points[at] = flip(points[at], rng)
    elif choice == 2:
        points.append(BASE)
    else:
        points.pop()
    if rng.random() < 0.3:
        return replace(given, evidence=replace(given.evidence, points=points))
    return given.with_points(points)


def other_model(given: Given, rng: Random) -> Given:
    """A policy, a commitment or a text of the model changed, under a new name."""
    value = json.loads(given.evidence.model)
    policy, layer = value["policy"], rng.choice(value["layers"])
    part = layer[rng.choice(["rows", "biases"])]
    choice = rng.randrange(7)
    if choice == 0:
        part[rng.randrange(len(part))] = rng.choice([BASE.hex(), "00" * 32, "ff" * 32, "", 1])
    elif choice == 1:
        part.append(part[0])
    elif choice == 2:
        bounds = rng.choice([policy["input"], policy["layers"][0]["weight"]])
        bounds[rng.randrange(2)] += rng.choice([-1, 1, 2**31])
    elif choice == 3:
        policy["shift"] = rng.choice([-1, 8, True, policy["shift"] + 1])
    elif choice == 4:
        policy["activation"] = rng.choice(
            ["sigmoid", "none" if len(value["layers"]) > 1 else "relu"]
        )
    elif choice == 5:
        value["job_digest"] = flip_hex(value["job_digest"] or "1")
    else:
        policy["inputs"] += rng.choice([-1, 1, 65536])
    return given.with_model(value)


def other_model_proof(given: Given, rng: Random) -> Given:
    """A proof of bounds changed, or parameters that are not those of the commitments."""
    value = json.loads(given.evidence.model)
    if value["parameters"] is None:
        proofs = value["proofs"]
        at = rng.randrange(len(proofs))
        proof = bytes.fromhex(proofs[at])
        choices = [[flip(proof, rng)], [flip(proof, rng)], [], [proof, proof], [proof[:-32]]]
        proofs[at : at + 1] = [one.hex() for one in rng.choice(choices)]
    else:
        layer = value["parameters"][0]
        row = rng.choice([layer["biases"], layer["weights"][0]])
        row[rng.randrange(len(row))] += rng.choice([-1, 1, 2**31])
    return replace(given, evidence=replace(given.evidence, model=canonical(value)))


def other_salt(given: Given, rng: Random) -> Given | None:
    """Labels or a salt that do not open the commitment."""
    salt = given.evidence.salt
    if not given.file.context.committed:
        return None
    others = [flip(salt, rng), salt[:-1], salt + b"\0", b""]
    return replace(given, evidence=replace(given.evidence, salt=rng.choice(others)))


MUTATIONS: tuple[Mutation, ...] = (
    bit_of_the_file,
    cut_or_longer,
    element_replaced,
    elements_exchanged,
    scalar_shifted,
    proof_length,
    other_label,
    other_score,
    counts_of_a_block,
    blocks_moved,
    other_context,
    other_expectation,
    document_not_canonical,
    other_point,
    other_model,
    other_model_proof,
    other_salt,
)


def mutate(given: Given, rng: Random) -> tuple[str, Given]:
    """A mutation by chance: its name, and what it made."""
    while True:
        mutation = rng.choice(MUTATIONS)
        changed = mutation(given, rng)
        if changed is not None and changed != given:
            return mutation.__name__, changed
