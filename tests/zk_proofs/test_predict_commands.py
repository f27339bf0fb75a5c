"""``redactory predict`` and ``redactory proof`` on a feature dataset, from end to end."""

import io
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from audit_ledger import Draft
from mpc_jobs.features import FeatureSpec
from redactory.cli import main
from redactory.config import RunConfig
from redactory.errors import InputError, PolicyError, ProofError
from redactory.featurising.building import build_features
from redactory.featurising.opening import describe_features, open_features
from redactory.featurising.settings import FeatureBuild
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup
from redactory.provenance import cli_provenance
from redactory.proving_config import PredictConfig
from redactory.proving_files import Recorder
from redactory.proving_models import (
    Parameters,
    agreement,
    commit_model,
    load_model,
    quantise,
    save_model,
)
from redactory.proving_steps import predict_new, update, verify
from redactory.reading import Trust, checked_head
from redactory.verification import verify_dataset

D = 16
CLASSES = ("air", "light", "water")
CANARY = "canary-1618033988"


def build(place: Path, name: str, numbers: range) -> None:
    """Texts into the dataset, and their features into the feature dataset."""
    keys = KeyStore(place / "home")
    rows = [
        {
            "id": str(n),
            "text": f"The {'pump' if n % 2 else 'lamp'} no {n}, {CANARY}",
            "label": CLASSES[n % 3],
        }
        for n in numbers
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (place / name).write_text(lines)
    config = {
        "input": [str(place / name)],
        "output": str(place / "notes"),
        "ner": "none",
        "label_column": "label",
        "rows_per_shard": 5,
    }
    run(RunSetup(RunConfig.parse(config), keys))
    build_features(
        FeatureBuild(
            dataset=str(place / "notes"),
            output=str(place / "features"),
            spec=FeatureSpec(d=D, scale_bits=12),
        ),
        keys,
    )


@pytest.fixture(scope="module")
def _made_once(tmp_path_factory) -> Path:
    """Keys, and a feature dataset of two shards."""
    place = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(place / "home"))
        KeyStore(place / "home").ensure("reader", "quarantine", "log")
        build(place, "notes.jsonl", range(9))
    return place


@pytest.fixture
def place(tmp_path, _made_once, monkeypatch) -> Path:
    """A copy that a test may change, with a model beside the dataset."""
    for name in ("home", "notes", "features"):
        subprocess.run(["cp", "-a", str(_made_once / name), str(tmp_path / name)], check=True)
    monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    rng = np.random.default_rng(3)
    layer = {"weights": rng.normal(size=(3, D)).tolist(), "biases": [0.1, -0.2, 0.3]}
    (tmp_path / "parameters.json").write_text(json.dumps({"layers": [layer]}))
    return tmp_path


def command(*arguments):
    """The program in this process: (exit code, output, errors)."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(errors),
    ):
        patch.setattr(sys, "argv", ["redactory", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    return code, out.getvalue(), errors.getvalue()


def command_of_the_core(*arguments):
    """The program in a Python that has no extras."""
    program = (
        "import sys\n"
        "for name in ('numba', 'numpy', 'llvmlite', 'rbcl'): sys.modules[name] = None\n"
        "from importlib import util\nfound = util.find_spec\n"
        "util.find_spec = lambda n, *a: None if n in ('numba', 'numpy') else found(n, *a)\n"
        "from redactory.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def grow(place: Path) -> None:
    """Two rows more, in a shard of their own."""
    build(place, "more.jsonl", range(9, 11))


def make_model(place: Path, *, public=False):
    info = describe_features(str(place / "features"), Trust())
    parameters = Parameters.load(str(place / "parameters.json"))
    integers = quantise(parameters, scale_bits=info.spec.scale_bits)
    own = commit_model(integers, spec_digest=info.spec_digest, public=public)
    save_model(own, str(place / "model"))
    return own, integers, parameters


def predicted(place: Path, *options) -> list[dict]:
    output = place / "labels.jsonl"
    code, _, stderr = command(
        "predict", place / "features", "--model", place / "model", "-o", output, *options
    )
    assert code == 0, stderr
    return [json.loads(line) for line in output.read_text().splitlines()]


def audited(place: Path, *options, by=command):
    code, stdout, stderr = by("proof", "audit", place / "features", "--json", *options)
    assert stdout, stderr
    return code, json.loads(stdout)


def test_labels_are_proven_and_anybody_can_check(place):
    own, integers, parameters = make_model(place)
    shown = predicted(place, "--prove", "--run", "first")
    features = open_features(str(place / "features"), Trust(), purpose="test")
    rows = np.concatenate([part.features for part in features.rows()])
    weights, biases = integers.layers[0]
    expected = (rows @ weights.T + biases).argmax(axis=1)
    assert [one["label"] for one in shown] == [CLASSES[label] for label in expected]
    assert agreement(integers, parameters, rows) == 1.0
    code, verdict = audited(place, "--record")
    assert (code, verdict["ok"]) == (0, True)
    assert sum(one["rows"] for one in verdict["findings"]) == 9
    assert {one["model_id"] for one in verdict["findings"]} == {own.model.model_id}
    whole = verify_dataset(str(place / "features"), KeyStore(place / "home"))
    assert whole.state == "intact"
    code, again = audited(place)
    assert again["checkpoint_size"] == verdict["checkpoint_size"] + 1


def test_an_auditor_needs_no_key_and_the_core_only(place, monkeypatch):
    make_model(place)
    predicted(place, "--prove", "--run", "first")
    shutil.rmtree(place / "model")
    trust = place / "auditor" / "trust"
    shutil.copytree(place / "home" / "trust", trust)
    monkeypatch.setenv("REDACTORY_HOME", str(place / "auditor"))
    code, verdict = audited(place, by=command_of_the_core)
    assert (code, verdict["ok"]) == (0, True)


def test_what_was_changed_is_named(place):
    make_model(place)
    predicted(place, "--prove", "--run", "first")
    proofs = sorted((place / "features" / "proofs" / "first").iterdir())
    raw = bytearray(proofs[0].read_bytes())
    raw[-3] ^= 1
    proofs[0].write_bytes(bytes(raw))
    code, verdict = audited(place)
    bad = [one["place"] for one in verdict["findings"] if one["fault"]]
    assert code == 7
    assert f"proofs/first/{proofs[0].name}" in bad
    proofs[1].unlink()
    code, verdict = audited(place)
    assert sum("missing" in one["fault"] for one in verdict["findings"]) == 1
    name = f"proofs/first/{proofs[0].name}"
    assert command("proof", "verify", place / "features", name)[0] == 7


@pytest.mark.parametrize("kind", ["points", "models"])
def test_other_points_or_models(place, kind):
    make_model(place)
    predicted(place, "--prove", "--run", "first")
    found = next((place / "features" / kind).iterdir())
    raw = bytearray(found.read_bytes())
    raw[40] ^= 1
    found.write_bytes(bytes(raw))
    code, verdict = audited(place)
    assert code == 7
    assert any(one["fault"] for one in verdict["findings"])


def test_a_run_that_stopped_half_way_does_not_cover_the_dataset(place):
    from redactory.proving import Predicting, predict

    own, _, _ = make_model(place)
    steps = predict(Predicting(str(place / "features"), "half"), own, prove=True)
    next(steps)
    steps.close()
    code, verdict = audited(place, "--run", "half")
    assert code == 7
    assert any("not" in one["fault"] for one in verdict["findings"] if one["rows"] == 0)
    with pytest.raises(InputError, match="before"):
        list(predict(Predicting(str(place / "features"), "half"), own, prove=True))
    rest = predicted(place, "--prove", "--run", "half", "--only-new")
    assert 0 < len(rest) < 9
    assert audited(place, "--run", "half")[0] == 0
    assert predicted(place, "--prove", "--only-new") == []


def test_a_dataset_that_grows_is_caught_up_with(place):
    """A run answers for what there was when it began; what it passed over is proven already."""
    make_model(place)
    predicted(place, "--prove", "--run", "first")
    grow(place)
    assert audited(place)[0] == 0
    assert len(predicted(place, "--prove", "--run", "second", "--only-new")) == 2
    assert audited(place, "--run", "second")[0] == 0
    next((place / "features" / "proofs" / "first").iterdir()).unlink()
    code, verdict = audited(place)
    assert code == 7
    assert {one["run"] for one in verdict["findings"] if one["fault"]} == {"first", "second"}


def test_unattended_runs_take_the_model_that_was_trained_last(place):
    own, _, _ = make_model(place)
    (place / "models").mkdir()
    (place / "model").rename(place / "models" / "job-1")
    features, by = str(place / "features"), cli_provenance("night")
    config = PredictConfig(
        features=features, models=str(place / "models"), shown_labels="committed"
    )
    assert update(config, by) == {"made": 0}
    assert predict_new(config, "night", by) is None
    keys = KeyStore(place / "home")
    checked, head = checked_head(features, Trust(), keys)
    told = {"dataset": head.dataset, "model_id": own.model.model_id, "version": 1}
    card = (("cards/job-1.json", "0" * 64),)
    Recorder(checked, keys, head.dataset).append(Draft("trained", card, told, shard_key="job-1"))
    made = predict_new(config, "night", by)
    assert made == {"model_id": own.model.model_id, "rows": 9, "run": "night", "shards": 2}
    assert predict_new(config, "night", by) == made  # a second try after a crash
    assert predict_new(config, "next-night", by) is None
    assert verify(config, "night", by)["proofs"] == 2
    assert (place / "features.labels" / "night").stat().st_mode & 0o077 == 0
    shutil.rmtree(place / "models")
    with pytest.raises(InputError, match="trained last"):
        predict_new(config, "next-night", by)


def test_committed_labels_and_revealed_scores(place):
    make_model(place)
    keys = place / "keys.json"
    predicted(place, "--prove", "--run", "one", "--labels", "committed", "--label-keys", keys)
    assert audited(place, "--run", "one")[0] == 7
    assert audited(place, "--run", "one", "--label-keys", keys)[0] == 0
    predicted(place, "--prove", "--run", "two", "--scores", "revealed")
    assert audited(place, "--run", "two")[0] == 0


def test_commitments_can_be_made_first_and_stay(place):
    make_model(place)
    code, stdout, _ = command("proof", "commit", place / "features", "--json")
    assert (code, json.loads(stdout)) == (0, {"committed": 2, "before": 0})
    points = {p.name: p.read_bytes() for p in (place / "features" / "points").iterdir()}
    code, stdout, _ = command("proof", "commit", place / "features", "--json")
    assert json.loads(stdout) == {"committed": 0, "before": 2}
    predicted(place, "--prove", "--run", "first")
    assert points == {p.name: p.read_bytes() for p in (place / "features" / "points").iterdir()}
    assert audited(place)[0] == 0
    assert describe_features(str(place / "features"), Trust()).spec.d == D


def test_public_models(place):
    make_model(place, public=True)
    predicted(place, "--prove", "--run", "first")
    assert audited(place)[0] == 0


def test_one_row_is_proven_by_itself(place):
    make_model(place)
    everything = predicted(place)
    wanted = everything[6]
    assert predicted(place, "--record", wanted["record_id"]) == [wanted]
    alone = predicted(place, "--prove", "--run", "one", "--record", wanted["record_id"])
    assert alone == [wanted]
    code, verdict = audited(place)
    assert (code, [one["rows"] for one in verdict["findings"]]) == (0, [1])
    proof = next((place / "features" / "proofs" / "one").iterdir())
    facts = json.loads(command("proof", "show", proof, "--json")[1])
    assert (facts["form"], facts["rows"]) == ("row", 1)
    shown = ["--scores", "revealed", "--run", "two", "--record", wanted["record_id"]]
    assert predicted(place, "--prove", *shown) == [wanted]
    assert audited(place)[0] == 0
    arguments = ("--model", place / "model", "-o", place / "none.jsonl", "--record", "nobody")
    assert command("predict", place / "features", *arguments)[0] == 2


def test_without_proof_nothing_is_proven(place):
    make_model(place)
    assert len(predicted(place)) == 9
    code, _, stderr = command("proof", "audit", place / "features")
    assert code == 2
    assert "no such proofs" in stderr


def test_show_says_what_is_not_shown(place):
    make_model(place)
    predicted(place, "--prove", "--run", "first")
    proof = next((place / "features" / "proofs" / "first").iterdir())
    code, stdout, _ = command("proof", "show", proof, "--json")
    facts = json.loads(stdout)
    assert (code, facts["run"]) == (0, "first")
    assert "feature vector" in facts["does_not_show"]
    code, _, stderr = command("proof", "show", place / "parameters.json")
    assert code == 7
    assert "no proof file" in stderr or "not a proof file" in stderr


def test_a_model_from_the_command_line(place):
    code, stdout, stderr = command(
        "proof",
        "model",
        place / "parameters.json",
        "--features",
        place / "features",
        "-o",
        place / "other",
        "--json",
    )
    assert code == 0, stderr
    assert json.loads(stdout)["labels"] == 3
    assert (place / "other" / "opening.json").stat().st_mode & 0o777 == 0o600
    own = load_model(str(place / "other"))
    own.file.check()
    opening = (place / "other" / "opening.json").read_text()
    (place / "other" / "opening.json").write_text(opening.replace("1", "2", 1))
    with pytest.raises(ProofError):
        load_model(str(place / "other"))


@pytest.mark.parametrize(
    "broken",
    [
        "[]",
        "{",
        '{"layers": []}',
        '{"layers": [{"weights": [1], "biases": [1]}]}',
        '{"layers": [{"weights": [[1]], "biases": [NaN]}]}',
        '{"layers": [{"weights": [[1, 2]], "biases": [1]}], "activation": "relu"}',
    ],
)
def test_broken_parameters(tmp_path, broken):
    (tmp_path / "parameters.json").write_text(broken)
    with pytest.raises((InputError, PolicyError)):
        quantise(Parameters.load(str(tmp_path / "parameters.json")), scale_bits=12)


@pytest.mark.parametrize("activation", ["relu", "square"])
def test_networks_are_quantised_and_proven(place, activation):
    rng = np.random.default_rng(5)
    layers = [
        {"weights": rng.normal(size=(4, D)).tolist(), "biases": rng.normal(size=4).tolist()},
        {"weights": rng.normal(size=(2, 4)).tolist(), "biases": rng.normal(size=2).tolist()},
    ]
    document = {"layers": layers, "activation": activation}
    (place / "parameters.json").write_text(json.dumps(document))
    info = describe_features(str(place / "features"), Trust())
    parameters = Parameters.load(str(place / "parameters.json"))
    bits = 8 if activation == "square" else 12
    integers = quantise(parameters, scale_bits=info.spec.scale_bits, weight_bits=bits)
    save_model(commit_model(integers, spec_digest=info.spec_digest), str(place / "model"))
    predicted(place, "--prove", "--run", "net")
    assert audited(place)[0] == 0
    features = open_features(str(place / "features"), Trust(), purpose="test")
    rows = np.concatenate([part.features for part in features.rows()])
    assert agreement(integers, parameters, rows) >= 0.8


def test_nothing_of_the_texts_or_the_model_is_in_what_is_published(place):
    own, _, _ = make_model(place)
    predicted(place, "--prove", "--run", "first")
    blinding = own.opening.layers[0].row_blindings[0]
    secrets = [CANARY.encode(), f"{blinding:064x}".encode(), blinding.to_bytes(32, "little")]
    for kind in ("points", "proofs", "models", "ledger"):
        for file in (place / "features" / kind).rglob("*"):
            if file.is_file():
                raw = file.read_bytes()
                assert not any(secret in raw for secret in secrets), file.name
