"""Jobs, deals, checkpoints and receipts: what is refused, and what their errors do not say."""

import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mpc_jobs import field
from mpc_jobs.checkpoints import Checkpoint, CheckpointStore
from mpc_jobs.deal_manifest import manifest_file, read_manifest
from mpc_jobs.dealing import deal
from mpc_jobs.job import JOB_FILE, Job, read_job, read_signed_job, signature_file
from mpc_jobs.outcome import read_receipts, rebuild_model, receipt_file, share_file
from mpc_jobs.public_random import public_order, public_uniform, public_words
from mpc_jobs.sealing import open_message, seal_message
from mpc_jobs.sigmoid import SIGMOIDS, sigmoid_of
from mpc_jobs.stream_log import StreamLog
from mpc_jobs.training_spec import Training
from redactory.canonical import canonical_json
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError, KeyringError, PartyError, PolicyError

TRAINING = Training(epochs=1, batch_rows=20, assume_range=True)


@pytest.fixture
def dealt(jobs, labelled):
    rows = {"north": labelled(60)}
    return (*jobs.make(rows, training=TRAINING), rows)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: r.x.__setitem__((17, 2), 4097), "a feature beyond its range"),
        (lambda r: r.x.__setitem__((17, slice(None)), 4096), "longer than the norm bound"),
        (lambda r: r.y.__setitem__((17, 0), 2), "beyond its range"),
        (lambda r: r.y.__setitem__((17, 0), -1), "neither 0 nor 1"),
    ],
)
def test_rows_that_the_job_does_not_promise(jobs, labelled, spoil, said):
    job, folder = jobs.make({"north": labelled(60)}, training=TRAINING, dealt=False)
    rows = labelled(60)
    wide = job.model_copy(update={"features": job.features.model_copy(update={"norm": 2.2})})
    spoil(rows)
    with pytest.raises(InputError, match=said) as caught:
        deal(wide, folder, "north", rows, signing_key=jobs.owners["north"])
    assert caught.value.where == "north, row 17"
    assert "4097" not in str(caught.value)
    assert not folder.exists(signature_file("north"))


def test_another_number_of_rows_or_another_key(jobs, labelled):
    job, folder = jobs.make({"north": labelled(60)}, training=TRAINING, dealt=False)
    with pytest.raises(InputError, match="promises 60 rows"):
        deal(job, folder, "north", labelled(59), signing_key=jobs.owners["north"])
    with pytest.raises(InputError, match="another key"):
        deal(job, folder, "north", labelled(60), signing_key=Ed25519PrivateKey.generate())
    with pytest.raises(InputError, match="does not name this owner"):
        deal(job, folder, "west", labelled(60), signing_key=jobs.owners["north"])


def test_a_new_deal_takes_the_place_of_the_old_one(jobs, dealt):
    job, folder, rows = dealt
    before, _ = read_manifest(job, folder, "north")
    deal(job, folder, "north", rows["north"], signing_key=jobs.owners["north"])
    after, _ = read_manifest(job, folder, "north")
    assert before.deal_id != after.deal_id
    assert not any(before.deal_id in name for name in folder.names("deals"))


@pytest.mark.parametrize("at", [0, 70, -1])
def test_a_changed_manifest_is_refused(dealt, at):
    job, folder, _ = dealt
    raw = bytearray(folder.read(manifest_file("north")))
    raw[at] ^= 1
    folder.replace(manifest_file("north"), bytes(raw))
    with pytest.raises(IntegrityError):
        read_manifest(job, folder, "north")


def test_a_deal_for_another_job_is_refused(jobs, dealt, labelled):
    job, folder, _ = dealt
    _, elsewhere = jobs.make({"north": labelled(60)}, training=TRAINING)
    folder.replace(manifest_file("north"), elsewhere.read(manifest_file("north")))
    with pytest.raises(IntegrityError, match="another job"):
        read_manifest(job, folder, "north")
    folder.replace(signature_file("north"), elsewhere.read(signature_file("north")))
    with pytest.raises(IntegrityError, match="not for this job"):
        read_signed_job(folder)


def test_a_job_that_is_not_canonical_or_not_whole(dealt):
    _, folder, _ = dealt
    described = json.loads(folder.read(JOB_FILE))
    for spoiled in (
        json.dumps(described).encode(),
        canonical_json({**described, "extra": 1}),
        canonical_json({**described, "threshold": 0}),
        canonical_json({**described, "parties": described["parties"][:2]}),
        canonical_json({**described, "parties": [described["parties"][0]] * 3}),
    ):
        folder.replace(JOB_FILE, spoiled)
        with pytest.raises(IntegrityError):
            read_job(folder)
    with pytest.raises(InputError, match="no job here"):
        read_job(open_folder(folder.path("nowhere")))


def test_job_round_trip(dealt):
    job, folder, _ = dealt
    assert read_job(folder) == job
    assert Job.model_validate(json.loads(job.encode())).digest == job.digest


@given(st.binary(max_size=200))
def test_noise_is_no_sealed_message(raw):
    class Refusing:
        kid = "0" * 64

        def unwrap(self, wrapped, *, where):
            raise KeyringError("does not open", where=where)

    with pytest.raises((KeyringError, IntegrityError)):
        open_message(Refusing(), {"a": 1}, raw, where="here")


def test_sealed_messages_are_bound_to_reader_and_context(jobs):
    one, two = (m.sealing_identity for m in jobs.members[:2])
    raw = seal_message(one.recipient, {"job": "1"}, b"shares")
    assert open_message(one, {"job": "1"}, raw, where="here") == b"shares"
    with pytest.raises(IntegrityError):
        open_message(one, {"job": "2"}, raw, where="here")
    with pytest.raises(KeyringError):
        open_message(two, {"job": "1"}, raw, where="here")
    with pytest.raises(IntegrityError):
        open_message(one, {"job": "1"}, raw[:-1] + bytes([raw[-1] ^ 1]), where="here")


def test_checkpoints_keep_two_epochs_and_their_sessions_apart(jobs, tmp_path):
    identity = jobs.members[0].sealing_identity
    store = CheckpointStore(tmp_path, {"job": "j"}, identity, [(2, 3)])
    weights = [field.from_signed(np.arange(6).reshape(2, 3))]
    for epoch, session in ((1, "a"), (2, "b"), (3, "a"), (3, "c")):
        mark = (epoch, session * 24)
        store.save(Checkpoint(mark, [{"epoch": epoch}], weights))
    assert store.marks() == [(2, "b" * 24), (3, "a" * 24), (3, "c" * 24)]
    again = store.load((3, "c" * 24))
    assert again.history == [{"epoch": 3}]
    assert (again.weights[0] == weights[0]).all()
    files = sorted(tmp_path.iterdir())
    files[1].write_bytes(files[2].read_bytes())
    with pytest.raises(IntegrityError):
        store.load((3, "a" * 24))
    with pytest.raises(IntegrityError):
        CheckpointStore(tmp_path, {"job": "k"}, identity, [(2, 3)]).load((3, "c" * 24))


def test_no_session_and_no_key_twice(tmp_path):
    log = StreamLog(tmp_path / "sessions.jsonl")
    keys = {(1, 2): b"k" * 32, (1, 3): b"l" * 32}
    log.enter(bytes(32), b"s" * 32, keys)
    with pytest.raises(PartyError, match="used before"):
        log.enter(bytes(32), b"s" * 32, {(1, 2): b"m" * 32})
    with pytest.raises(PartyError, match="used before"):
        log.enter(bytes(32), b"t" * 32, {(1, 2): b"l" * 32})
    log.leave(b"s" * 32, 1234)
    # A crash in the middle of a line spoils that line only.
    with (tmp_path / "sessions.jsonl").open("ab") as file:
        file.write(b'{"session":"ha')
    log.enter(bytes(32), b"u" * 32, {(1, 2): b"n" * 32})
    assert len(log.entries()) == 3
    with pytest.raises(PartyError, match="used before"):
        log.enter(bytes(32), b"u" * 32, {})
    assert b"kkkk" not in (tmp_path / "sessions.jsonl").read_bytes()


def test_results_that_do_not_belong_together(jobs, dealt):
    job, folder, _ = dealt
    with pytest.raises(InputError, match="0 parties have finished"):
        rebuild_model(job, folder, jobs.reader)
    ended = jobs.run(job, folder)
    assert {e.status for e in ended.values()} == {0}
    assert jobs.run(job, folder, only=[1])[1].error.endswith("this party has finished the job")
    with pytest.raises(KeyringError):
        rebuild_model(job, folder, jobs.members[0].sealing_identity)
    names = [m.card.name for m in jobs.members]
    raw = folder.read(share_file(names[0]))
    folder.replace(share_file(names[0]), folder.read(share_file(names[1])))
    with pytest.raises(IntegrityError, match="not the share"):
        rebuild_model(job, folder, jobs.reader)
    folder.replace(share_file(names[0]), raw)
    folder.replace(receipt_file(names[0]), folder.read(receipt_file(names[1])))
    with pytest.raises(IntegrityError, match="not a receipt of this party"):
        read_receipts(job, folder)
    # Two of three are enough.
    Path(folder.path(receipt_file(names[0]))).unlink()
    assert len(rebuild_model(job, folder, jobs.reader).integers) == 1


def test_public_choices_never_change():
    assert public_words(0, "test", 1)[0] == 17609415548777323525
    assert sorted(public_order("seed", "x", 50)) == list(range(50))
    drawn = public_uniform(1, "y", 1000)
    assert abs(drawn.mean()) < 0.1
    assert -1 <= drawn.min() < -0.9
    assert 0.9 < drawn.max() < 1


def test_polynomials_are_what_the_protocol_says():
    assert [round(s.rising, 1) for s in SIGMOIDS.values()] == [4.1, 4.4, 4.0]
    for sigmoid in SIGMOIDS.values():
        z = np.linspace(-sigmoid.usable, sigmoid.usable, 999)
        assert abs(sigmoid(z) - 1 / (1 + np.exp(-z))).max() < 0.12
    with pytest.raises(PolicyError):
        sigmoid_of(4)


@pytest.mark.parametrize(
    "fields",
    [
        {"early_stopping": {"metric": "accuracy"}},
        {"model": "linear", "metrics": ("accuracy",)},
        {"model": "linear", "class_weights": (1.0,)},
        {"weight_bits": 10, "model_bits": 12},
        {"epochs": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"surprise": 1},
    ],
)
def test_training_that_makes_no_sense(fields):
    with pytest.raises(ValidationError):
        Training.model_validate(fields)


def test_errors_of_a_party_name_no_path_in_the_jobs_folder(jobs, labelled):
    job, folder = jobs.make({"north": labelled(60)}, training=TRAINING, connect_seconds=0.5)
    ended = jobs.run(job, folder, only=[1])
    assert ended[1].status == PartyError.exit_code
    told = json.loads(folder.read("status/party-1.json"))
    assert "/" not in told["facts"]["error"]


def test_rows_are_never_shown(labelled):
    assert repr(labelled(3)) == "OwnedRows()"
