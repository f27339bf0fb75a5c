"""The gate in a run: a sample that leaks is refused before any work, canaries are quarantined."""

import json

import pytest

from redactory.errors import LeakError
from redactory.reading import Trust, open_verified


def sample(tmp_path, text, value, kind):
    path = tmp_path / "sample.jsonl"
    start = text.index(value)
    path.write_text(json.dumps({"text": text, "spans": [[start, start + len(value), kind]]}) + "\n")
    return str(path)


def test_a_run_whose_sample_leaks_is_refused_and_leaves_nothing(sealed, tmp_path):
    labelled = sample(tmp_path, "Fenwick wrote", "Fenwick", "PERSON")  # no names are looked for
    with pytest.raises(LeakError, match=r"PERSON 100.0%"):
        sealed(labelled_sample=labelled)
    assert not (tmp_path / "out" / "manifests").exists()


def test_the_report_shows_the_estimate(sealed, tmp_path):
    labelled = sample(tmp_path, "to bob@example.com", "bob@example.com", "EMAIL_ADDRESS")
    sealed(labelled_sample=labelled)
    [report] = (tmp_path / "out" / "reports").iterdir()
    page = report.read_text("utf-8")
    assert "What may be left" in page
    assert "0.0% to 79.3%" in page
    assert "bob" not in page


def test_a_canary_goes_to_quarantine(sealed, tmp_path):
    (tmp_path / "canaries.txt").write_text("take out of this one\n")
    sealed(canaries=str(tmp_path / "canaries.txt"), max_quarantine_share=0.5)
    rows = list(open_verified(str(tmp_path / "out"), Trust(), area="quarantine").rows())
    assert [row["reason_code"] for row in rows] == ["canary"]
    released = open_verified(str(tmp_path / "out"), Trust()).rows()
    assert "take out" not in " ".join(row["text"] for row in released)


def test_records_that_quasi_identifiers_single_out_are_not_published(sealed, tmp_path):
    policy = tmp_path / "ours.toml"
    declared = 'name = "ours"\nversion = "1.0.0"\n[quasi_identifiers]\ncolumns = ["lang"]\nk = 2\n'
    policy.write_text(declared + "max_share_below_k = 0.1\n")
    with pytest.raises(LeakError, match=r"20.0% .* fewer than 2 that share lang; .* allows 10.0%"):
        sealed(policy=str(policy))
    assert not (tmp_path / "out" / "manifests").exists()


def test_the_report_tells_the_cost_and_the_small_groups(sealed, tmp_path):
    policy = tmp_path / "ours.toml"
    policy.write_text(
        'name = "ours"\nversion = "1.0.0"\n[quasi_identifiers]\ncolumns = ["lang"]\nk = 2\n'
    )
    sealed(policy=str(policy))
    [report] = (tmp_path / "out" / "reports").iterdir()
    page = report.read_text("utf-8")
    assert "What it cost" in page
    assert "Word trigrams that survive" in page
    assert "20.00% of the records are in groups of fewer than 2." in page
