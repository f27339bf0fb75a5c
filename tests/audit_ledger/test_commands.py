"""The commands of `redactory ledger`, as a user runs them."""

import json
import subprocess
import sys
import zipfile

import pytest

from audit_ledger import Log
from redactory.canonical import canonical_json


@pytest.fixture
def dataset(workplace):
    return workplace / "dataset"


def test_show_and_search(command, dataset):
    code, shown = command("ledger", "show", dataset, "--json")
    assert code == 0
    statements = json.loads(shown)
    assert [s["index"] for s in statements] == list(range(len(statements)))
    kinds = [s["predicateType"].split(":")[3] for s in statements]
    assert kinds[:3] == ["ingested", "redacted", "sealed"]
    shard = statements[2]["predicate"]["body"]["shard"]
    name = statements[2]["predicate"]["body"]["dataset"]
    digest = statements[2]["subject"][0]["digest"]["sha256"]
    actor = statements[2]["predicate"]["actor"]["name"]
    run = statements[2]["predicate"]["run"]["run_id"]

    def found(*options):
        code, output = command("ledger", "search", dataset, "--json", *options)
        assert code == 0
        return [s["index"] for s in json.loads(output)]

    everything = [s["index"] for s in statements]
    assert found() == everything
    assert found("--kind", "sealed", "--shard", shard) == [2]
    assert found("--shard", shard[:10]) == [0, 1, 2]
    assert 2 in found("--digest", digest.upper())
    assert found("--actor", actor, "--run", run, "--dataset", name) == everything
    assert found("--actor", "nobody") == []
    assert found("--since", "2100") == found("--until", "2000") == []
    assert found("--since", "2000", "--until", "2100") == everything
    assert command("ledger", "search", dataset, "--kind", "forgotten")[0] == 2
    assert "sealed" in command("ledger", "search", dataset, "--kind", "sealed")[1]


def test_prove_and_check_elsewhere(command, dataset, workplace):
    leaf = workplace / "leaf"
    assert command("ledger", "prove", dataset, 2, "--output", leaf)[0] == 0
    key = dataset / "ledger" / "log.vkey"
    check = ("ledger", "verify", f"{leaf}.tlog-proof")
    code, said = command(*check, "--log-key", key, home="elsewhere")
    assert (code, "proven" in said) == (0, True)
    assert command(*check, home="elsewhere")[0] == 5
    statement = workplace / "leaf.json"
    statement.write_bytes(statement.read_bytes().replace(b"sealed", b"shred1"))
    code, said = command(*check, "--log-key", key, home="elsewhere")
    assert (code, "does not prove" in said) == (3, True)
    assert command("ledger", "prove", dataset)[0] == 2
    assert command("ledger", "prove", dataset, 99)[0] == 3


def test_prove_that_the_log_only_grew(command, dataset, workplace):
    from audit_ledger.merkle import verify_consistency

    kept = workplace / "kept"
    assert command("ledger", "checkpoint", dataset, "--output", kept)[0] == 0
    assert command("dataset", "read", dataset)[0] == 0
    code, output = command("ledger", "prove", dataset, "--pinned", kept)
    facts = json.loads(output)
    roots = bytes.fromhex(facts["old_root"]), bytes.fromhex(facts["root"])
    proof = [bytes.fromhex(hash_) for hash_ in facts["proof"]]
    assert code == 0
    assert facts["size"] == facts["old_size"] + 1
    assert verify_consistency(facts["old_size"], facts["size"], proof, *roots)


def test_verify_pinned_and_witnessed(command, dataset, workplace):
    kept, cosigned = workplace / "kept", workplace / "cosigned"
    command("ledger", "checkpoint", dataset, "--output", kept)
    name = ("--name", "witness.example/w1")
    witness = ("ledger", "witness", dataset, *name, "--output", cosigned)
    assert command(*witness, home="witness")[0] == 5  # seen for the first time
    assert command(*witness, "--trust-new-log", home="witness")[0] == 0
    key = workplace / "witness.vkey"
    from redactory.cosigning import cosigner
    from redactory.keys import KeyStore

    signer = cosigner(KeyStore(workplace / "witness"), "witness.example/w1", "ed25519")
    key.write_text(signer.verifier.vkey() + "\n")
    verify = ("ledger", "verify", dataset, "--pinned", kept)
    assert command(*verify)[0] == 0
    code, said = command(*verify, "--witness", key)
    assert (code, "nly 0 of your witnesses" in said) == (3, True)
    assert command("ledger", "checkpoint", dataset, "--attach", cosigned)[0] == 0
    code, said = command(*verify, "--witness", key, "--json")
    assert code == 0
    assert json.loads(said)["witnesses"] == ["witness.example/w1"]
    # A pinned checkpoint vouches for a log that nobody trusted before.
    assert command(*verify, home="elsewhere")[0] == 0
    assert command("ledger", "verify", dataset, home="elsewhere")[0] == 5


def test_a_witness_signs_no_history_that_was_rewritten(command, dataset, workplace):
    import shutil

    witness = ("ledger", "witness", dataset, "--name", "w", "--output", workplace / "x")
    shutil.copytree(dataset / "ledger", workplace / "old")
    command("dataset", "read", dataset)
    assert command(*witness, "--trust-new-log", home="witness")[0] == 0
    shutil.rmtree(dataset / "ledger")
    shutil.copytree(workplace / "old", dataset / "ledger")
    code, said = command(*witness, "--trust-new-log", home="witness")
    assert (code, "rolled back" in said) == (3, True)


def test_co_signed_by_the_owner(command, dataset):
    assert command("ledger", "checkpoint", dataset, "--co-sign")[0] == 0
    note = Log.open(dataset / "ledger").checkpoint.note
    assert note.count("—".encode()) == 2
    assert command("ledger", "verify", dataset)[0] == 0


@pytest.fixture
def evidence(command, dataset, workplace):
    target = workplace / "evidence.zip"
    assert command("ledger", "evidence", dataset, target)[0] == 0
    return target


def test_evidence_stands_without_us(command, dataset, workplace, evidence):
    key = dataset / "ledger" / "log.vkey"
    assert command("ledger", "verify", evidence)[0] == 0
    assert command("ledger", "verify", evidence, home="elsewhere")[0] == 5
    code, said = command("ledger", "verify", evidence, "--log-key", key, home="elsewhere")
    assert (code, "intact" in said) == (0, True)
    code, _ = command("ledger", "verify", evidence, "--pinned", evidence, home="elsewhere")
    assert code == 0
    with zipfile.ZipFile(evidence) as archive:
        names = set(archive.namelist())
        assert {"README.txt", "bundle.json", "statements.jsonl", "ledger/checkpoint"} <= names
        assert [name for name in names if name.startswith("policies/")]
        assert [name for name in names if name.endswith(".tlog-proof")]
        assert [name for name in names if name.startswith("dataset/reports/")]
        assert "report/retention.html" in names


def rebuilt(evidence, target, change):
    """The bundle with other files, its index adjusted as a careful forger would."""
    import hashlib

    with zipfile.ZipFile(evidence) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    index = json.loads(files.pop("bundle.json"))
    change(files)
    index["files"] = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    with zipfile.ZipFile(target, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
        archive.writestr("bundle.json", canonical_json(index))
    return target


def named(files, beginning):
    return next(name for name in sorted(files) if name.startswith(beginning))


def swap(beginning, old, new):
    def change(files):
        name = named(files, beginning)
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return change


CHANGES = {
    "a statement": (swap("ledger/tile/entries", b'"records":20', b'"records":19'), "statement 0"),
    "the readable copy": (swap("statements.jsonl", b'"records":20', b'"records":19'), "tells"),
    "a manifest": (swap("dataset/manifests", b'"records_in":20', b'"records_in":19'), "on record"),
    "a report": (swap("dataset/reports", b"<", b"< "), "on record"),
    "a policy": (swap("policies/", b'"replace"', b'"keep"'), "policy"),
    "a proof": (swap("proofs/", b'"records":20', b'"records":19'), "does not prove"),
    "a missing manifest": (lambda f: f.pop(named(f, "dataset/manifests")), "missing here"),
    "an added manifest": (lambda f: f.update({"dataset/manifests/x.json": b"{}"}), "not on record"),
    "a missing tile": (lambda f: f.pop(named(f, "ledger/tile/0")), "missing"),
    "the checkpoint": (swap("ledger/checkpoint", b"\n5\n", b"\n4\n"), "signature"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_evidence(command, evidence, workplace, what):
    change, words = CHANGES[what]
    forged = rebuilt(evidence, workplace / "forged.zip", change)
    code, said = command("ledger", "verify", forged, "--json")
    verdict = json.loads(said)
    assert (code, verdict["state"]) == (3, "broken")
    assert any(words in problem["what"] for problem in verdict["problems"]), verdict["problems"]
    assert verdict["sentence"][0].isupper()
    assert verdict["sentence"].endswith(".")


def test_every_flipped_byte_of_the_bundles_files_is_seen(command, evidence, workplace):
    with zipfile.ZipFile(evidence) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for changed, raw in files.items():
        damaged = raw[:-1] + bytes([raw[-1] ^ 1])
        target = workplace / "damaged.zip"
        with zipfile.ZipFile(target, "w") as archive:
            for name, whole in files.items():
                archive.writestr(name, damaged if name == changed else whole)
        assert command("ledger", "verify", target)[0] == 3, changed


def test_evidence_needs_the_core_only(evidence, workplace):
    program = (
        "import sys\n"
        "from redactory.cli import main\n"
        f"sys.argv = ['redactory', 'ledger', 'verify', {str(evidence)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print('EXIT', end.code)\n"
        "heavy = {'spacy', 'presidio_analyzer', 'onnxruntime', 'numba', 'airflow', 'torch',\n"
        "         'sqlalchemy', 'alembic', 'pii_rules'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    environment = {"REDACTORY_HOME": str(workplace / "home"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert "EXIT 0" in done.stdout
    assert "HEAVY []" in done.stdout


def test_report(command, dataset, workplace):
    command("dataset", "read", dataset, "--purpose", "audit")
    assert command("ledger", "report", dataset, "--output", workplace / "retention")[0] == 0
    facts = json.loads((workplace / "retention.json").read_text())
    (described,) = facts["datasets"]
    assert facts["intact"]
    assert (described["version"], described["records_published"]) == (1, 20)
    reader = next(r for r in described["readers"] if r["area"] == "data")
    assert (reader["accesses"], reader["purposes"]) == (1, {"audit": 1})
    assert described["policies"]
    for suffix in ("md", "html"):
        text = (workplace / f"retention.{suffix}").read_text()
        assert reader["key"][:16] in text
        assert described["dataset"] in text


def test_a_broken_log_gives_no_evidence(command, dataset, workplace):
    bundle = next((dataset / "ledger" / "tile" / "entries").rglob("*.p/*"))
    raw = bytearray(bundle.read_bytes())
    raw[100] ^= 1
    bundle.write_bytes(raw)
    for name, *rest in (("evidence", workplace / "x.zip"), ("report",)):
        code, said = command("ledger", name, dataset, *rest)
        assert (code, "broken" in said) == (3, True)
    assert not (workplace / "x.zip").exists()
    code, said = command("ledger", "verify", dataset)
    assert (code, "Statement" in said or "The file" in said) == (3, True)
