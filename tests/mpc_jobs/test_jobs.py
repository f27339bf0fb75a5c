"""Whole jobs: owners deal, parties train over TLS, the recipient rebuilds the model."""

import numpy as np
import pytest
from pydantic import ValidationError

from mpc_jobs.compiling import one
from mpc_jobs.dealing import row_order
from mpc_jobs.engine import train_in_the_clear
from mpc_jobs.outcome import read_receipts, rebuild_model
from mpc_jobs.sigmoid import sigmoid_of
from mpc_jobs.training_spec import EarlyStopping, Privacy, Training
from redactory.errors import PolicyError
from zk_proofs.pedersen import commit_number, commit_row


def _scores(job, model, rows):
    x = np.hstack([rows.x, np.full((len(rows.x), 1), one(job.features))])
    return x / 2**job.features.fraction_bits @ (model[0].astype(float) / 2**job.training.model_bits)


def _validation(job, name, rows):
    entry = next(o for o in job.owners if o.name == name)
    order = row_order(job, name)[entry.train_rows :]
    return type(rows)(rows.x[order], rows.y[order])


def test_two_owners_one_model_and_its_metrics(jobs, labelled):
    rows = {"north": labelled(230, seed=1), "south": labelled(150, seed=2)}
    training = Training(
        epochs=3,
        batch_rows=50,
        learning_rate=0.7,
        l2=0.001,
        assume_range=True,
        epoch_metrics=("squared_error",),
        metrics=("accuracy", "confusion", "auc", "squared_error"),
    )
    job, folder = jobs.make(rows, validation=60, training=training, part_batches=2)
    ended = jobs.run(job, folder)
    assert [e.status for e in ended.values()] == [0, 0, 0], [e.error for e in ended.values()]
    model = rebuild_model(job, folder, jobs.reader).integers
    twin = train_in_the_clear(job, rows)
    assert np.abs(model[0] - twin[0]).max() <= 2
    receipt = read_receipts(job, folder)[1]
    held = [_validation(job, name, r) for name, r in rows.items()]
    scores = np.vstack([_scores(job, model, r) for r in held])[:, 0]
    y = np.vstack([r.y for r in held])[:, 0]
    metrics = receipt.metrics
    assert metrics["accuracy"] == np.mean((scores > 0) == y)
    assert metrics["confusion"] == [
        [sum((y == a) & ((scores > 0) == b)) for b in (0, 1)] for a in (0, 1)
    ]
    predicted = sigmoid_of(3)(scores)
    assert metrics["squared_error"] == pytest.approx(np.mean((predicted - y) ** 2), abs=1e-4)
    above = scores[y == 1][:, None] > scores[y == 0][None, :]
    assert metrics["auc"] == pytest.approx(above.mean(), abs=0.03)
    assert [sorted(e) for e in receipt.history] == [["epoch", "squared_error"]] * 3
    assert metrics["accuracy"] > 0.8
    assert all(
        not m.path.joinpath("jobs", job.digest[:32]).glob("*.sealed")
        or not list(m.path.joinpath("jobs", job.digest[:32]).glob("*.sealed"))
        for m in jobs.members
    )


def test_classes_one_against_the_rest(jobs, labelled):
    rows = {"north": labelled(300, columns=6, classes=3)}
    training = Training(
        model="softmax",
        epochs=4,
        batch_rows=60,
        learning_rate=0.9,
        assume_range=True,
        metrics=("accuracy", "confusion"),
    )
    job, folder = jobs.make(rows, validation=90, training=training)
    ended = jobs.run(job, folder)
    assert {e.status for e in ended.values()} == {0}, [e.error for e in ended.values()]
    model = rebuild_model(job, folder, jobs.reader).integers
    held = _validation(job, "north", rows["north"])
    predicted = _scores(job, model, held).argmax(axis=1)
    truth = held.y.argmax(axis=1)
    metrics = ended[1].receipt["metrics"]
    assert metrics["accuracy"] == np.mean(predicted == truth) > 0.7
    assert metrics["confusion"] == [
        [sum((truth == a) & (predicted == b)) for b in range(3)] for a in range(3)
    ]


def test_shares_beyond_memory_are_read_as_they_come(jobs, labelled):
    rows = {"north": labelled(120)}
    training = Training(epochs=2, batch_rows=30, assume_range=True)
    job, folder = jobs.make(rows, training=training)
    ended = jobs.run(job, folder, memory_bytes=1)
    assert {e.status for e in ended.values()} == {0}
    twin = train_in_the_clear(job, rows)
    assert np.abs(rebuild_model(job, folder, jobs.reader).integers[0] - twin[0]).max() <= 2


def test_early_stopping_on_what_is_opened(jobs, labelled):
    rows = {"north": labelled(120)}
    training = Training(
        epochs=30,
        batch_rows=100,
        learning_rate=0.01,
        assume_range=True,
        epoch_metrics=("squared_error",),
        early_stopping=EarlyStopping(patience=2, least_gain=0.05),
    )
    job, folder = jobs.make(rows, validation=20, training=training)
    ended = jobs.run(job, folder)
    assert [e.receipt["epochs"] for e in ended.values()] == [3, 3, 3]


@pytest.mark.parametrize("parties", [3, 4])
def test_the_commitments_open_to_the_model(jobs, labelled, parties):
    rows = {"north": labelled(120, classes=3)}
    training = Training(model="softmax", epochs=1, batch_rows=60, assume_range=True, model_range=18)
    job, folder = jobs.make(rows, parties=parties, training=training, commitments=True)
    ended = jobs.run(job, folder)
    assert {e.status for e in ended.values()} == {0}, [e.error for e in ended.values()]
    model = rebuild_model(job, folder, jobs.reader)
    weights = model.integers[0]
    for k in range(3):
        row, bias = model.commitments[2 * k : 2 * k + 2]
        assert commit_row(list(weights[:-1, k]), model.blindings[2 * k]) == row
        value = int(weights[-1, k]) * one(job.features)
        assert commit_number(value, model.blindings[2 * k + 1]) == bias
    assert len(set(model.blindings)) == 6


def test_a_privacy_budget_adds_noise_that_nobody_knows(jobs, labelled):
    rows = {"north": labelled(200)}
    training = Training(
        epochs=1, batch_rows=200, learning_rate=0.02, privacy=Privacy(epsilon=4.0, delta=1e-5)
    )
    job, folder = jobs.make(rows, training=training)
    plan = job.program().noise
    assert plan.spent.epsilon <= 4.0
    ended = jobs.run(job, folder)
    assert {e.status for e in ended.values()} == {0}, [e.error for e in ended.values()]
    assert ended[1].receipt["privacy"]["epsilon"] <= 4.0
    assert ended[1].receipt["range_proven"]
    got = rebuild_model(job, folder, jobs.reader).integers[0].astype(float)
    off = got - train_in_the_clear(job, rows)[0].astype(float)
    # One step's noise, scaled by learning rate / rows and cut to the model's bits.
    spread = np.sqrt(3 * float(plan.party_variance(3))) * 0.02 / 200 / 2 ** (12 + 20 - 12)
    assert 0.2 * spread < np.sqrt(np.mean(off**2)) < 3 * spread


def test_no_budget_without_a_proven_range_or_with_metrics(jobs, labelled):
    rows = {"north": labelled(200)}
    private = {"privacy": Privacy(epsilon=1.0, delta=1e-6), "batch_rows": 200}
    long = Training(epochs=50, learning_rate=0.5, assume_range=True, **private)
    with pytest.raises(PolicyError, match="may leave the range"):
        jobs.make(rows, training=long)
    with pytest.raises(ValidationError, match="not within the privacy budget"):
        Training(metrics=("accuracy",), **private)
    with pytest.raises(ValidationError, match="whole mini-batches"):
        jobs.make({"north": labelled(190)}, training=Training(**private))
