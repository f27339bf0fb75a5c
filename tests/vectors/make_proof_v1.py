"""Writes the frozen vectors of ``docs/format/proof-v1.md`` beside this file, in ``proof-v1/``.

Everything is deterministic: the same command writes the same files, which a test does::

    python tests/vectors/make_proof_v1.py
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from zk_proofs.strict_inputs import prove_inputs

HERE = Path(__file__).resolve().parent


def load_worlds() -> ModuleType:
    path = HERE.parent / "zk_proofs" / "worlds.py"
    spec = importlib.util.spec_from_file_location("worlds", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["worlds"] = module
    spec.loader.exec_module(module)
    return module


def files() -> dict[str, bytes]:
    """Every vector by its name: a proof file, what it is to be judged by, and the labels."""
    worlds, found = load_worlds(), {}
    for name in worlds.CASES:
        world, request = worlds.case(name)
        proven = world.prove(request, seed=f"vector {name}")
        told = {
            "context": proven.file.context.encode().decode(),
            "labels": list(proven.labels),
            "points": [point.hex() for point in world.subject.points],
            "salt": proven.salt.hex(),
            "scores": proven.scores.tolist() if request.scores == "revealed" else None,
        }
        found[f"{name}.proof"] = proven.file.encode()
        found[f"{name}.json"] = (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()
        found[f"{name}.model.json"] = world.published(f"vector {name}").encode()
    world, _ = worlds.case("linear-sign")
    root = worlds.root_of(world)
    proofs = prove_inputs(
        world.model.policy,
        world.rows,
        world.subject.points,
        root,
        randomness=worlds.Stream("vector strict"),
    )
    strict = {"points_root": root, "proofs": [proof.hex() for proof in proofs]}
    found["linear-sign.strict.json"] = (json.dumps(strict, indent=1) + "\n").encode()
    return found


if __name__ == "__main__":
    folder = HERE / "proof-v1"
    folder.mkdir(exist_ok=True)
    for name, raw in files().items():
        (folder / name).write_bytes(raw)
