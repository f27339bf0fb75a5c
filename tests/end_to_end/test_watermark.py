"""Sources that come, change and go: each is read once, and none leaves silently."""

import json
import os
import time

import pytest

from audit_ledger import Log
from redactory.errors import InputError, IntegrityError
from redactory.keys import KeyStore
from redactory.verification import verify_dataset

HOUR_AGO = time.time() - 3600


def put(path, *texts, age=0):
    """A file of one record a text, last written ``age`` seconds before an hour ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": str(n), "text": text} for n, text in enumerate(texts)]
    if path.suffix == ".txt":
        path.write_text("".join(texts))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    os.utime(path, (HOUR_AGO - age, HOUR_AGO - age))
    return path


@pytest.fixture
def world(pipeline, rows, verdict, tmp_path):
    return World(pipeline, rows, verdict, tmp_path)


class World:
    def __init__(self, pipeline, rows, verdict, tmp_path):
        self.pipeline, self._rows, self._verdict = pipeline, rows, verdict
        self.input, self.output = tmp_path / "in", tmp_path / "out"

    def run(self, *inputs, **options):
        given = {"only_changed": True, "ner": "none"} | options
        return self.pipeline(list(inputs) or [self.input], self.output, **given)

    def texts(self):
        return sorted(row["text"] for row in self._rows(self.output))

    def decided(self):
        entries = Log.open(self.output / "ledger").entries(kind="decided")
        return [
            {key: getattr(entry.statement.body, key) for key in ("decision", "deleted", "emptied")}
            for entry in entries
        ]

    def intact(self):
        assert self._verdict(self.output).state == "intact"


def test_an_object_is_read_once(world):
    put(world.input / "a.jsonl", "one")
    assert world.run().totals.records_in == 1
    put(world.input / "b.jsonl", "two")
    second = world.run()
    assert (second.totals.records_in, second.published.records) == (1, 1)
    third = world.run()
    assert (third.totals.records_in, third.published.new) == (0, False)
    assert world.texts() == ["one", "two"]
    assert world.run(only_changed=False).totals.adopted_shards == 2
    assert not list((world.output / ".runs").rglob("*"))
    world.intact()


def test_a_changed_object_supersedes_and_an_old_version_is_still_there(world):
    put(world.input / "a.jsonl", "one")
    put(world.input / "b.jsonl", "other")
    world.run()
    put(world.input / "a.jsonl", "uno", age=1)
    assert world.run().totals.records_in == 1
    assert world.texts() == ["other", "uno"]
    manifests = [json.loads(m.read_text()) for m in (world.output / "manifests").iterdir()]
    assert sorted(len(manifest["supersedes"]) for manifest in manifests) == [0, 1]
    assert len(list((world.output / "shards").iterdir())) == 3


def test_an_object_that_was_touched_is_read_and_adds_nothing(world):
    put(world.input / "a.jsonl", "one")
    world.run()
    put(world.input / "a.jsonl", "one", age=7)
    again = world.run()
    assert (again.totals.records_in, again.published.new) == (1, False)
    assert world.run().totals.records_in == 0


def test_an_object_written_a_moment_ago_is_read_again(world):
    world.input.mkdir()
    (world.input / "a.jsonl").write_text('{"text": "one"}\n')
    world.run()
    assert world.run().totals.records_in == 1


def test_another_configuration_reads_everything(world):
    put(world.input / "a.jsonl", "one")
    world.run()
    assert world.run(rows_per_shard=7).totals.records_in == 1
    assert world.texts() == ["one"]


def test_a_lost_shard_is_made_again(world):
    put(world.input / "a.jsonl", "one")
    world.run()
    next((world.output / "shards").iterdir()).unlink()
    assert world.run().totals.records_in == 1
    assert world.texts() == ["one"]
    world.intact()


@pytest.mark.parametrize("only_changed", [True, False])
@pytest.mark.parametrize(("gone", "said"), [("deleted", (1, 0)), ("emptied", (0, 1))])
def test_a_source_that_goes_is_kept_by_default_and_said_once(world, gone, said, only_changed):
    put(world.input / "a.jsonl", "one")
    leaving = put(world.input / "b.jsonl", "two")
    world.run(only_changed=only_changed)
    leaving.unlink() if gone == "deleted" else put(leaving, age=1)
    assert world.run(only_changed=only_changed).published.departed == 1
    assert world.run(only_changed=only_changed).published.departed == 0
    assert world.texts() == ["one", "two"]
    (statement,) = world.decided()
    assert statement == {"decision": "keep", "deleted": said[0], "emptied": said[1]}
    world.intact()


@pytest.mark.parametrize("gone", ["deleted", "emptied"])
def test_a_source_that_goes_is_shredded_if_that_is_the_policy(world, gone, home):
    put(world.input / "a.jsonl", "one")
    leaving = put(world.input / "b.jsonl", "two")
    world.run(identity_map=True)
    put(leaving, "two too", age=1)
    world.run(identity_map=True)
    leaving.unlink() if gone == "deleted" else put(leaving, age=2)
    assert world.run(identity_map=True, on_deleted="shred").published.departed == 1
    assert world.texts() == ["one"]
    assert [statement["decision"] for statement in world.decided()] == ["shred"]
    kinds = [e.statement.kind for e in Log.open(world.output / "ledger").entries()]
    assert kinds.count("shredded") == 2  # the dataset, and its identity map
    assert len(list((world.output / "shards").iterdir())) == 1  # the old version went too
    assert len(list((world.output / "identity" / "shards").iterdir())) == 1
    world.intact()
    mapped, ledger = str(world.output / "identity"), str(world.output / "ledger")
    assert verify_dataset(mapped, KeyStore(home), ledger=ledger).state == "intact"


def test_a_source_that_comes_back_is_read_again_and_may_go_again(world):
    put(world.input / "a.jsonl", "one")
    leaving = put(world.input / "b.jsonl", "two")
    for expected in (["one", "two"], ["one"], ["one", "two"], ["one"]):
        world.run(on_deleted="shred")
        assert world.texts() == expected
        leaving.unlink() if leaving.exists() else put(leaving, "two")
    assert len(world.decided()) == 2
    world.intact()


def test_notes_that_share_a_shard_with_one_that_goes_are_sealed_again(world):
    notes = [put(world.input / f"{n}.txt", f"note {n}") for n in range(3)]
    assert world.run().published.shards == 1
    notes[1].unlink()
    assert world.run(on_deleted="shred").published.shards == 1
    assert world.texts() == ["note 0", "note 2"]
    assert len(list((world.output / "shards").iterdir())) == 1
    world.intact()


@pytest.mark.parametrize("change", ["deleted", "changed"])
def test_neighbours_out_of_reach_are_sealed_again_too(world, tmp_path, change):
    near = [put(tmp_path / "near" / f"{n}.txt", f"near {n}") for n in range(2)]
    put(tmp_path / "far" / "x.txt", "far")
    world.run(tmp_path / "near", tmp_path / "far")
    near[0].unlink() if change == "deleted" else put(near[0], "near 9", age=1)
    world.run(tmp_path / "near", on_deleted="shred")
    left = ["near 1"] if change == "deleted" else ["near 1", "near 9"]
    assert world.texts() == ["far", *left]
    world.intact()


def test_what_is_kept_of_a_note_ends_when_its_shard_is_replaced(world):
    notes = [put(world.input / f"{n}.txt", f"note {n}") for n in range(3)]
    world.run()
    notes[1].unlink()
    world.run()
    assert world.texts() == ["note 0", "note 1", "note 2"]
    put(notes[0], "note 9", age=1)
    world.run()
    assert world.texts() == ["note 2", "note 9"]
    world.intact()


def test_neighbours_nobody_remembers_are_not_lost_silently(world, tmp_path):
    near = [put(tmp_path / "near" / f"{n}.txt", f"near {n}") for n in range(2)]
    put(tmp_path / "far" / "x.txt", "far")
    world.run(tmp_path / "near", tmp_path / "far")
    next((world.output / ".watermark").iterdir()).unlink()
    put(near[0], "near 9", age=1)
    with pytest.raises(InputError, match="shares a shard with 1 files"):
        world.run(tmp_path / "near")


def test_an_emptied_note_that_is_kept_leaves_its_neighbours_alone(world):
    notes = [put(world.input / f"{n}.txt", f"note {n}") for n in range(3)]
    world.run()
    put(notes[1], "", age=1)
    again = world.run()
    assert (again.published.new, again.published.departed) == (False, 1)
    assert world.texts() == ["note 0", "note 1", "note 2"]


def test_what_another_run_read_elsewhere_has_not_gone(world, tmp_path):
    put(tmp_path / "first" / "a.jsonl", "one")
    put(tmp_path / "second" / "b.jsonl", "two")
    world.run(tmp_path / "first")
    assert world.run(tmp_path / "second").published.departed == 0
    assert world.texts() == ["one", "two"]
    assert not world.decided()


def test_an_input_without_anything_left_is_an_error_and_no_deletion(world, tmp_path):
    gone = put(tmp_path / "first" / "a.jsonl", "one")
    put(tmp_path / "second" / "b.jsonl", "two")
    world.run(tmp_path / "first", tmp_path / "second")
    gone.rename(gone.with_suffix(".bak"))
    with pytest.raises(InputError, match="nothing is left where 1 objects were"):
        world.run(tmp_path / "first", tmp_path / "second", on_deleted="shred", discard=True)
    assert not world.decided()


def test_a_watermark_that_was_changed_is_refused_and_one_that_is_lost_does_no_harm(world):
    put(world.input / "a.jsonl", "one")
    world.run()
    (mark,) = (world.output / ".watermark").iterdir()
    raw = mark.read_bytes()
    assert b"a.jsonl" not in raw
    mark.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(IntegrityError, match="was changed"):
        world.run()
    mark.unlink()
    again = world.run(discard=True)
    assert (again.totals.records_in, again.totals.adopted_shards) == (1, 1)
    assert world.run().totals.records_in == 0


def test_the_command_says_what_went(cli, tmp_path):
    put(tmp_path / "in" / "a.jsonl", "one")
    leaving = put(tmp_path / "in" / "b.jsonl", "two")
    command = ("run", "in", "-o", "out", "--ner", "none", "--only-changed", "--on-deleted", "shred")
    assert cli(*command).returncode == 0
    leaving.unlink()
    done = cli(*command)
    assert done.returncode == 0
    assert "1 sources deleted or emptied: their records keys destroyed" in done.stdout
    assert json.loads(cli(*command, "--json").stdout)["departed"] == 0
