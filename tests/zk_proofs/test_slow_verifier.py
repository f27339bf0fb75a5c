"""The package's verifier and a second one, written from the format page alone, must agree.

`slow/` shares no code with the package. In full: 200 valid proofs of random models, rows and
modes, and 2,000 invalid ones; otherwise a fiftieth.
"""

import importlib.util
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from redactory.errors import ProofError
from zk_proofs.auditing import Evidence, verify_file
from zk_proofs.context import Context
from zk_proofs.model_file import ModelFile
from zk_proofs.quantisation import Interval
from zk_proofs.shards import Request
from zk_proofs.strict_inputs import prove_inputs, verify_inputs

VECTORS = Path(__file__).parent.parent / "vectors" / "proof-v1"
NAMES = sorted(path.stem for path in VECTORS.glob("*.proof"))
FULL = bool(os.environ.get("REDACTORY_FULL"))
WORLDS = 200 if FULL else 4
INVALID_OF_EACH = 10


def load(name):
    """The second verifier, as a package of its own beside this file."""
    folder = Path(__file__).with_name("slow")
    spec = importlib.util.spec_from_file_location(
        "slow_proofs", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    sys.modules.setdefault("slow_proofs", module := importlib.util.module_from_spec(spec))
    if sys.modules["slow_proofs"] is module:
        spec.loader.exec_module(module)
    return importlib.import_module(name)


slow = load("slow_proofs")
given_to = load("slow_proofs.given")
mutations = load("slow_proofs.mutations")


def fast_accepts(given, engine=None) -> bool:
    """The package's verdict, from the same bytes."""
    evidence = given.evidence
    try:
        model = ModelFile.decode(evidence.model)
        model.check(engine=engine)
        verify_file(
            Evidence(
                given.data,
                Context.decode(evidence.context),
                model.model,
                list(evidence.points),
                list(evidence.labels) if evidence.salt else None,
                evidence.salt,
            ),
            engine=engine,
        )
    except ProofError:
        return False
    return True


def slow_accepts(given) -> bool:
    return slow.accepts(given.data, given.evidence)


def frozen(name):
    told = json.loads((VECTORS / f"{name}.json").read_bytes())
    evidence = slow.Evidence(
        told["context"].encode(),
        (VECTORS / f"{name}.model.json").read_bytes(),
        [bytes.fromhex(point) for point in told["points"]],
        told["labels"],
        bytes.fromhex(told["salt"]),
    )
    return given_to.Given((VECTORS / f"{name}.proof").read_bytes(), evidence)


def random_interval(rng, most) -> Interval:
    """One byte, a power of 256, one value only, or anything, up to `most`."""
    low, high = sorted(rng.randint(-most, most) for _ in range(2))
    return rng.choice(
        [Interval(-128, 127), Interval(0, 255), Interval(low, low), Interval(low, high)]
        + [Interval(-(2**15), 2**15 - 1)] * (most >= 2**15)
    )


def random_world(worlds, rng, seed):
    """A model, rows and a mode of every kind; small, since the second verifier is slow."""
    hidden = rng.choice([0, 0, rng.randint(1, 5)])
    parameters = {
        "d": rng.choice([1, 2, rng.randint(3, 40)]),
        "classes": rng.choice([1, 2, rng.randint(3, 7)]),
        "rows": rng.randint(1, 6),
        "hidden": hidden,
        "weight": random_interval(rng, 200 if hidden else 2**17),
        "inputs": random_interval(rng, 200 if hidden else 2**13),
        "bias": random_interval(rng, 2**20),
        "public": rng.random() < 0.2,
        "seed": seed,
    }
    if hidden:
        parameters["activation"] = rng.choice(["relu", "square"])
        parameters["shift"] = rng.choice([0, 1])
    form = rng.choice(["block", "block", "row"]) if not hidden else "block"
    if form == "row":
        request = Request(form="row", first=rng.randrange(parameters["rows"]))
    else:
        scores, labels = rng.choice(
            [("hidden", "public"), ("hidden", "committed"), ("revealed", "public")]
        )
        first = rng.randrange(parameters["rows"])
        blocks = rng.choice([{}, {"block_rows": rng.randint(1, 4)}])
        request = Request(scores=scores, labels=labels, first=first, **blocks)
    return worlds.make(**parameters), request


def proven_case(world, request):
    made = world.prove(request)
    evidence = slow.Evidence(
        made.file.context.encode(),
        world.published().encode(),
        list(world.subject.points),
        list(made.labels),
        made.salt,
    )
    return given_to.Given(made.file.encode(), evidence)


@pytest.mark.parametrize("name", NAMES)
def test_the_frozen_vectors_are_valid(name):
    assert slow_accepts(frozen(name))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_both_agree(worlds, compiled, seed):
    rng = Random(seed)
    valid = proven_case(*random_world(worlds, rng, seed))
    assert fast_accepts(valid, compiled)
    assert slow_accepts(valid)
    for _ in range(INVALID_OF_EACH):
        name, invalid = mutations.mutate(valid, rng)
        verdicts = fast_accepts(invalid, compiled), slow_accepts(invalid)
        assert verdicts == (False, False), name


# Documents that the page forbids; the digests of them are made to fit.
LACKING = ("form", "format", "label_commitment", "labels", "scores")


@pytest.mark.parametrize("name", ["rows", "first", "run", *LACKING])
def test_a_context_in_the_file_has_all_members(compiled, name):
    given = frozen("linear-sign")
    context = json.loads(given.evidence.context)
    del context[name]
    data = given_to.encode(given_to.canonical(context), given.file.blocks)
    shortened = replace(given, data=data)
    assert not slow_accepts(shortened)
    assert not fast_accepts(shortened, compiled)


@pytest.mark.parametrize("spoilt", [{}, [], None, 0, False])
@pytest.mark.parametrize("where", ["label_commitment", "job_digest", "feature_spec_digest"])
def test_texts_are_texts(compiled, where, spoilt):
    given = frozen("linear-public-model")
    if where == "label_commitment":
        with pytest.raises(ProofError):
            Context.decode(given_to.canonical(json.loads(given.evidence.context) | {where: spoilt}))
        return
    changed = given.with_model(json.loads(given.evidence.model) | {where: spoilt})
    assert not slow_accepts(changed)
    with pytest.raises(ProofError):
        ModelFile.decode(changed.evidence.model)


@pytest.mark.parametrize("part", ["biases", "weights"])
@pytest.mark.parametrize("spoilt", [None, [1], "1", 5, {}, True, "a b", 2**70, [None], [["x"]]])
def test_parameters_are_integers(compiled, part, spoilt):
    given = frozen("linear-public-model")
    for at in (0, None):
        value = json.loads(given.evidence.model)
        if at is None:
            value["parameters"][0][part] = spoilt
        else:
            value["parameters"][0][part][at] = spoilt
        document = given_to.canonical(value)
        changed = replace(given, evidence=replace(given.evidence, model=document))
        assert not slow_accepts(changed)
        assert not fast_accepts(changed, compiled)


def test_points_of_other_rows_need_no_meaning(worlds, compiled):
    world = worlds.make(d=2, rows=4, classes=2, public=True)
    points = [b"\xff" * 32, *world.subject.points[1:]]
    world = replace(world, subject=replace(world.subject, points=points))
    given = proven_case(world, Request(first=2))
    assert fast_accepts(given, compiled)
    assert slow_accepts(given)


def test_both_agree_on_strict_inputs(worlds, compiled):
    rng = Random(5)
    # 3,840 digits of a proof are 64 rows of these, so there are two proofs.
    world = worlds.make(d=20, rows=66, inputs=Interval(-100, 20_000))
    root = worlds.root_of(world)
    points = list(world.subject.points)
    policy, document = world.model.policy, world.published().encode()
    proofs = prove_inputs(policy, world.rows, points, root, randomness=worlds.Stream("strict"))

    def verdicts(points, proofs):
        try:
            verify_inputs(policy, points, worlds.points_root(points), proofs, engine=compiled)
        except ProofError:
            return False, slow.strict_inputs_hold(document, points, proofs)
        return True, slow.strict_inputs_hold(document, points, proofs)

    assert len(proofs) > 1
    assert verdicts(points, proofs) == (True, True)
    wrong = [
        (points, [given_to.flip(proofs[0], rng), *proofs[1:]]),
        (points, proofs[::-1]),
        (points, proofs[:-1]),
        (points, [*proofs, proofs[-1]]),
        (points[:-1], proofs),
        ([*points[:-1], points[0]], proofs),
        ([points[1], points[0], *points[2:]], proofs),
    ]
    for case in wrong if FULL else wrong[:2]:
        assert verdicts(*case) == (False, False)
