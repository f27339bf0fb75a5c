"""Proofs of predictions on the audit pages, and in what the audit DAG does with them."""

import json
import re

import numpy as np
import pytest

from audit_ledger import Provenance
from mpc_jobs.features import FeatureSpec
from redactory.config import RunConfig
from redactory.errors import RedactoryError
from redactory.featurising.building import build_features
from redactory.featurising.settings import FeatureBuild
from redactory.inspecting import inspect, parts_of
from redactory.keeping_config import AuditConfig
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup
from redactory.proving_config import PredictConfig
from redactory.proving_models import Parameters, commit_model, quantise, save_model
from redactory.proving_steps import predict_new
from redactory.reading import Trust

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow"),
    pytest.mark.xdist_group("audit_pages"),
]
D = 8
BY = Provenance(actor_kind="cli", actor_name="alice", run_id=None, code_version="0.1.0")


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A home, and texts whose features were predicted on with proofs."""
    folder = tmp_path_factory.mktemp("proven")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(folder / "home"))
        patch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
        KeyStore().ensure("reader", "quarantine", "log")
        rows = [{"id": str(n), "text": f"Pump {n} drips.", "label": "yes"} for n in range(5)]
        (folder / "pumps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        config = {
            "input": [str(folder / "pumps.jsonl")],
            "output": str(folder / "pumps"),
            "ner": "none",
            "label_column": "label",
            "rows_per_shard": 3,
            "workers": 1,
        }
        run(RunSetup(RunConfig.parse(config), KeyStore()))
        spec = FeatureSpec(d=D, scale_bits=12)
        features = str(folder / "pumps.features")
        texts = str(folder / "pumps")
        build_features(FeatureBuild(dataset=texts, output=features, spec=spec), KeyStore())
        weights = np.random.default_rng(5).normal(size=(1, D))
        own = quantise(Parameters(((weights, np.zeros(1)),), "none"), scale_bits=12)
        save_model(commit_model(own, spec_digest=spec.digest), str(folder / "model"))
        made = predict_new(PredictConfig(dataset=texts, model=str(folder / "model")), "weekly", BY)
        assert made["shards"] == 2
    return folder


@pytest.fixture
def place(past, worlds, tmp_path, home, monkeypatch):
    """The features, with their home: copies that a test may change."""
    monkeypatch.setenv("REDACTORY_HOME", str(worlds.copy(past / "home", tmp_path / "own")))
    worlds.copy(past / "pumps", tmp_path / "pumps")
    return worlds.copy(past / "pumps.features", tmp_path / "pumps.features")


def ask(client, place):
    """Press the button of the models page."""
    found = re.search(r'action="([^"]*/proofs)"', client.get("/models").text)
    answer = client.post(found.group(1).removeprefix("http://testserver"))
    client.desk.watches[0].proving.wait(60)
    assert answer.status_code == 200
    return client.get("/models").text


def damage(place, worlds):
    """Change a byte of one proof."""
    (proof, *_) = sorted(place.rglob("*.proof"))
    worlds.flip(proof)
    return proof


def test_proofs_are_verified_when_somebody_asks(visit, place):
    client = visit(place)
    before = client.get("/models").text
    assert "2 proofs on record" in before
    assert "Not checked since this server was started." in before
    assert "All 2 proofs hold, and they cover every row." in ask(client, place)


def test_a_proof_that_does_not_hold_is_named(visit, place, worlds):
    proof = damage(place, worlds)
    text = ask(visit(place), place)
    assert "Not all proofs hold." in text
    assert proof.stem[:8] in text


def audited(place):
    """What the audit DAG's tasks do."""
    config = AuditConfig(dataset=str(place.with_suffix("")), features=(str(place),))
    parts = parts_of(config)
    assert len(parts) == 2
    return [inspect(part, Trust(by=BY)).as_json() for part in parts]


def test_the_audit_verifies_proofs_and_says_so_on_record(place):
    texts, features = audited(place)
    assert texts["state"] == features["state"] == "intact"
    assert features["proofs"] == 2


def test_the_audit_fails_on_a_proof_that_does_not_hold(place, worlds):
    damage(place, worlds)
    with pytest.raises(RedactoryError):
        audited(place)
