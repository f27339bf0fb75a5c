"""The main job: what goes in comes out, redacted, sealed, recorded, exactly once."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit_ledger import Log
from redactory.errors import InputError, KeyringError, PolicyError


def kinds(dataset: Path) -> list[str]:
    return [entry.statement.kind for entry in Log.open(dataset / "ledger").entries()]


def test_records_come_back_redacted_and_in_equal_number(pipeline, rows, verdict, source, tmp_path):
    result = pipeline(source, tmp_path / "out")
    back = rows(tmp_path / "out")
    text = "\n".join(row["text"] for row in back)
    assert result.totals.records_in == len(back) == 6
    assert "Nothing personal in this one." in text
    for secret in ("jane.roe", "900123", "4111", "11010519491231002X"):
        assert secret not in text
    assert not {"a-1", "a-2"} & {row["record_id"] for row in back}
    assert verdict(tmp_path / "out").state == "intact"


def test_statements_of_a_run_in_their_order(pipeline, source, tmp_path):
    pipeline(source, tmp_path / "out")
    assert kinds(tmp_path / "out") == ["ingested", "redacted", "sealed", "sealed", "published"]


def test_a_second_run_over_the_same_input_adds_nothing(pipeline, rows, verdict, source, tmp_path):
    pipeline(source, tmp_path / "out")
    before = kinds(tmp_path / "out")
    again = pipeline(source, tmp_path / "out")
    assert not again.published.new
    assert kinds(tmp_path / "out") == before
    assert len(rows(tmp_path / "out")) == 6
    assert verdict(tmp_path / "out").state == "intact"


def test_a_changed_source_replaces_its_old_shards(pipeline, rows, verdict, lines, source, tmp_path):
    pipeline(source, tmp_path / "out")
    lines(source, [{"id": "b-1", "text": "only this now"}])
    pipeline(source, tmp_path / "out")
    assert [row["text"] for row in rows(tmp_path / "out")] == ["only this now"]
    assert verdict(tmp_path / "out").state == "intact"


def test_a_source_that_returns_to_its_old_content(pipeline, rows, lines, tmp_path):
    place = tmp_path / "in.jsonl"
    for text in ("first", "second", "first"):
        lines(place, [{"id": "1", "text": text}])
        pipeline(place, tmp_path / "out")
        assert [row["text"] for row in rows(tmp_path / "out")] == [text]


def test_another_policy_replaces_everything(pipeline, rows, source, tmp_path):
    pipeline(source, tmp_path / "out")
    policy = tmp_path / "keep.toml"
    policy.write_text('name = "keep"\nversion = "1.0.0"\n[default]\noperator = "keep"\n')
    pipeline(source, tmp_path / "out", policy=str(policy))
    back = rows(tmp_path / "out")
    assert len(back) == 6
    assert any("jane.roe@example.com" in row["text"] for row in back)


def test_new_files_join_notes_that_share_a_shard(pipeline, rows, verdict, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(5):
        (notes / f"n{number}.txt").write_text(f"note {number}")
    first = pipeline(notes, tmp_path / "out")
    assert first.published.shards == 1
    (notes / "a-new.txt").write_text("a new note")
    second = pipeline(notes, tmp_path / "out")
    assert second.totals.records_in == 1
    assert sorted(row["text"] for row in rows(tmp_path / "out")) == [
        "a new note",
        *(f"note {number}" for number in range(5)),
    ]
    (notes / "n3.txt").write_text("note 3, corrected")
    pipeline(notes, tmp_path / "out")
    back = [row["text"] for row in rows(tmp_path / "out")]
    assert len(back) == 6
    assert "note 3, corrected" in back
    assert "note 3" not in back
    assert verdict(tmp_path / "out").state == "intact"


def test_unreadable_records_are_sealed_apart(pipeline, rows, verdict, tmp_path):
    place = tmp_path / "mixed.jsonl"
    good = b"".join(b'{"id": "%d", "text": "fine"}\n' % n for n in range(4))
    place.write_bytes(b'{"id": "x", "text": \n' + good + b'{"id": "y", "text": "\xff\xfe"}\n')
    result = pipeline(place, tmp_path / "out", max_quarantine_share=0.5)
    assert (result.totals.records_out, result.totals.quarantined) == (4, 2)
    assert result.totals.reasons == {"malformed_json": 1, "undecodable": 1}
    withheld = rows(tmp_path / "out", area="quarantine")
    assert [row["record_no"] for row in withheld] == [0, 5]
    assert withheld[1]["raw"] == b'{"id": "y", "text": "\xff\xfe"}'
    assert len(rows(tmp_path / "out")) == 4
    assert verdict(tmp_path / "out").state == "intact"


def test_a_run_with_too_much_quarantine_is_not_published(pipeline, rows, verdict, tmp_path):
    place = tmp_path / "bad.jsonl"
    place.write_bytes(b'{"text": "fine"}\nnot json\n')
    with pytest.raises(PolicyError, match="1 of 2 records"):
        pipeline(place, tmp_path / "out")
    assert "published" not in kinds(tmp_path / "out")
    with pytest.raises(InputError, match="not been published"):
        rows(tmp_path / "out")
    accepted = pipeline(place, tmp_path / "out", max_quarantine_share=0.5)
    assert accepted.totals.reasons == {"malformed_json": 1}
    assert kinds(tmp_path / "out").count("sealed") == 2
    assert verdict(tmp_path / "out").state == "intact"


def test_label_classes_survive_a_refused_run(pipeline, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"text": "x", "label": "a"}, {"text": "y", "label": "b"}])
    with place.open("a") as file:
        file.write("not json\n")
    with pytest.raises(PolicyError):
        pipeline(place, tmp_path / "out", label_column="label")
    pipeline(place, tmp_path / "out", label_column="label", max_quarantine_share=0.5)
    info = json.loads((tmp_path / "out" / "dataset.json").read_bytes())
    assert info["label_classes"] == ["a", "b"]


def test_a_source_without_one_readable_record(pipeline, rows, tmp_path):
    place = tmp_path / "bad.jsonl"
    place.write_bytes(b"not json\nneither\n")
    pipeline(place, tmp_path / "out", max_quarantine_share=1.0)
    assert rows(tmp_path / "out") == []
    assert len(rows(tmp_path / "out", area="quarantine")) == 2


def test_every_format_in_one_folder(pipeline, rows, verdict, lines, tmp_path):
    folder = tmp_path / "in"
    lines(folder / "a.jsonl", [{"id": "1", "text": "from json"}])
    (folder / "b.csv").write_text('id,text\n2,"from a row, with a comma"\n')
    pq.write_table(pa.table({"id": ["3"], "text": ["from a table"]}), folder / "c.parquet")
    (folder / "d.txt").write_text("from text", "utf-16")
    (folder / "e.jsonl.gz").write_bytes(gzip.compress('{"id":"5","text":"压缩"}'.encode()))
    pipeline(folder, tmp_path / "out")
    back = {row["text"] for row in rows(tmp_path / "out")}
    assert back == {"from json", "from a row, with a comma", "from a table", "from text", "压缩"}
    assert verdict(tmp_path / "out").state == "intact"


def test_label_subject_and_carried_columns(pipeline, rows, lines, tmp_path):
    records = [
        {"id": str(n), "text": "hello", "who": "P-1", "class": "a" if n % 2 else "b", "memo": memo}
        for n, memo in enumerate(["call +44 7700 900123", "plain", "plain"])
    ]
    place = lines(tmp_path / "in.jsonl", records)
    pipeline(
        place,
        tmp_path / "out",
        label_column="class",
        subject_column="who",
        pass_through=["memo"],
    )
    back = rows(tmp_path / "out")
    assert len({row["subject"] for row in back}) == 1
    assert back[0]["subject"] != "P-1"
    assert {row["label"] for row in back} == {"a", "b"}
    assert not any("900123" in row["memo"] for row in back)
    info = json.loads((tmp_path / "out" / "dataset.json").read_bytes())
    assert info["label_classes"] == ["a", "b"]


def test_a_label_column_full_of_identifiers_is_refused(pipeline, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"text": "x", "label": "jane.roe@example.com"}])
    with pytest.raises(PolicyError, match="label column"):
        pipeline(place, tmp_path / "out", label_column="label")
    assert not (tmp_path / "out" / ".runs").exists()


def test_columns_that_the_policy_calls_safe_pass_untouched(pipeline, rows, lines, tmp_path):
    policy = tmp_path / "p.toml"
    policy.write_text('name = "p"\nversion = "1.0.0"\nsafe_columns = ["id", "code"]\n')
    place = lines(tmp_path / "in.jsonl", [{"id": "r-7", "text": "x", "code": "202-555-0143"}])
    pipeline(place, tmp_path / "out", policy=str(policy), pass_through=["code"])
    assert rows(tmp_path / "out") == [
        {"record_id": "r-7", "lang": None, "text": "x", "code": "202-555-0143"}
    ]


def test_quarantine_never_shares_a_key_by_accident(pipeline, home, source, tmp_path):
    key = str(home / "keys" / "reader.pub.pem")
    with pytest.raises(KeyringError, match="also opens the data"):
        pipeline(source, tmp_path / "out", recipients=[key], quarantine_recipients=[key])
    pipeline(
        source,
        tmp_path / "out",
        recipients=[key],
        quarantine_recipients=[key],
        same_quarantine_key=True,
    )
    report = next((tmp_path / "out" / "reports").glob("*.html")).read_text()
    assert "sealed for a key that also opens the data" in report


def test_the_same_input_gives_the_same_shards_whatever_the_workers(pipeline, rows, lines, tmp_path):
    place = lines(
        tmp_path / "in.jsonl",
        [{"id": str(n), "text": f"record {n}, mail u{n}@example.org"} for n in range(60)],
    )
    results = []
    for name, workers in (("one", 1), ("two", 2)):
        pipeline(place, tmp_path / name, rows_per_shard=20, workers=workers)
        names = sorted(p.name.partition(".")[0] for p in (tmp_path / name / "shards").iterdir())
        results.append((names, rows(tmp_path / name)))
    assert len(results[0][0]) == 3
    assert results[0] == results[1]


def test_other_columns_into_the_same_dataset_are_refused(pipeline, lines, source, tmp_path):
    pipeline(source, tmp_path / "out")
    other = lines(tmp_path / "other.jsonl", [{"text": "x", "label": "a"}])
    with pytest.raises(InputError, match="other columns"):
        pipeline(other, tmp_path / "out", label_column="label")


def test_damaged_shards_are_sealed_again_as_a_new_version(
    pipeline, rows, verdict, source, tmp_path
):
    pipeline(source, tmp_path / "out")
    shard = next((tmp_path / "out" / "shards").iterdir())
    raw = bytearray(shard.read_bytes())
    raw[100] ^= 1
    shard.write_bytes(raw)
    assert verdict(tmp_path / "out").state == "broken"
    result = pipeline(source, tmp_path / "out")
    assert result.published.new
    assert len(rows(tmp_path / "out")) == 6
    sealed = list(Log.open(tmp_path / "out" / "ledger").entries(kind="sealed"))
    replaced = [entry.statement.body.replaces for entry in sealed]
    assert [r.version for r in replaced if r] == [1]
    assert verdict(tmp_path / "out").state == "intact"
