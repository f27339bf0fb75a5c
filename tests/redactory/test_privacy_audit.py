"""The audit of a whole flow: raw against redacted, on the command line and as a page."""

import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from mpc_jobs.features import FeatureSpec
from mpc_jobs.privacy.audit.shadows import Recipe
from redactory.config import RunConfig
from redactory.errors import InputError
from redactory.pipeline.sanitise import Sanitised
from redactory.privacy_audit import AuditSettings, audit_privacy

SETTINGS = AuditSettings(
    spec=FeatureSpec(d=256), recipe=Recipe(epochs=30), epsilons=(1.0,), models=8, canaries=3
)
SECRET = "walrus-in-the-attic"


_TEMPLATES = """
the person concerned is as agreed on the telephone please send answer to and nobody else asked
about this before will ask again spoke with who confirmed everything above pump lamp of
"""
HARMLESS = set(_TEMPLATES.split())


class EveryName:
    """A sanitiser that takes out every run of words it does not know and refuses one record."""

    def sanitise(self, batch: pa.RecordBatch) -> Sanitised:
        texts = [_without_names(text) for text in batch.column("text").to_pylist()]
        at = batch.schema.get_field_index("text")
        kept = batch.set_column(at, "text", pa.array(texts))
        refused = [n for n, text in enumerate(batch.column("text").to_pylist()) if SECRET in text]
        left = pa.array([n for n in range(batch.num_rows) if n not in refused], pa.int64())
        return Sanitised(kept.take(left), tuple((n, "leak") for n in refused), {}, {})

    def check_labels(self, labels):
        """All are fine."""


def _without_names(text: str) -> str:
    known = (re.sub(r"[^\w]", "", word).lower() in HARMLESS for word in text.split())
    runs = itertools.groupby(zip(text.split(), known, strict=True), key=lambda pair: pair[1])
    return " ".join(
        " ".join(word for word, _ in run) if harmless else "<NAME>" for harmless, run in runs
    )


@pytest.fixture
def records(tmp_path) -> Path:
    """Labelled records; one of them is refused, one has no label."""
    rows = [
        {
            "id": str(n),
            "text": f"The {'pump' if n % 2 else 'lamp'} {n % 7} of Ana{n}",
            "label": n % 2,
        }
        for n in range(120)
    ]
    rows = [{**row, "label": "water" if row["label"] else "light"} for row in rows]
    rows[7]["text"] += SECRET
    rows[9]["label"] = None
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _config(records: Path, **options) -> RunConfig:
    given = {"input": [str(records)], "output": "unused", "label_column": "label", "ner": "none"}
    return RunConfig.parse({**given, **options})


def test_redaction_takes_the_names_out_of_the_model(records):
    report = audit_privacy(_config(records), SETTINGS, sanitiser=EveryName())
    assert (report.rows, report.refused, report.classes) == (118, 1, 2)
    by_kind = {(f.texts, f.epsilon): f for f in report.findings}
    assert list(by_kind) == [("raw", None), ("raw", 1.0), ("redacted", None), ("redacted", 1.0)]
    raw, redacted = by_kind["raw", None].exposures, by_kind["redacted", None].exposures
    assert raw[-1].mean > 4
    assert all(each.read_out == 0 and each.mean < 1.01 for each in redacted)


def test_the_report_holds_numbers_only_and_is_well_formed(records):
    report = audit_privacy(_config(records), SETTINGS, sanitiser=EveryName())
    page = report.page().decode()
    told = json.dumps(report.as_json())
    for text in (SECRET, "Ana", "pump", str(records)):
        assert text not in page
        assert text not in told
    opened: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "meter"):
                opened.append(tag)

        def handle_endtag(self, tag):
            if tag != "meter":
                assert opened.pop() == tag

    Tags().feed(page)
    assert not opened
    assert page.count("<tr>") == 2 + len(report.findings) * 4


def test_an_audit_needs_labels(records):
    with pytest.raises(InputError, match="needs labels"):
        audit_privacy(_config(records, label_column=None), SETTINGS, sanitiser=EveryName())


def _cli(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from redactory.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "privacy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"REDACTORY_HOME": str(home), "PATH": "", "COLUMNS": "200"},
    )


def test_the_audit_command(records, tmp_path):
    page = tmp_path / "audit.html"
    done = _cli(
        tmp_path,
        "audit",
        str(records),
        "--label",
        "label",
        "--ner",
        "none",
        "--models",
        "8",
        "--epochs",
        "2",
        "--epsilon",
        "2",
        "--output",
        str(page),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert [f["epsilon"] for f in json.loads(done.stdout)["findings"]] == [None, 2.0, None, 2.0]
    assert page.read_text().startswith("<!doctype html>")
    assert not list((tmp_path).glob("keys"))


def test_the_budget_command(tmp_path):
    done = _cli(tmp_path, "budget", "--epochs", "10", "--epsilon", "2", "--json")
    told = json.loads(done.stdout)
    assert 1.9 < told["epsilon"] <= 2
    again = _cli(
        tmp_path,
        "budget",
        "--epochs",
        "10",
        "--multiplier",
        str(told["noise_multiplier"]),
        "--json",
    )
    assert json.loads(again.stdout)["epsilon"] == pytest.approx(told["epsilon"])
    wrong = _cli(tmp_path, "budget", "--epochs", "10")
    assert wrong.returncode == 2
    assert len(wrong.stderr.strip().splitlines()) == 1
