"""The detection benchmark on a few records, with this project as the only system."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from benchmarks.detecting import sets
from benchmarks.detecting.environments import Environment
from benchmarks.detecting.plot import Panel, Point, plot
from benchmarks.detecting.systems import SYSTEMS, prepare


@pytest.fixture
def data(tmp_path):
    """Two small sets with a telephone number, an address and a user name."""
    folder = tmp_path / "data" / "ner"
    folder.mkdir(parents=True)
    court = [
        {
            "id": "g-1",
            "lang": "en",
            "text": "Lives at 12 High Street, London SW1A 1AA.",
            "spans": [[9, 40, "LOCATION"]],
        },
        {"id": "g-2", "lang": "en", "text": "The court rose.", "spans": []},
    ]
    pii = [
        {
            "id": "p-1",
            "lang": "en",
            "text": "Please write to bob@example.com",
            "spans": [[16, 31, "EMAIL_ADDRESS"]],
        },
        {"id": "p-2", "lang": "de", "text": "Hallo", "spans": [[0, 5, "PERSON_NAME"]]},
    ]
    for name, rows in (("gum_court", court), ("pii_anon_dev", pii)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    return tmp_path / "data"


def benchmark(repository, *arguments):
    return subprocess.run(
        [sys.executable, str(repository / "benchmarks" / "detection.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )


def test_json_holds_the_fixed_names(repository, data):
    only = ("--only", "redactory,presidio")
    told = json.loads(benchmark(repository, "--data", data, *only, "--quick", "--json").stdout)
    assert told["name"] == "detection"
    ratios = told["ratios"]
    assert ratios["gum_court.LOCATION.f1"] == 1.0
    assert ratios["pii_anon_dev.spans_whole"] == 1.0  # the German record is not counted
    assert ratios["pii_anon_dev.char_precision"] == 1.0
    assert ratios["pii_anon_dev.EMAIL_ADDRESS.f1"] == 1.0
    assert ratios["gum_court.kB_per_cpu_s"] > 0
    assert not [name for name in ratios if name.startswith("presidio.")]  # absent, never 0
    assert any("presidio" in line for line in told["absent"])


def test_the_page_and_what_is_kept(repository, data, tmp_path):
    keep = tmp_path / "kept"
    done = benchmark(
        repository,
        "--data",
        data,
        "--sets",
        "gum_court",
        "--only",
        "redactory,presidio",
        "--keep",
        keep,
    )
    assert "| gum_court | LOCATION | 1 | 1.000 [" in done.stdout
    assert "Not measured: presidio: no --peers folder was given." in done.stdout
    assert str(data) not in done.stdout
    lines = (keep / "redactory" / "gum_court.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert [row["id"] for row in found] == ["g-1", "g-2"]


def test_without_data_it_says_so(repository):
    assert "nothing to measure" in benchmark(repository).stdout


def test_an_unknown_set_is_refused(repository, data):
    with pytest.raises(subprocess.CalledProcessError) as error:
        benchmark(repository, "--data", data, "--sets", "gum_curt")
    assert error.value.returncode == 2


def test_systems_without_their_folder_are_absent():
    ready, absent = prepare(SYSTEMS, None, None)
    assert [system.name for system in ready] == ["redactory", "redactory-fast", "redactory-rules"]
    assert len(absent) == len(SYSTEMS) - len(ready)


def test_variants_keep_every_offset():
    text = "Straße ŉ İstanbul ﬁn Ω"
    for change in (sets.in_capitals, sets.in_lower_case):
        assert len(change(text)) == len(text)
    assert sets.in_capitals("Ana ß") == "ANA ß"
    assert sets.in_lower_case("ANA") == "ana"


def test_a_user_name_is_a_person_in_tweets_only():
    assert sets.SETS["btc_f"].aliases["USERNAME"] == "PERSON"
    assert "USERNAME" not in sets.SETS["wikigold"].aliases


def test_an_environment_is_made_anew_when_its_packages_change():
    assert Environment("a", (("x==1",),)).digest != Environment("a", (("x==2",),)).digest


def test_the_plot_is_an_image_with_a_description():
    drawn = plot([Panel("a <b>", [Point("one", 30.0, 0.9), Point("two", 4000.0, 0.1)])])
    root = ET.fromstring(drawn)
    assert "one 0.90 at 30 kB/s" in root.attrib["aria-label"]
    assert drawn.count("<circle") == 2
