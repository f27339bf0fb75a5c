"""The peers: EZKL on the same statements, arkworks and libsodium on sums of multiples of points."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from detecting.environments import Environment
from proving.ours import Measured, cpu
from proving.worlds import SCALE_BITS, Shape, World

from zk_proofs.curve import L
from zk_proofs.engine import default_engine
from zk_proofs.evaluation import labels_of, scores_of

EZKL: Final = Environment("ezkl", (("ezkl==23.*", "onnx", "numpy"),))
ARKWORKS: Final = Environment("arkworks", (("py_arkworks_bls12381==0.5.*",),))
POINTS: Final = 1024
_SCRIPTS = Path(__file__).resolve().parent / "peers"
_LONGEST_SECONDS = 4 * 3600


class RivalError(Exception):
    """A peer did not finish; says why in one line."""


def ezkl(python: Path, shape: Shape, visibility: str, *, repeat: int) -> Measured:
    """EZKL on one row.

    Args:
        python: the interpreter of its environment.
        shape: of the model.
        visibility: of inputs and parameters, in EZKL's words.
        repeat: how many proofs.

    Raises:
        RivalError: it did not finish, or found another label.
    """
    world = World.draw(shape)
    layer, row = world.opening.layers[0], np.asarray(world.rows.values)[:1]
    task = {
        "weights": np.asarray(layer.weights).tolist(),
        "biases": np.asarray(layer.biases).tolist(),
        "row": row[0].tolist(),
        "scale_bits": SCALE_BITS,
        "visibility": visibility,
        "repeat": repeat,
    }
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "task.json"
        file.write_text(json.dumps(task), encoding="utf-8")
        found = json.loads(_last_line(python, "run_ezkl.py", str(file), name))
    label = int(labels_of(scores_of(world.model.policy, world.opening, row))[0])
    if float(found["label"]) != label:
        raise RivalError("it found another label")
    told = {"polycommit": "committed", "private": "not bound to anything"}[visibility]
    return Measured(
        "EZKL 23",
        f"{shape.name}, one row, model and input {told}",
        found["prove_s"],
        found["verify_s"],
        found["proof_bytes"],
        found["setup_s"],
        found["setup_mb"],
        found["memory_mb"],
    )


def arkworks(python: Path) -> float:
    """CPU seconds of a sum of 1,024 multiples on BLS12-381."""
    return float(_last_line(python, "run_arkworks.py", str(POINTS)))


def libsodium() -> float:
    """CPU seconds of the same on ristretto255, one multiple after the other."""
    import rbcl

    points = [
        rbcl.crypto_core_ristretto255_from_hash(secrets.token_bytes(64)) for _ in range(POINTS)
    ]
    scalars = [secrets.randbelow(L).to_bytes(32, "little") for _ in range(POINTS)]

    def total() -> Any:
        result = bytes(32)
        for scalar, point in zip(scalars, points, strict=True):
            term = rbcl.crypto_scalarmult_ristretto255(scalar, point)
            result = rbcl.crypto_core_ristretto255_add(result, term)
        return result

    return cpu(total, 3)[0]


def our_sums() -> dict[str, float]:
    """CPU seconds of our own: over points met for the first time, and over prepared ones."""
    engine = default_engine()
    points = engine.from_uniform([secrets.token_bytes(64) for _ in range(POINTS)])
    scalars = engine.vector([secrets.randbelow(L) for _ in range(POINTS)])
    prepared = engine.prepare(points)
    return {
        "new points": cpu(lambda: engine.sum(scalars, points))[0],
        "points with tables": cpu(lambda: prepared.sum([(0, scalars)]))[0],
    }


def _last_line(python: Path, script: str, *arguments: str) -> str:
    command = [str(python.absolute()), str(_SCRIPTS / script), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise RivalError(f"did not finish within {_LONGEST_SECONDS} seconds") from None
    if done.returncode < 0:
        raise RivalError(f"was ended by signal {-done.returncode}")
    if done.returncode or not done.stdout.strip():
        raise RivalError((done.stderr.strip().splitlines() or ["it printed nothing"])[-1][:200])
    return done.stdout.strip().splitlines()[-1]
