"""Parties that die, hang, lie about the job, or are not who they say."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from mpc_jobs.dealing import deal
from mpc_jobs.delay_proxy import DelayProxy
from mpc_jobs.engine import train_in_the_clear
from mpc_jobs.identity import PartyFolder, create_party
from mpc_jobs.local import free_ports
from mpc_jobs.mesh import Mesh
from mpc_jobs.outcome import rebuild_model
from mpc_jobs.stream_log import StreamLog
from mpc_jobs.training_spec import Training
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError, PartyError

TRAINING = Training(
    epochs=3, batch_rows=50, learning_rate=0.6, assume_range=True, epoch_metrics=("squared_error",)
)
# Exchanges of such a run: presence, keys, confirmation, deals, marks; then 4 a step with 4 steps
# and 3 rounds of metrics an epoch; then quantisation, refreshing (2), done.
_LAST = 5 + 3 * (16 + 4) + 3
ROUNDS = tuple(range(_LAST + 1))
if not os.environ.get("REDACTORY_FULL"):
    ROUNDS = (1, 25, _LAST)


def at_exchange(number, victim, count, how):
    """In party ``victim``: ``how`` happens right before its exchange ``count``."""
    if number != victim:
        return
    original = Mesh.exchange
    done = [0]

    def exchange(mesh, *arguments, **options):
        if done[0] == count:
            os.kill(os.getpid(), how)
        done[0] += 1
        return original(mesh, *arguments, **options)

    Mesh.exchange = exchange


def _assert_no_stream_twice(members):
    for member in members:
        entries = StreamLog(member.path / "sessions.jsonl").entries()
        entered = [e for e in entries if "keys" in e]
        prints = [p for e in entered for p in e["keys"]]
        assert len(prints) == len(set(prints))
        assert len({e["session"] for e in entered}) == len(entered)


@pytest.mark.parametrize("count", ROUNDS)
def test_killed_at_any_round_all_stop_and_resume(jobs, labelled, count):
    rows = {"north": labelled(200)}
    job, folder = jobs.make(rows, validation=20, training=TRAINING)
    ended = jobs.run(job, folder, prepare=lambda n: at_exchange(n, 2, count, signal.SIGKILL))
    assert ended[2].status == -signal.SIGKILL
    for number in (1, 3):
        assert ended[number].status == PartyError.exit_code
        assert (
            "is gone" in ended[number].error
            or "stopped" in ended[number].error
            or ("lost another party" in ended[number].error)
        ), ended[number].error
        assert len(ended[number].error.splitlines()) == 1
    again = jobs.run(job, folder)
    assert {e.status for e in again.values()} == {0}, [e.error for e in again.values()]
    twin = train_in_the_clear(job, rows)
    assert np.abs(rebuild_model(job, folder, jobs.reader).integers[0] - twin[0]).max() <= 2
    assert all(e.receipt["epochs"] == 3 and len(e.receipt["history"]) == 3 for e in again.values())
    _assert_no_stream_twice(jobs.members)


def test_a_lost_checkpoint_is_rebuilt_from_the_others(jobs, labelled):
    rows = {"north": labelled(200)}
    job, folder = jobs.make(rows, validation=20, training=TRAINING)
    jobs.run(job, folder, prepare=lambda n: at_exchange(n, 2, 50, signal.SIGKILL))
    shutil.rmtree(jobs.members[0].path / "jobs" / job.digest[:32])
    again = jobs.run(job, folder)
    assert {e.status for e in again.values()} == {0}, [e.error for e in again.values()]
    # Two epochs were not trained again.
    assert len(again[1].receipt["cost"]["epoch_seconds"]) == 1
    twin = train_in_the_clear(job, rows)
    assert np.abs(rebuild_model(job, folder, jobs.reader).integers[0] - twin[0]).max() <= 2


def test_four_parties_go_on_without_one(jobs, labelled):
    rows = {"north": labelled(200)}
    job, folder = jobs.make(rows, validation=20, parties=4, training=TRAINING)
    ended = jobs.run(job, folder, prepare=lambda n: at_exchange(n, 3, 30, signal.SIGKILL))
    assert [ended[n].status for n in (1, 2, 4)] == [0, 0, 0], [e.error for e in ended.values()]
    assert all(ended[n].receipt["present"] == [1, 2, 4] for n in (1, 2, 4))
    twin = train_in_the_clear(job, rows)
    assert np.abs(rebuild_model(job, folder, jobs.reader).integers[0] - twin[0]).max() <= 2


def test_a_party_that_hangs_is_given_up_on(jobs, labelled):
    rows = {"north": labelled(100)}
    job, folder = jobs.make(rows, training=TRAINING, step_seconds=3.0)
    ended = jobs.run(
        job, folder, prepare=lambda n: at_exchange(n, 1, 8, signal.SIGSTOP), seconds=10
    )
    for number in (2, 3):
        assert ended[number].status == PartyError.exit_code
        assert "did not answer within 3 seconds" in ended[number].error or (
            "party" in ended[number].error
        )


def test_a_slow_network_changes_nothing(jobs, labelled):
    inner = {n: m.card.port for n, m in enumerate(jobs.members[:3], start=1)}
    outer = dict(enumerate(free_ports(3), start=1))
    rows = {"north": labelled(100)}
    training = Training(epochs=1, batch_rows=50, assume_range=True)
    job, folder = jobs.make(rows, training=training, ports=outer)
    binds = {n: ("127.0.0.1", port) for n, port in inner.items()}
    with DelayProxy([(outer[n], inner[n]) for n in inner], seconds=0.025):
        ended = jobs.run(job, folder, binds=binds)
    assert {e.status for e in ended.values()} == {0}, [e.error for e in ended.values()]
    # Each of a step's four rounds waits for the network once.
    assert ended[1].receipt["cost"]["step_seconds"][0] >= 8 * 0.025


def test_another_job_description_at_one_party(jobs, labelled, tmp_path):
    rows = {"north": labelled(100)}
    job, folder = jobs.make(rows, training=TRAINING, connect_seconds=4.0)
    other = open_folder(tmp_path / "other")
    changed = job.model_copy(update={"checkpoint_epochs": 2})
    other.create("job.json", changed.encode())
    deal(changed, other, "north", rows["north"], signing_key=jobs.owners["north"])
    ended = jobs.run(job, {1: folder, 2: folder, 3: other})
    assert {e.status for e in ended.values()} == {PartyError.exit_code}
    assert any("another job description" in e.error for e in ended.values())


def test_another_deal_at_one_party(jobs, labelled, tmp_path):
    rows = {"north": labelled(100)}
    job, folder = jobs.make(rows, training=TRAINING)
    other = open_folder(tmp_path / "other")
    other.create("job.json", job.encode())
    deal(job, other, "north", rows["north"], signing_key=jobs.owners["north"])
    ended = jobs.run(job, {1: folder, 2: other, 3: folder})
    assert {e.status for e in ended.values()} == {PartyError.exit_code}
    assert any("different deals" in e.error for e in ended.values())


def test_a_certificate_that_the_job_does_not_name(jobs, labelled, tmp_path):
    rows = {"north": labelled(100)}
    job, folder = jobs.make(rows, training=TRAINING, connect_seconds=4.0)
    real = jobs.members[2]
    fake = create_party(
        tmp_path / "fake",
        real.card.name,
        host="127.0.0.1",
        port=real.card.port,
        passphrase=real.passphrase,
    )
    thief = PartyFolder(tmp_path / "thief", real.passphrase)
    shutil.copytree(real.path, thief.path)
    shutil.copy(fake.path / "tls.crt", thief.path / "tls.crt")
    shutil.copy(fake.path / "keys" / "tls.pem", thief.path / "keys" / "tls.pem")
    members = [*jobs.members[:2], thief, jobs.members[3]]
    strangers = type(jobs)(members, jobs.reader, jobs.owners, jobs.folder)
    ended = strangers.run(job, folder)
    assert {e.status for e in ended.values()} == {PartyError.exit_code}
    assert all("no connection" in e.error for e in ended.values())


def test_a_party_that_uses_anothers_certificate(jobs, labelled, tmp_path):
    """Party 3 has stolen nothing but shows party 2's name with its own keys."""
    rows = {"north": labelled(100)}
    job, folder = jobs.make(rows, training=TRAINING, connect_seconds=4.0)
    swapped = job.model_copy(update={"parties": (job.parties[0], job.parties[2], job.parties[1])})
    other = open_folder(tmp_path / "swapped")
    other.create("job.json", swapped.encode())
    deal(swapped, other, "north", rows["north"], signing_key=jobs.owners["north"])
    ended = jobs.run(job, {1: folder, 2: folder, 3: other})
    assert {e.status for e in ended.values()} == {PartyError.exit_code}


def test_an_owner_who_has_not_signed(jobs, labelled):
    rows = {"north": labelled(60), "south": labelled(60)}
    job, folder = jobs.make(rows, training=TRAINING, dealt=False)
    deal(job, folder, "north", rows["north"], signing_key=jobs.owners["north"])
    ended = jobs.run(job, folder, only=[1])
    assert ended[1].status == InputError.exit_code
    assert "south has not signed" in ended[1].error


def test_a_changed_share_is_noticed(jobs, labelled):
    rows = {"north": labelled(60)}
    job, folder = jobs.make(rows, training=TRAINING, connect_seconds=5.0)
    shard = next(n for n in folder.names("deals") if "/party-2/shards/" in n)
    path = Path(folder.path(shard))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    ended = jobs.run(job, folder)
    assert ended[2].status == IntegrityError.exit_code
    assert {ended[1].status, ended[3].status} == {PartyError.exit_code}


def test_shares_are_sealed_for_their_party_alone(jobs, labelled):
    rows = {"north": labelled(60)}
    job, folder = jobs.make(rows, training=TRAINING)
    first = jobs.members[0]
    impostor = PartyFolder(first.path, first.passphrase)
    impostor.__dict__["sealing_identity"] = jobs.members[1].sealing_identity
    others = type(jobs)([impostor, *jobs.members[1:]], jobs.reader, jobs.owners, jobs.folder)
    ended = others.run(job, folder)
    assert ended[1].status == 5
    assert "not sealed for you" in ended[1].error
