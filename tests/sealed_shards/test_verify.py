"""``verify_files``: every changed byte of every file is found, and the file is named."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import open_folder
from redactory.errors import IntegrityError
from sealed_shards import open_dataset
from sealed_shards.layout import DATASET_FILE, manifest_file, report_file, shard_files
from sealed_shards.verify import verify_files

TABLE = pa.table({"text": ["a", "b"]})


@pytest.fixture
def folder():
    """In memory: every byte is flipped in turn."""
    fresh = open_folder("memory://verify")
    for name in list(fresh.names()):
        fresh.delete(name)
    return fresh


@pytest.fixture
def dataset(maker):
    """A shard in each area, and a report."""
    areas = ("", "quarantine", "sources")
    maker.publish("run1", *(maker.shard(TABLE, 1, area=area) for area in areas))
    maker.folder.create(report_file("run1"), b"<html></html>")
    return maker


def problems(maker, **how) -> list[tuple[str, str]]:
    head = replace(maker.head(), reports={"run1": sha256_hex(b"<html></html>")})
    return [(p.file, p.what) for p in verify_files(maker.folder, head, **how)]


def test_an_intact_dataset_has_no_problems(dataset, alice, bob):
    assert problems(dataset) == []
    assert problems(dataset, identity=alice) == []
    assert problems(dataset, identity=bob) == [], "sealed for others: nothing to say"


def test_progress_is_told_for_each_shard(dataset):
    seen = []
    problems(dataset, progress=seen.append)
    assert seen == list(dataset.recorded.values())


def test_a_flip_anywhere_in_any_file_names_that_file(dataset, alice):
    """Both ends and every 31st byte; `test_attacks` flips each byte of a ciphertext."""
    for name in list(dataset.folder.names()):
        sound = dataset.folder.read(name)
        for position in [*range(0, len(sound), 31), len(sound) - 1]:
            changed = bytearray(sound)
            changed[position] ^= 1 << position % 8
            dataset.folder.replace(name, bytes(changed))
            found = problems(dataset, identity=alice if position == 0 else None)
            assert {file for file, _ in found} == {name}
        dataset.folder.replace(name, sound)
    assert problems(dataset) == []


def test_every_missing_file_is_named(dataset):
    for name in list(dataset.folder.names()):
        sound = dataset.folder.read(name)
        dataset.folder.delete(name)
        assert problems(dataset) == [(name, "is missing")]
        dataset.folder.create(name, sound)


def read_all(maker, identity) -> list[pa.RecordBatch]:
    return list(open_dataset(maker.folder.url, identity, log=maker.log()).batches())


def test_a_folder_in_the_place_of_a_file_is_a_missing_file(tmp_path, alice, maker):
    maker.folder = open_folder(tmp_path)
    maker.publish("run1", maker.shard(TABLE))
    for name in list(maker.folder.names()):
        sound = maker.folder.read(name)
        maker.folder.delete(name)
        (tmp_path / name).mkdir()
        found = [(p.file, p.what) for p in verify_files(maker.folder, maker.head())]
        assert found == [(name, "is missing")]
        if not name.startswith("headers/"):  # a reader takes the header from the log
            with pytest.raises(IntegrityError):
                read_all(maker, alice)
        (tmp_path / name).rmdir()
        maker.folder.create(name, sound)


@pytest.mark.parametrize(
    "name",
    [
        "shards/x.parquet",
        "headers/x.json",
        "quarantine/wraps/x.json",
        "sources/chunks/x.sha256",
        "manifests/run9.json",
        "reports/run9.html",
        "shards/deep/er.parquet",
    ],
)
def test_a_file_that_nobody_vouches_for_is_named(dataset, name):
    dataset.folder.create(name, b"")
    assert [file for file, _ in problems(dataset)] == [name]


def test_a_run_under_way_excuses_files_that_are_not_yet_recorded_but_no_other_change(dataset):
    dataset.folder.create(".runs/r/state", b"")
    dataset.folder.create("shards/x.parquet", b"")
    assert problems(dataset) == []
    dataset.folder.replace(DATASET_FILE, b"{}")
    assert [file for file, _ in problems(dataset)] == [DATASET_FILE]


def test_files_of_replaced_versions_may_stay(dataset, alice):
    dataset.shard(TABLE, 1, version=2)
    assert problems(dataset, identity=alice) == []


def test_a_manifest_that_names_what_the_log_lacks_is_named(dataset):
    lost = dataset.recorded.pop(("quarantine", f"{1:032x}"))
    found = problems(dataset)
    assert (manifest_file("run1"), f"names shard {1:032x}, which the log does not hold") in found
    assert {file for file, _ in found} == {
        manifest_file("run1"),
        *shard_files("quarantine", lost.header.stem).values(),
    }


@pytest.mark.parametrize(("name", "kind"), [(manifest_file("run1"), "Manifest")])
def test_a_recorded_file_that_is_no_such_document_is_a_problem(dataset, name, kind):
    raw = canonical_json({"format": "something else"})
    dataset.folder.replace(name, raw)
    dataset.manifests["run1"] = sha256_hex(raw)
    assert problems(dataset) == [(name, f"is not a {kind} document")]


def test_a_dataset_file_of_another_form_is_a_problem(dataset):
    dataset.folder.replace(DATASET_FILE, b"{}")
    dataset.dataset_sha256 = sha256_hex(b"{}")
    assert problems(dataset) == [(DATASET_FILE, "is not a DatasetInfo document")]


def test_with_a_key_a_wrap_that_does_not_open_is_a_problem(dataset, alice, bob):
    """The recorded wrap is rubbish: only the key can tell, and it must not look like 'not mine'."""
    shard = dataset.recorded["", f"{1:032x}"]
    wraps = json.loads(dataset.wraps(shard))
    rubbish = {alice.kid: "A" * len(wraps[alice.kid])}
    dataset.rewrap(shard, canonical_json(rubbish))
    name = shard_files("", shard.header.stem)["wraps"]
    assert problems(dataset) == []
    assert problems(dataset, identity=bob) == []
    assert problems(dataset, identity=alice) == [
        (name, "the wrapped key does not open with this key")
    ]


def test_with_a_key_a_wrap_of_another_shard_is_a_problem(dataset, alice):
    shard, other = (dataset.recorded[area, f"{1:032x}"] for area in ("", "sources"))
    dataset.rewrap(shard, dataset.wraps(other))
    name = shard_files("", shard.header.stem)["wraps"]
    assert [file for file, _ in problems(dataset, identity=alice)] == [name]


def test_with_a_key_bytes_that_do_not_decrypt_are_a_problem(dataset, alice):
    """A log that recorded rubbish from the start: every digest agrees."""
    shard = dataset.recorded["", f"{1:032x}"]
    wrong = shard.header.as_json() | {"rows": 7}
    header = type(shard.header).model_validate(wrong)
    dataset.folder.replace(shard_files("", header.stem)["headers"], header.encode())
    dataset.recorded["", f"{1:032x}"] = replace(shard, header=header)
    found = problems(dataset, identity=alice)
    assert (
        shard_files("", header.stem)["shards"],
        "the shard has another number of rows than recorded",
    ) in found


def test_an_unpublished_dataset_needs_no_dataset_file(maker):
    assert list(verify_files(maker.folder, maker.head())) == []
