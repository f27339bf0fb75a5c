"""Copies of checkpoints outside: written after every run, refused for another history."""

import shutil
import subprocess

import pytest

from audit_ledger import Checkpoint, Log
from redactory.checkpoints import folder_name, publish_checkpoint
from redactory.errors import InputError, LedgerError


def published(target, log):
    return target / folder_name(log.origin)


def test_after_every_run_to_several_targets(tmp_path, run_pipeline, needs_program):
    git = needs_program("git")
    work_tree, plain = tmp_path / "git", tmp_path / "plain"
    work_tree.mkdir()
    subprocess.run([git, "-C", str(work_tree), "init", "-q"], check=True)
    targets = (str(plain), f"git:{work_tree}", "memory://ledger-tests")
    dataset, _ = run_pipeline(tmp_path / "w", publish_checkpoint=targets)
    log = Log.open(dataset / "ledger")
    for target in (plain, work_tree):
        folder = published(target, log)
        newest = (folder / "checkpoint").read_bytes()
        assert newest == log.checkpoint.note
        assert (folder / "checkpoints" / f"{log.checkpoint.size:020d}").read_bytes() == newest
        assert Checkpoint.open(newest, log.verifier, where="x").size == log.checkpoint.size
    said = subprocess.run(
        [git, "-C", str(work_tree), "log", "--format=%s"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.splitlines() == [f"Checkpoint of {log.origin} at {log.checkpoint.size}"]
    publish_checkpoint(log, f"git:{work_tree}")  # nothing new, nothing committed
    again = subprocess.run(
        [git, "-C", str(work_tree), "rev-list", "--count", "HEAD"], check=True, capture_output=True
    )
    assert again.stdout.strip() == b"1"
    import fsspec

    memory = fsspec.filesystem("memory")
    name = f"/ledger-tests/{folder_name(log.origin)}/checkpoint"
    assert memory.cat_file(name) == log.checkpoint.note


def test_pushed_where_there_is_an_upstream(log, tmp_path, needs_program):
    git = needs_program("git")

    def run(*arguments):
        return subprocess.run([git, *map(str, arguments)], check=True, capture_output=True).stdout

    run("init", "-q", "--bare", tmp_path / "remote")
    run("clone", "-q", tmp_path / "remote", tmp_path / "clone")
    run(
        *("-C", tmp_path / "clone", "-c", "user.name=x", "-c", "user.email=x@localhost"),
        *("commit", "-q", "--allow-empty", "-m", "first"),
    )
    run("-C", tmp_path / "clone", "push", "-q", "-u", "origin", "HEAD")
    publish_checkpoint(log, f"git:{tmp_path / 'clone'}")
    assert b"Checkpoint of" in run("-C", tmp_path / "remote", "log", "--format=%s")


def test_growth_is_published_and_the_old_ones_stay(log, tmp_path, sealed, provenance):
    sizes = []
    for number in range(3):
        log.append([sealed(number)], provenance)
        publish_checkpoint(log, str(tmp_path))
        sizes.append(log.checkpoint.size)
    folder = published(tmp_path, log)
    assert sorted(int(p.name) for p in (folder / "checkpoints").iterdir()) == sizes
    assert (folder / "checkpoint").read_bytes() == log.checkpoint.note


def test_a_log_that_was_rolled_back_is_not_published(
    log, folder, signer, tmp_path, sealed, provenance
):
    log.append([sealed(0)], provenance)
    shutil.copytree(folder, tmp_path / "old")
    log.append([sealed(1)], provenance)
    publish_checkpoint(log, str(tmp_path / "pub"))
    old = Log.open(tmp_path / "old", signer)
    with pytest.raises(LedgerError, match="rolled back"):
        publish_checkpoint(old, str(tmp_path / "pub"))
    old.append([sealed(2), sealed(3)], provenance)
    with pytest.raises(LedgerError, match="forked"):
        publish_checkpoint(old, str(tmp_path / "pub"))
    newest = published(tmp_path / "pub", log) / "checkpoint"
    assert newest.read_bytes() == log.checkpoint.note


def test_targets_that_cannot_be_written(log, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be published"):
        publish_checkpoint(log, str(tmp_path / "file"))
    with pytest.raises(InputError, match="work tree"):
        publish_checkpoint(log, f"git:{tmp_path}")
    with pytest.raises(InputError):
        publish_checkpoint(log, "nosuchscheme://x")


@pytest.mark.parametrize("limit", [0, 2, 21, 100])
def test_small_counts_can_be_left_out(tmp_path, run_pipeline, limit):
    """20 persons and one bank account are found in the records of the test."""
    dataset, _ = run_pipeline(tmp_path / "w", suppress_counts_below=limit)
    (entry,) = Log.open(dataset / "ledger").entries(kind="redacted")
    body = entry.statement.body
    if limit == 0:
        assert (body.entities, body.operators) == (
            {"IBAN_CODE": 1, "PERSON": 20},
            {"replace": 21},
        )
        assert body.suppressed_below is None
    else:
        assert body.entities == ({"PERSON": 20} if limit == 2 else {})
        assert body.operators == {}  # or the difference of the sums would tell
        assert body.suppressed_below == limit
        report = next((dataset / "reports").iterdir()).read_text()
        assert "IBAN_CODE" not in report


def test_a_policy_can_leave_small_counts_out(tmp_path, run_pipeline):
    policy = tmp_path / "quiet.toml"
    policy.write_text('name = "quiet"\nversion = "1.0.0"\nsuppress_counts_below = 2\n')
    dataset, _ = run_pipeline(tmp_path / "w", policy=str(policy))
    (entry,) = Log.open(dataset / "ledger").entries(kind="redacted")
    assert entry.statement.body.entities == {"PERSON": 20}
