"""The same small training in MPyC (another implementation of Shamir's scheme), as an oracle.

MPyC is no dependency: REDACTORY_MPYC_PYTHON names an interpreter that has it.
"""

import json
import os
import subprocess

import numpy as np
import pytest

from mpc_jobs.outcome import rebuild_model
from mpc_jobs.training_spec import Features, Training

SCRIPT = """
import json, sys
import numpy as np
from mpyc.runtime import mpc
given = json.load(sys.stdin)
secfxp = mpc.SecFxp(64, 24)
x = [[secfxp(v) for v in row] for row in given["x"]]
y = [secfxp(v) for v in given["y"]]
w = [secfxp(0.0) for _ in given["x"][0]]
async def main():
    global w
    for _ in range(given["steps"]):
        z = [mpc.in_prod(row, w) for row in x]
        e = [s * 0.197 - s * s * s * 0.004 + 0.5 - t for s, t in zip(z, y)]
        g = [mpc.in_prod([row[j] for row in x], e) for j in range(len(w))]
        w = [a - b * (given["rate"] / len(x)) for a, b in zip(w, g)]
    print(json.dumps([float(v) for v in await mpc.output(w)]))
mpc.run(main())
"""


@pytest.fixture
def mpyc(unavailable):
    """An interpreter that has MPyC, or a skip."""
    python = os.environ.get("REDACTORY_MPYC_PYTHON")
    if not python:
        unavailable("mpyc", "REDACTORY_MPYC_PYTHON names no interpreter with MPyC")
    return python


def test_mpyc_trains_the_same_model(mpyc, jobs, labelled):
    rows = labelled(30, columns=3)
    training = Training(epochs=4, batch_rows=30, learning_rate=0.9, assume_range=True)
    features = Features(columns=3, fraction_bits=12, largest=4096, norm=4.0)
    job, folder = jobs.make({"north": rows}, training=training, features=features)
    assert {e.status for e in jobs.run(job, folder).values()} == {0}
    ours = rebuild_model(job, folder, jobs.reader).integers[0][:, 0].astype(float)
    x = np.hstack([rows.x / 2**12, np.ones((30, 1))])
    given = {"x": x.tolist(), "y": rows.y[:, 0].tolist(), "rate": 0.9, "steps": 4}
    done = subprocess.run(
        [mpyc, "-c", SCRIPT, "--no-log"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]))
    # The learning rate over the rows keeps ten bits here.
    assert np.abs(ours / 2**training.model_bits - theirs).max() < 2e-3
    assert np.abs(theirs).max() > 0.1
