"""Weak Fiat–Shamir (“Frozen Heart”): a proof holds for its own statement and no other."""

from dataclasses import fields, replace

import pytest

from redactory.errors import ProofError
from zk_proofs.context import Context
from zk_proofs.inputs import points_root
from zk_proofs.model import LayerCommitment
from zk_proofs.proof_file import ProofFile

NAMES = ["linear-sign", "linear-classes", "linear-scores", "row-classes", "mlp-relu", "mlp-scores"]
OTHER = {
    "dataset": "other",
    "shard": "0d" * 16,
    "run": "run-2",
    "features": "2f" * 32,
    "first": 1,
}


def moved(world, made, context, **changes):
    """The same proof under another context, which the verifier expects as well."""
    return world.evidence(
        made,
        proof=ProofFile(context, made.file.blocks).encode(),
        context=context,
        **changes,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("member", OTHER)
def test_another_context(proven, rejected, name, member):
    world, made = proven(name)
    value = OTHER[member]
    if member == "first":
        value = 1 - made.file.context.first
    context = replace(made.file.context, **{member: value})
    points = [*world.subject.points, *world.subject.points[:1]]
    context = replace(context, points_root=points_root(points))
    assert rejected(moved(world, made, context, points=points))


def test_every_member_of_the_context_is_in_its_bytes(proven):
    _, made = proven("linear-sign")
    encoded = made.file.context.encode()
    for one in fields(Context):
        assert f'"{one.name}":'.encode() in encoded


@pytest.mark.parametrize("name", NAMES)
def test_the_context_of_the_file_is_not_believed(proven, rejected, name):
    world, made = proven(name)
    other = replace(made.file.context, run="run-2")
    assert rejected(world.evidence(made, context=other))
    assert not rejected(world.evidence(made))


@pytest.mark.parametrize("name", NAMES)
def test_another_label(proven, rejected, name):
    world, made = proven(name)
    for row in range(len(made.labels)):
        blocks = list(made.file.blocks)
        place, at = divmod(row, made.file.context.block_rows)
        labels = list(blocks[place].labels)
        labels[at] = (labels[at] + 1) % world.model.policy.labels
        blocks[place] = replace(blocks[place], labels=tuple(labels))
        raw = ProofFile(made.file.context, tuple(blocks)).encode()
        assert rejected(world.evidence(made, proof=raw))


@pytest.mark.parametrize("name", ["linear-scores", "mlp-scores"])
@pytest.mark.parametrize("by", [1, -1, 2**62])
def test_another_score(proven, rejected, name, by):
    world, made = proven(name)
    block = made.file.blocks[0]
    scores = [list(row) for row in block.scores]
    at = (made.labels[0] + (by < 0)) % world.model.policy.classes
    scores[0][at] = max(min(scores[0][at] + by, 2**63 - 1), -(2**63))
    changed = replace(block, scores=tuple(map(tuple, scores)))
    raw = ProofFile(made.file.context, (changed, *made.file.blocks[1:])).encode()
    assert rejected(world.evidence(made, proof=raw))


@pytest.mark.parametrize("name", ["linear-classes", "mlp-relu", "linear-scores"])
def test_rows_in_another_order(proven, rejected, name):
    world, made = proven(name)
    points = [world.subject.points[1], world.subject.points[0], *world.subject.points[2:]]
    assert rejected(world.evidence(made, points=points))
    context = replace(made.file.context, points_root=points_root(points))
    assert rejected(moved(world, made, context, points=points))
    labels = list(made.file.blocks[0].labels)
    labels[:2] = labels[1::-1]
    blocks = (replace(made.file.blocks[0], labels=tuple(labels)), *made.file.blocks[1:])
    both = world.evidence(
        made, proof=ProofFile(context, blocks).encode(), context=context, points=points
    )
    assert rejected(both)


@pytest.mark.parametrize("name", ["linear-classes", "mlp-relu"])
def test_blocks_in_another_order_or_of_another_size(proven, rejected, name):
    world, made = proven(name)
    first, second, *rest = made.file.blocks
    if len(second.labels) == len(first.labels):
        raw = ProofFile(made.file.context, (second, first, *rest)).encode()
        assert rejected(world.evidence(made, proof=raw))
    context = replace(made.file.context, rows=made.file.context.block_rows)
    assert rejected(
        world.evidence(made, proof=ProofFile(context, (first,)).encode(), context=context)
    )


@pytest.mark.parametrize("name", NAMES)
def test_another_model(proven, rejected, name):
    world, made = proven(name)
    model = world.model
    layer = model.layers[-1]
    others = [
        replace(model, job_digest="11" * 32),
        replace(model, feature_spec_digest="11" * 32),
        replace(model, policy=replace(model.policy, input=replace(model.policy.input, high=9))),
        replace(model, layers=(*model.layers[:-1], LayerCommitment(layer.rows, layer.rows))),
    ]
    if model.policy.classes > 1:
        turned = LayerCommitment(layer.rows[::-1], layer.biases[::-1])
        others.append(replace(model, layers=(*model.layers[:-1], turned)))
    for other in others:
        context = replace(made.file.context, model_id=other.model_id)
        assert rejected(moved(world, made, context, model=other))
        assert rejected(world.evidence(made, model=other))


def test_a_proof_of_one_form_is_none_of_the_other(proven, rejected):
    world, made = proven("row-sign")
    assert rejected(moved(world, made, replace(made.file.context, form="block")))
    world, made = proven("linear-sign")
    with pytest.raises(ProofError):
        replace(made.file.context, form="row")


def test_committed_labels_need_the_labels_and_the_salt(proven, rejected):
    world, made = proven("linear-committed-labels")
    assert not rejected(world.evidence(made))
    wrong = list(made.labels)
    wrong[2] ^= 1
    for changes in (
        {"labels": None},
        {"labels": wrong},
        {"labels": made.labels[:-1]},
        {"labels": [*made.labels, 0]},
        {"labels": [-1, *made.labels[1:]]},
        {"salt": bytes(32)},
        {"salt": b""},
    ):
        assert rejected(world.evidence(made, **changes))
    assert bytes(made.labels) not in made.file.encode()
