"""Bad input gives one clear line and the right exit code; nothing half-written stays."""

import os
import resource
import subprocess
import sys

import pytest


def one_line(process, code: int, *words: str) -> None:
    assert process.returncode == code, process.stderr
    lines = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, process.stderr
    assert "Traceback" not in process.stderr + process.stdout
    for word in words:
        assert word in lines[0]


def test_no_such_input(cli, tmp_path):
    one_line(cli("run", "nowhere.jsonl", "-o", "out"), 2, "nothing is there", "nowhere.jsonl")
    assert not (tmp_path / "out").exists()


def test_empty_file(cli, tmp_path):
    (tmp_path / "e.jsonl").touch()
    one_line(cli("run", "e.jsonl", "-o", "out"), 2, "no record")
    assert not (tmp_path / "out" / ".runs").exists()


def test_binary_file(cli, tmp_path):
    (tmp_path / "b.jsonl").write_bytes(bytes(range(256)) * 40)
    one_line(cli("run", "b.jsonl", "-o", "out"), 2, "text")


def test_a_json_document_instead_of_lines(cli, tmp_path):
    (tmp_path / "a.jsonl").write_text('[{"text": "x"}]')
    one_line(cli("run", "a.jsonl", "-o", "out"), 2)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_missing_column(cli, tmp_path, suffix):
    content = {"jsonl": '{"id": "1", "body": "x"}\n', "csv": "id,body\n1,x\n"}[suffix]
    (tmp_path / f"m.{suffix}").write_text(content)
    one_line(cli("run", f"m.{suffix}", "-o", "out"), 2, "'text'", "body")


def test_unknown_policy_names_the_built_in_ones(cli, source):
    one_line(cli("run", source, "-o", "out", "-p", "nonsense"), 4, "nonsense", "gdpr")


def test_a_policy_with_a_misspelt_key(cli, source, tmp_path):
    (tmp_path / "p.toml").write_text('name = "p"\nversion = "1.0.0"\ntreshold = 1\n')
    one_line(cli("run", source, "-o", "out", "-p", "p.toml"), 4, "treshold")


def test_an_unknown_key_in_the_configuration(cli, tmp_path):
    (tmp_path / "c.toml").write_text('input = "x"\noutput = "y"\nworker = 3\n')
    one_line(cli("run", "-c", "c.toml"), 2, "worker")


def test_output_below_a_regular_file(cli, source, tmp_path):
    (tmp_path / "file").write_text("x")
    one_line(cli("run", source, "-o", tmp_path / "file" / "out"), 2, "written")


def test_redact_and_detect_to_a_folder_that_is_not_there(cli, source, tmp_path):
    for command in ("detect", "redact"):
        one_line(cli(command, source, "-o", "no/such/folder/out.jsonl"), 2, "written")


def test_wrong_passphrase(cli, source, tmp_path):
    (tmp_path / "wrong").write_text("not the passphrase\n")
    wrong = {"REDACTORY_PASSPHRASE_FILE": str(tmp_path / "wrong")}
    one_line(cli("run", source, "-o", "out", **wrong), 5, "passphrase")
    assert cli("run", source, "-o", "out").returncode == 0
    one_line(cli("dataset", "read", "out", **wrong), 5, "passphrase")


def test_wrong_key(cli, source, tmp_path):
    assert cli("run", source, "-o", "out").returncode == 0
    assert cli("keys", "create", "other").returncode == 0
    other = tmp_path / "home" / "keys" / "other.pem"
    one_line(cli("dataset", "read", "out", "--key", other), 5, "not sealed for you")
    one_line(cli("dataset", "read", "out", "--key", source), 5)
    private = tmp_path / "home" / "keys" / "reader.pem"
    one_line(cli("run", source, "-o", "out2", "--recipient", private), 5, "public key")


def test_a_weak_key(cli, source, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = (
        rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "weak.pem").write_bytes(pem)
    one_line(cli("run", source, "-o", "out", "--recipient", "weak.pem"), 5, "too weak")


def test_a_log_of_somebody_else(cli, source, tmp_path):
    assert cli("run", source, "-o", "out").returncode == 0
    stranger = {"REDACTORY_HOME": str(tmp_path / "stranger")}
    unproven = cli("ledger", "verify", "out", **stranger)
    assert unproven.returncode == 5
    assert "origin unproven" in unproven.stdout
    one_line(cli("dataset", "show", "out", **stranger), 5, "--trust-new-log", "fingerprint")
    assert cli("ledger", "verify", "out", "--trust-new-log", **stranger).returncode == 0
    assert cli("ledger", "verify", "out", **stranger).returncode == 0
    one_line(cli("run", source, "-o", "out", "--discard", **stranger), 3, "another key")


def test_no_dataset_here(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    for command in ("ledger", "dataset"):
        one_line(cli(command, "verify", "nowhere"), 2)
        one_line(cli(command, "verify", "empty"), 3, "no ledger")


def test_an_interrupted_run_is_pointed_out(cli, source, tmp_path):
    (tmp_path / "out" / ".runs" / "dead").mkdir(parents=True)
    (tmp_path / "out" / ".runs" / "dead" / "run.json").write_text("{}")
    (tmp_path / "out" / ".runs" / "dead" / "lock").touch()
    one_line(cli("run", source, "-o", "out"), 2, "--resume", "--discard")
    one_line(cli("run", source, "-o", "out", "--resume"), 2, "begun with another")
    assert cli("run", source, "-o", "out", "--discard").returncode == 0


def test_a_full_disk(home, source, tmp_path):
    """A limit on the size of files stands for a disk that fills up in the middle."""
    big = tmp_path / "big.jsonl"
    with big.open("w") as file:
        for n in range(400):
            file.write(f'{{"id": "{n}", "text": "{os.urandom(60).hex()}"}}\n')
    command = [sys.executable, "-c", "from redactory.cli import main; main()"]
    arguments = ["run", str(big), "-o", str(tmp_path / "out")]
    # A module cached under the limit would be cut off, and break every later import of it.
    environment = {
        "PATH": os.environ["PATH"],
        "REDACTORY_HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    full = subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=limit,
        check=False,
    )
    one_line(full, 2, "--resume")
    mended = subprocess.run(
        [*command, *arguments, "--resume"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert mended.returncode == 0, mended.stderr
    assert "400 read = 400 released" in mended.stdout
    assert not (tmp_path / "out" / ".runs").exists()
