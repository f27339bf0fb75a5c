"""Crashes at every durable step, and writers at the same time."""

# pytest passes fixtures by name, never by position

import os
import shutil
import subprocess
import sys
import textwrap
from itertools import count
from pathlib import Path

import pytest

from audit_ledger import Log, verify_log
from audit_ledger.folder import LedgerFolder


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def contents(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


class Interrupted(BaseException):
    """Stands for the end of the process where the process itself must live on."""


class FailingFolder(LedgerFolder):
    """Stops before or after its n-th step, as a crash would."""

    def __init__(self, root: Path, *, step: int, after: bool):
        super().__init__(root)
        self.steps, self.step, self.after = count(1), step, after

    def _at(self, work):
        here = next(self.steps) == self.step
        if here and not self.after:
            raise Interrupted
        work()
        if here:
            raise Interrupted

    def write(self, name, data):
        self._at(lambda: super(FailingFolder, self).write(name, data))

    def replace(self, name, data):
        self._at(lambda: super(FailingFolder, self).replace(name, data))

    def discard(self, name):
        self._at(lambda: super(FailingFolder, self).discard(name))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("size", [0, 250, 256])
def test_interrupted_at_every_step(
    size, after, log, folder, signer, sealed, provenance, environment, tmp_path
):
    log.append([sealed(i) for i in range(size)], provenance)
    batch = [sealed(size + i) for i in range(10 if size else 2)]
    outcomes = set()
    for step in count(1):
        copy = tmp_path / f"copy-{step}"
        shutil.copytree(folder, copy)
        writer = Log.open(FailingFolder(copy, step=step, after=after), signer)
        try:
            writer.append(batch, provenance)
        except Interrupted:
            pass
        else:
            break
        reopened = Log.open(copy, signer, environment=environment)
        verdict = verify_log(copy, verifier=signer.verifier)
        assert verdict.ok, verdict.problems
        assert verdict.size in {size, size + len(batch)}
        outcomes.add(verdict.size)
        reopened.append(batch, provenance)
        assert reopened.checkpoint.size == size + len(batch)
        assert verify_log(copy, verifier=signer.verifier).ok
    # Often nothing comes after the checkpoint: then "before" never sees it done.
    assert size in outcomes
    assert size + len(batch) in outcomes or not after
    assert step > 3


def test_the_same_log_goes_on_after_an_interrupted_append(log, folder, signer, sealed, provenance):
    for step in range(1, 8):
        broken = FailingFolder(folder, step=step, after=False)
        writer = Log.open(broken, signer)
        with pytest.raises(Interrupted):
            writer.append([sealed(i) for i in range(1000 * step, 1000 * step + 600)], provenance)
        assert len(writer.append([sealed(step)], provenance)) == 1
        assert verify_log(folder, verifier=signer.verifier).ok


def test_repair_removes_what_no_checkpoint_covers_and_nothing_else(
    log, folder, signer, sealed, provenance
):
    log.append([sealed(i) for i in range(3)], provenance)
    before = contents(folder)
    stale = ["tile/0/000.p/2", "tile/0/000", "tile/entries/001.p/9", "tile/1/000.p/1", ".tmp-ab"]
    for name in stale:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"unsigned")
    (folder / "notes.md").write_bytes(b"foreign")
    reader = Log.open(folder)
    assert reader.repaired == []
    assert sorted(Log.open(folder, signer).repaired) == sorted(stale)
    assert contents(folder) == before | {"notes.md": b"foreign"}


WRITER = textwrap.dedent(
    """
    import os, sys
    from itertools import count
    from pathlib import Path
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from audit_ledger import Draft, Log, LogSigner, Provenance
    from audit_ledger.folder import LedgerFolder
    import redactory.durable as durable

    folder, origin, name, deadly, amount = sys.argv[1:]
    steps = count(1)

    def deadly_fsync(descriptor, fsync=os.fsync):
        if next(steps) == int(deadly):
            os.kill(os.getpid(), 9)
        fsync(descriptor)

    signer = LogSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), origin)
    log = Log.create(LedgerFolder(Path(folder)), signer, origin=origin)
    durable.os.fsync = deadly_fsync
    who = Provenance(actor_kind="cli", actor_name=name, run_id=name, code_version="0")
    for start in range(0, int(amount), 10):
        log.append(
            [
                Draft("released", (("x", "ab" * 32),),
                      {"dataset": name, "shard": str(i), "version": 1})
                for i in range(start, start + 10)
            ],
            who,
        )
    """
)


def writer(folder, origin, name, *, deadly=0, amount=10):
    arguments = [str(folder), origin, name, str(deadly), str(amount)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", WRITER, *arguments], env=environment)


def test_two_processes_append_at_once(log, folder, origin, signer):
    children = [writer(folder, origin, name, amount=150) for name in ("left", "right")]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    verdict = verify_log(folder, verifier=signer.verifier)
    assert (verdict.ok, verdict.size) == (True, 300)
    for name in ("left", "right"):
        mine = [e.statement.body.shard for e in log.entries() if e.statement.body.dataset == name]
        assert mine == [str(i) for i in range(150)]


def test_killed_between_system_calls(log, folder, origin, signer, sealed, provenance, environment):
    log.append([sealed(i) for i in range(250)], provenance)
    size = log.checkpoint.size
    for deadly in (1, 3, 5, 8):
        child = writer(folder, origin, f"victim-{deadly}", deadly=deadly)
        assert child.wait(timeout=60) == -9
        Log.open(folder, signer, environment=environment)
        verdict = verify_log(folder, verifier=signer.verifier)
        assert verdict.ok, verdict.problems
        assert verdict.size in {size, size + 10}
        size = verdict.size


def test_random_kills_lose_nothing_that_was_acknowledged(tmp_path):
    """1,000 kills in full, a fiftieth by default."""
    kills = 1000 if os.environ.get("REDACTORY_FULL") else 20
    repository = Path(__file__).parents[2]
    script = Path(__file__).with_name("killed_writer.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(kills), "7"],
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rounds, acknowledged, _ = map(int, done.stdout.split())
    assert rounds == kills
    assert acknowledged > kills // 4, "the kills came before anything was written"


class Recorder(LedgerFolder):
    """Writes down what an append writes, in order."""

    def __init__(self, root: Path):
        super().__init__(root)
        self.writes = []

    def write(self, name, data):
        self.writes.append((name, data))
        super().write(name, data)


@pytest.mark.parametrize("size", [0, 250])
def test_a_crash_at_any_byte_of_any_write(
    size, log, folder, signer, sealed, provenance, environment, tmp_path
):
    """Whatever prefix of whatever file the crash leaves, the log is what it was before."""
    log.append([sealed(i) for i in range(size)], provenance)
    shutil.copytree(folder, tmp_path / "before")
    recorder = Recorder(tmp_path / "recorded")
    shutil.copytree(folder, recorder.root)
    batch = [sealed(size + i) for i in range(10 if size else 2)]
    Log.open(recorder, signer).append(batch, provenance)
    points = 5000 if os.environ.get("REDACTORY_FULL") else 40
    before = contents(tmp_path / "before")
    for number, (name, data) in enumerate(recorder.writes):
        for length in {*range(0, len(data), len(data) // points + 1), len(data)}:
            for written, whole in recorder.writes[:number]:
                (folder / written).parent.mkdir(parents=True, exist_ok=True)
                (folder / written).write_bytes(whole)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data[:length])
            reopened = Log.open(folder, signer, environment=environment)
            assert name in reopened.repaired
            assert contents(folder) == before
    assert len(Log.open(folder, signer).append(batch, provenance)) == len(batch)
    assert verify_log(folder, verifier=signer.verifier).ok


def test_everything_is_durable_before_the_checkpoint_that_covers_it(
    log, folder, signer, sealed, provenance, monkeypatch
):
    """A power cut keeps what was synced: so syncs come before the rename, files before folders."""
    events = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor):
        events.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def noted_replace(path, target):
        events.append(f"rename {Path(target).name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    log.append([sealed(i) for i in range(600)], provenance)
    renamed = events.index("rename checkpoint")
    tiles = [str(path) for path in folder.rglob("tile/**/*")]
    # A folder made on the way is durable too: its parent was synced after it was made.
    assert set(tiles) | {str(folder)} <= set(events[:renamed])
    assert str(folder) in events[renamed:]
