"""Commands as people mistype them: clear lines, right exit codes, nothing swallowed."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest


def refused(process, code: int, *words: str) -> None:
    assert process.returncode == code, process.stdout + process.stderr
    last = process.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "Traceback" not in process.stderr
    assert "well-formed" not in last
    for word in words:
        assert word in last


def test_a_policy_that_fails_in_a_worker_is_the_same_one_line(cli, source):
    failed = cli("redact", source, "-o", "o.jsonl", "-p", "none", "--scope", "s", "--workers", "2")
    refused(failed, 4, "none")


def test_brackets_in_names_are_shown_as_they_are(cli, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"id": "1", "text": "x", "[/b]": 1, "[red]": 2}])
    done = cli("run", place, "-o", tmp_path / "out[bold]")
    assert done.returncode == 0, done.stderr
    assert "out[bold] (version 1)" in done.stdout
    assert "[/b], [red]" in done.stdout


def test_columns_of_every_file_that_are_not_carried_are_listed(cli, lines, tmp_path):
    lines(tmp_path / "in" / "a.jsonl", [{"id": "1", "text": "x", "one": 1}])
    (tmp_path / "in" / "b.csv").write_text("id,text,two\n2,y,z\n")
    done = cli("run", tmp_path / "in", "-o", "out")
    assert "one, two" in done.stdout
    assert "one, two" in cli("run", tmp_path / "in", "--dry-run").stdout


def test_a_dataset_is_never_written_into_its_own_input(cli, source):
    refused(cli("run", source.parent, "-o", source.parent / "out"), 2, "inside the input")
    refused(cli("run", source.parent / "*", "-o", source.parent), 2, "inside the output")
    assert not (source.parent / "out").exists()


def test_a_log_alone_is_verified_alone(cli, source, tmp_path):
    assert cli("run", source, "-o", "out").returncode == 0
    alone = cli("ledger", "verify", tmp_path / "out" / "ledger")
    assert alone.returncode == 0, alone.stdout
    assert "intact" in alone.stdout


def test_a_purpose_of_several_words(cli, source):
    assert cli("run", source, "-o", "out").returncode == 0
    refused(cli("dataset", "read", "out", "--purpose", "quality check"), 2, "purpose", "one word")


@pytest.mark.parametrize("area", ["--quarantine", "--sources"])
def test_a_column_that_an_area_does_not_have(cli, source, area):
    assert cli("run", source, "-o", "out").returncode == 0
    refused(cli("dataset", "read", "out", area, "--column", "nope"), 2, "no column 'nope'")


def test_a_kind_of_statement_that_does_not_exist(cli, source):
    assert cli("run", source, "-o", "out").returncode == 0
    refused(cli("ledger", "show", "out", "--kind", "publish"), 2, "published")


def test_an_unpublished_dataset_can_be_verified_with_a_key(cli, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": "fine"}\nnot json\n')
    refused(cli("run", "bad.jsonl", "-o", "out"), 4)
    checked = cli("dataset", "verify", "out", "--decrypt")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_file_that_cannot_be_used_is_named(cli, source, tmp_path):
    assert cli("run", source, "-o", "out").returncode == 0
    wraps = next((tmp_path / "out" / "wraps").iterdir())
    wraps.unlink()
    wraps.symlink_to(wraps.name)  # a link to itself: no file, and not missing either
    refused(cli("dataset", "verify", "out"), 2, wraps.name)


def test_a_dry_run_counts_what_it_looked_at(cli, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"text": f"u{n}@example.org"} for n in range(2000)])
    shown = cli("run", place, "--dry-run", "--sample", "1100")
    assert "1,100 records looked at" in shown.stdout
    assert "EMAIL_ADDRESS 1,100" in shown.stdout


@pytest.fixture
def under_way(home, lines, tmp_path):
    """Starts a run in a process group of its own; returns when its first shard is sealed."""
    place = lines(tmp_path / "in.jsonl", [{"text": f"u{n}@example.org"} for n in range(20_000)])
    command = [sys.executable, "-c", "from redactory.cli import main; main()", "run", place]
    started = []

    def go(*options):
        process = subprocess.Popen(
            [*command, "-o", tmp_path / "out", "--rows-per-shard", "100", *options],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "REDACTORY_HOME": str(home)},
            start_new_session=True,
        )
        started.append(process)
        for _ in range(600):
            if sealed(tmp_path / "out"):
                break
            time.sleep(0.1)
        return process

    yield go
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def sealed(dataset):
    return list((dataset / ".runs").glob("*/outcomes/*.json"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_ends_with_130_and_can_be_resumed(under_way, tmp_path, workers):
    process = under_way("--workers", workers)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "--resume" in said.splitlines()[-1]
    assert sealed(tmp_path / "out")


def test_workers_end_with_the_run_that_was_killed(under_way):
    process = under_way("--workers", "2")
    process.kill()
    # Every process of the run holds the other end of this pipe.
    _, said = process.communicate(timeout=30)
    assert "Traceback" not in said
