"""From texts to a committed model on the command line, as a user does it."""

import importlib
import importlib.util
import json
import sys

import pytest

from audit_ledger import Log
from redactory.canonical import sha256_hex
from redactory.cli import main
from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup
from zk_proofs.model_file import ModelFile, decode_opening

# The tests go through one job in their order, so one process must have them all.
pytestmark = pytest.mark.xdist_group("train_commands")

SPEC = {"d": 32, "scale_bits": 12}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A home, and a feature dataset of two classes that one word tells apart."""
    folder = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(folder / "home"))
        patch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
        KeyStore(folder / "home").ensure("reader", "quarantine", "log")
        rows = [
            {
                "id": f"r-{n}",
                "text": f"the {'pump leaks water' if n % 2 else 'lamp gives light'} again {n % 7}",
                "label": "water" if n % 2 else "light",
            }
            for n in range(160)
        ]
        (folder / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        config = RunConfig.parse(
            {
                "input": [str(folder / "in.jsonl")],
                "output": str(folder / "texts"),
                "ner": "none",
                "label_column": "label",
            }
        )
        run(RunSetup(config, KeyStore(folder / "home")))
        (folder / "spec.json").write_text(json.dumps(SPEC))
        yield folder


@pytest.fixture
def command(capsys):
    """Runs one command with --json; its status and its JSON, or its error line."""

    def call(*words, code=0):
        sys.argv = ["redactory", *map(str, words)]
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert (stopped.value.code or 0) == code, said.err
        return json.loads(said.out) if code == 0 and "--json" in words else said.err

    return call


def test_from_texts_to_a_committed_model(world, command):
    features, job, model = world / "features", world / "job", world / "model"
    command("features", "build", world / "texts", "-o", features, "--spec", world / "spec.json")
    options = [
        "--epochs",
        "6",
        "--batch-rows",
        "32",
        "--learning-rate",
        "3",
        "--metric",
        "accuracy",
        "--epoch-metric",
        "squared_error",
    ]
    refused = command("train", "plan", features, "-o", job, *options, code=4)
    assert "assume_range" in refused
    (world / "train.toml").write_text("assume_range = true\n")
    planned = command(
        "train",
        "plan",
        features,
        "-o",
        job,
        *options,
        "--commit",
        "--config",
        world / "train.toml",
        "--json",
    )
    assert planned["simulation"]
    assert "has not signed" in command("train", "run", job, code=2)
    assert "has not signed" in command("train", "record", job, features, code=2)
    dealt = command("train", "deal", job, features, "--json")
    assert dealt["job"] == planned["job"]
    assert dealt["rows"] == 160
    receipts = command("train", "run", job, "--json")
    assert sorted(receipts) == ["1", "2", "3"]
    status = command("train", "status", job, "--json")
    assert {told["phase"] for told in status["parties"].values()} == {"done"}
    revealed = command("train", "reveal", job, "-o", model, "--json")
    assert revealed["metrics"]["accuracy"] > 0.9
    file = ModelFile.decode((model / "model.json").read_bytes())
    file.check()
    assert file.model.model_id == revealed["model_id"]
    assert file.model.job_digest == planned["job"]
    opening = decode_opening((model / "opening.json").read_bytes(), file.model, where="opening")
    trained = json.loads((model / "trained.json").read_bytes())
    weights = [row[0] for row in trained["layers"][0]]
    assert list(opening.layers[0].weights[0]) == weights[:-1]
    assert (model / "opening.json").stat().st_mode & 0o777 == 0o600
    assert "is there already" in command("train", "reveal", job, "-o", model, code=2)
    assert file.model.policy.layers[0].weight.high == 2**19 - 1  # the features have 12 bits of 32


def test_the_card_of_a_model_is_the_same_for_everybody(world, command):
    features, job, model = world / "features", world / "job", world / "model"
    recorded = command("train", "record", job, features, "--json")
    raw = (model / "card.json").read_bytes()
    assert (features / recorded["card"]).read_bytes() == raw
    assert sha256_hex(raw) == recorded["card_sha256"]
    card = json.loads(raw)
    assert card["model_id"] == recorded["model_id"]
    assert card["owners"][0]["train_rows"] + card["owners"][0]["validation_rows"] == 160
    assert [party["finished"] for party in card["parties"]] == [True] * 3
    assert len(card["history"]) == 6
    page = (model / "card.html").read_text()
    for said in (recorded["card_sha256"], recorded["model_id"], "a simulation", "vouched for"):
        assert said in page
    assert page.count("<polyline") == 1
    # Once more: the statement is there, and nothing is stated twice.
    assert command("train", "record", job, features, "--json") == recorded
    kinds = [e.kind for e in Log.open(features / "ledger").entries()]
    assert (kinds.count("dealt"), kinds.count("trained")) == (1, 1)
    command("ledger", "verify", features)


def test_a_model_from_shares_holds_for_the_second_verifier(world, repository):
    """It shares no code with the package, and is written from the format page alone."""
    folder = repository / "tests" / "zk_proofs" / "slow"
    spec = importlib.util.spec_from_file_location(
        "second_verifier", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    sys.modules["second_verifier"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["second_verifier"])
    second = importlib.import_module("second_verifier.model")
    sums = importlib.import_module("second_verifier.sums")
    raw = (world / "model" / "model.json").read_bytes()
    model, equations = second.Model(raw), []
    model.verify(equations)
    assert sums.vanish(equations)
    card = json.loads((world / "model" / "card.json").read_bytes())
    assert model.model_id.hex() == card["model_id"]


def test_a_party_has_a_card_and_waits_for_no_job(world, command, tmp_path):
    made = command("party", "init", tmp_path / "p", "--name", "north", "--port", "7009", "--json")
    assert made["name"] == "north"
    assert "PRIVATE" not in json.dumps(made)
    assert "lives here already" in command(
        "party", "init", tmp_path / "p", "--name", "south", code=2
    )
    assert "no job here" in command("party", "serve", tmp_path / "p", "--job", tmp_path, code=2)
    assert "HOST:PORT" in command(
        "party", "serve", tmp_path / "p", "--job", tmp_path, "--bind", "here", code=2
    )
    command("party", "init", tmp_path / "q", "--name", "Not A Name", code=2)


def test_an_offer_tells_counts_and_no_rows(world, command, tmp_path):
    features = world / "features"
    command("train", "offer", features, "--owner", "south", "-o", tmp_path / "offer")
    offer = json.loads((tmp_path / "offer").read_bytes())
    assert offer["owner"]["train_rows"] + offer["owner"]["validation_rows"] == 160
    assert sorted(offer) == ["classes", "features", "owner"]
