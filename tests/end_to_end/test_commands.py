"""The command surface that must stay stable, as a user types it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from redactory.cli.ordered import replacing
from redactory.errors import InputError

COMMANDS = [
    [],
    ["run"],
    ["detect"],
    ["redact"],
    ["demo"],
    ["dataset"],
    ["dataset", "show"],
    ["dataset", "read"],
    ["dataset", "verify"],
    ["ledger"],
    ["ledger", "show"],
    ["ledger", "verify"],
    ["keys"],
    ["keys", "create"],
    ["keys", "list"],
]


def read_lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(cli, command):
    done = cli(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    if command and command not in (["dataset"], ["ledger"], ["keys"], ["keys", "list"]):
        assert "Example" in done.stdout


def test_detect_writes_one_line_per_record_in_order(cli, tmp_path):
    texts = ["Write to jane.roe@example.com.", "nothing", "电话：138 0013 8000。", "👩‍⚕️ a@b.org"]
    lines = [json.dumps({"id": f"r{n}", "text": text}) for n, text in enumerate(texts)]
    lines.insert(2, "not json")
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    done = cli("detect", "in.jsonl", "--output", "out.jsonl", "--workers", "1", "--no-ner")
    assert done.returncode == 0, done.stderr
    found = read_lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in found] == ["r0", "r1", "0:2", "r2", "r3"]
    assert found[2] == {"id": "0:2", "spans": [], "error": "malformed_json"}
    assert set(found[0]["spans"][0]) >= {"start", "end", "entity_type", "score"}

    def surfaces(line, text):
        return [(s["entity_type"], text[s["start"] : s["end"]]) for s in line["spans"]]

    assert surfaces(found[0], texts[0]) == [("EMAIL_ADDRESS", "jane.roe@example.com")]
    assert found[1]["spans"] == []
    assert surfaces(found[3], texts[2]) == [("PHONE_NUMBER", "138 0013 8000")]
    assert surfaces(found[4], texts[3]) == [("EMAIL_ADDRESS", "a@b.org")]


def test_detect_gives_the_same_lines_with_more_workers(cli, tmp_path, lines):
    records = [{"id": str(n), "text": f"mail u{n}@example.org"} for n in range(600)]
    lines(tmp_path / "in.jsonl", records)
    for workers in (1, 2):
        done = cli("detect", "in.jsonl", "-o", f"o{workers}", "--workers", workers, "--json")
        assert json.loads(done.stdout)["records"] == 600
    assert (tmp_path / "o1").read_bytes() == (tmp_path / "o2").read_bytes()


def test_redact_keeps_ids_and_says_what_it_withheld(cli, tmp_path, lines):
    records = [{"id": f"r{n}", "text": f"mail u{n % 2}@example.org"} for n in range(120)]
    place = lines(tmp_path / "in.jsonl", records)
    with place.open("a") as file:
        file.write("not json\n")
    done = cli("redact", "in.jsonl", "--policy", "gdpr", "--output", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "1 records were withheld" in done.stderr
    out = read_lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in out] == [record["id"] for record in records]
    assert len({line["text"] for line in out}) == 2
    assert "example.org" not in (tmp_path / "out.jsonl").read_text()
    assert read_lines(tmp_path / "out.jsonl.withheld.jsonl") == [
        {"id": "0:120", "reason": "malformed_json"}
    ]


def test_the_output_is_a_file_or_a_link_to_one(tmp_path):
    (tmp_path / "true.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("true.jsonl")
    with replacing(str(tmp_path / "link.jsonl")) as file:
        file.write("new")
    assert (tmp_path / "true.jsonl").read_text() == "new"
    assert (tmp_path / "link.jsonl").is_symlink()
    for place in ("-", "/dev/null", str(tmp_path)):
        with pytest.raises(InputError, match="the output is a file"), replacing(place):
            pass


def test_scopes_decide_who_shares_tokens(cli, tmp_path, lines):
    lines(tmp_path / "in.jsonl", [{"id": "1", "text": "mail a@example.org"}])
    outputs = []
    for name, scope in (("a", "one"), ("b", "one"), ("c", "two")):
        assert cli("redact", "in.jsonl", "-o", name, "--scope", scope).returncode == 0
        outputs.append((tmp_path / name).read_text())
    assert outputs[0] == outputs[1] != outputs[2]


def test_a_dry_run_writes_nothing(cli, tmp_path, source):
    fresh = {"REDACTORY_HOME": str(tmp_path / "fresh")}
    before = sorted(tmp_path.rglob("*"))
    done = cli("run", source, "-o", "out", "--dry-run", "--sample", "3", **fresh)
    assert done.returncode == 0, done.stderr
    assert "EMAIL_ADDRESS 1" in done.stdout
    assert "nothing was written" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before
    found = json.loads(cli("run", source, "--dry-run", "--json", **fresh).stdout)
    assert found["records"] == 6
    assert found["entities"]["CREDIT_CARD"] == 1


def test_run_and_look_at_the_result(cli, tmp_path, source):
    done = cli("run", source, "-o", "out", "-p", "gdpr")
    assert done.returncode == 0, done.stderr
    assert "6 read = 6 released + 0 quarantined" in done.stdout
    assert "not carried" in done.stdout  # the column n
    shown = json.loads(cli("dataset", "show", "out", "--json").stdout)
    assert shown["rows"] == 6
    assert "6" in cli("dataset", "show", "out").stdout
    statements = json.loads(cli("ledger", "show", "out", "--json", "--kind", "sealed").stdout)
    assert {s["predicateType"] for s in statements} == {"urn:redactory:statement:sealed:v1"}
    assert "published" in cli("ledger", "show", "out").stdout
    for command in ("ledger", "dataset"):
        verified = cli(command, "verify", "out")
        assert verified.returncode == 0
        assert "intact" in verified.stdout
    assert json.loads(cli("dataset", "verify", "out", "--decrypt", "--json").stdout)["opened"]
    rows = cli("dataset", "read", "out", "--limit", "2", "--column", "text").stdout.splitlines()
    assert [set(json.loads(row)) for row in rows] == [{"text"}] * 2
    assert len(json.loads(cli("dataset", "read", "out", "--json").stdout)) == 6
    assert cli("dataset", "read", "out", "-o", "rows.jsonl").returncode == 0
    assert len(read_lines(tmp_path / "rows.jsonl")) == 6


def test_the_report_is_a_page_without_any_text(cli, tmp_path, source):
    cli("run", source, "-o", "out")
    (report,) = (tmp_path / "out" / "reports").iterdir()
    page = report.read_text("utf-8")
    assert "EMAIL_ADDRESS" in page
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert str(tmp_path) not in page


def test_keys_are_listed_without_secrets(cli, home):
    assert cli("keys", "create", "ml-team").returncode == 0
    listed = json.loads(cli("keys", "list", "--json").stdout)
    assert [key["name"] for key in listed] == ["log", "ml-team", "quarantine", "reader"]
    assert cli("keys", "create", "ml-team").returncode == 5
    assert cli("keys", "create", "../evil").returncode == 2
    assert cli("keys", "create", "small", "--bits", "2048").returncode == 5


def test_a_named_recipient_reads_and_the_reader_key_does_not(cli, home, tmp_path, source):
    cli("keys", "create", "ml-team")
    public = home / "keys" / "ml-team.pub.pem"
    assert cli("run", source, "-o", "out", "--recipient", public).returncode == 0
    assert cli("dataset", "read", "out").returncode == 5
    mine = cli("dataset", "read", "out", "--key", home / "keys" / "ml-team.pem")
    assert len(mine.stdout.splitlines()) == 6


def test_first_use_makes_keys_and_says_so_once(cli, tmp_path, source):
    fresh = {"REDACTORY_HOME": str(tmp_path / "fresh")}
    first = cli("run", source, "-o", "out", **fresh)
    assert first.stderr.count("random passphrase") == 1
    assert "created the log key" in first.stderr
    second = cli("run", source, "-o", "out", **fresh)
    assert "passphrase" not in second.stderr
    assert "nothing new" in second.stdout
    modes = {p.stat().st_mode & 0o777 for p in (tmp_path / "fresh" / "keys").iterdir()}
    assert modes == {0o600}


def test_the_demo_tells_programs_what_it_did(cli, monkeypatch):
    monkeypatch.setenv("REDACTORY_HOME", "")
    done = cli("demo", "-o", "d", "--json", REDACTORY_HOME="")
    told = json.loads(done.stdout)
    assert told["state"] == "intact"
    assert told["records_in"] == told["records_out"] + told["quarantined"] == 400


def test_the_installed_command(tmp_path):
    """The console script itself, once."""
    script = shutil.which("redactory", path=str(Path(sys.executable).parent))
    if script is None:
        pytest.skip("the project is not installed in this environment")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("redactory ")
