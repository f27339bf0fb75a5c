"""Parties that others run: their tasks are skipped here, and their receipts are waited for."""

import asyncio
import json

import pytest

from audit_ledger import Provenance
from mpc_jobs.identity import create_party
from mpc_jobs.local import free_ports, start_party, wait_for
from redactory import training_steps
from redactory.config import RunConfig
from redactory.errors import PartyError
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup

RUN = "airflow-0123"
BY = Provenance(
    actor_kind="airflow",
    actor_name="tester",
    run_id=RUN,
    dag_id="redactory_train",
    try_number=1,
    code_version="0",
)

# Airflow's own warnings are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Labelled texts, and three parties with folders and passphrases of their own."""
    folder = tmp_path_factory.mktemp("others")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(folder / "home"))
        patch.setenv("REDACTORY_CONFIG", str(folder / "standing.toml"))
        patch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
        KeyStore(folder / "home").ensure("reader", "quarantine", "log")
        rows = [
            {"id": f"r-{n}", "text": f"the {'pump' if n % 2 else 'lamp'} {n % 5}", "label": n % 2}
            for n in range(40)
        ]
        (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        texts = {
            "input": [str(folder / "in.jsonl")],
            "output": str(folder / "texts"),
            "ner": "none",
            "label_column": "label",
        }
        run(RunSetup(RunConfig.parse(texts), KeyStore(folder / "home")))
        (folder / "spec.json").write_text(json.dumps({"d": 16, "scale_bits": 12}))
        (folder / "passphrase").write_text("of the parties")
        for number, port in enumerate(free_ports(3), start=1):
            create_party(
                folder / f"p{number}",
                f"party-{number}",
                host="127.0.0.1",
                port=port,
                passphrase=b"of the parties",
            )
        cards = json.dumps([str(folder / f"p{number}" / "card.json") for number in (1, 2, 3)])
        (folder / "standing.toml").write_text(
            f"output = {json.dumps(str(folder / 'texts'))}\n"
            "[train]\n"
            f"cards = {cards}\n"
            f"spec = {json.dumps(str(folder / 'spec.json'))}\n"
            "assume_range = true\nepochs = 1\nbatch_rows = 16\ncommit = false\n"
        )
        yield folder


@pytest.fixture
def config(world):
    """As every worker reads it."""
    from operators.training import TRAIN

    return TRAIN.read({})


def waited(*, seconds):
    """What the trigger fires with."""
    from operators.party_trigger import ReceiptsTrigger

    made = ReceiptsTrigger(params={}, run_id=RUN, poll_seconds=0.2, wait_seconds=seconds)
    path, arguments = made.serialize()
    assert path == "operators.party_trigger.ReceiptsTrigger"

    async def first():
        return await anext(ReceiptsTrigger(**arguments).run())

    return asyncio.run(first()).payload


def test_until_the_parties_have_finished(world, config):
    training_steps.build(config, BY)
    planned = training_steps.plan(config, RUN, BY)
    assert not planned["simulation"]
    assert training_steps.plan(config, RUN, BY) == planned
    training_steps.deal(config, RUN, BY)
    names = ["party-1", "party-2", "party-3"]
    assert [training_steps.serve(config, RUN, n, print) for n in (1, 2, 3, 4)] == [None] * 4
    assert training_steps.awaits_others(config, RUN)
    assert waited(seconds=0) == {"finished": [], "missing": names}
    with pytest.raises(PartyError, match="0 parties have finished, and 2 are needed"):
        training_steps.quorum(config, RUN)


def test_their_receipts_end_the_wait(world, config):
    job = f"{config.features_folder}.jobs/{RUN}"
    processes = [
        start_party(world / f"p{number}", job, passphrase_file=world / "passphrase")
        for number in (1, 2, 3)
    ]
    names = ["party-1", "party-2", "party-3"]
    assert waited(seconds=120) == {"finished": names, "missing": []}
    assert wait_for(processes, needed=3) == []
    assert not training_steps.awaits_others(config, RUN)
    assert training_steps.quorum(config, RUN) == {"finished": names, "missing": []}
    revealed = training_steps.reveal(config, RUN)
    assert training_steps.reveal(config, RUN) == revealed
    recorded = training_steps.record(config, RUN, BY)
    assert recorded == training_steps.record(config, RUN, BY)
    assert recorded["job"] == revealed["job"]
    card = json.loads((world / "texts.features" / "cards" / f"{recorded['job']}.json").read_bytes())
    assert not card["simulation"]


def test_a_worker_knows_its_own_party(world, config, monkeypatch):
    monkeypatch.setenv("REDACTORY_PASSPHRASE_FILE", str(world / "passphrase"))
    here = config.model_copy(update={"party": str(world / "p2")})
    told = [training_steps.serve(here, RUN, number, print) for number in (1, 2, 3)]
    assert [one and one["party"] for one in told] == [None, "party-2", None]
