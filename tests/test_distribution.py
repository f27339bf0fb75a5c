"""What is built from the tree: a wheel of our packages and their data, without Airflow names."""

import re
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield {name: archive.read(name) for name in archive.namelist()}


def test_rooms_that_must_never_land_in_site_packages(wheel):
    roots = {name.partition("/")[0] for name in wheel}
    assert not roots & {"dags", "operators", "plugins", "tests", "benchmarks", "docs", "scripts"}
    assert roots >= {"redactory", "pii_rules", "sealed_shards", "audit_ledger"}


def test_data_files_travel(wheel):
    for name in (
        "pii_rules/policies/gdpr.toml",
        "pii_rules/packs/core.yaml",
        "pii_rules/packs/cn.yaml",
        "redactory/demo_corpus/corpus.jsonl",
        "redactory/templates/run_report.html",
    ):
        assert wheel[name]
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_core_asks_for_nothing_heavy(wheel):
    (metadata,) = (raw.decode() for name, raw in wheel.items() if name.endswith("/METADATA"))
    core = [
        line.partition(":")[2].strip().lower()
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    assert core
    for heavy in ("spacy", "presidio", "onnxruntime", "numba", "apache-airflow", "torch"):
        assert not any(requirement.startswith(heavy) for requirement in core)


def test_the_console_script(wheel):
    (scripts,) = (raw.decode() for name, raw in wheel.items() if name.endswith("entry_points.txt"))
    assert "redactory = redactory.cli:main" in scripts


def test_the_locks_name_no_index_and_hash_everything(repository):
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (repository / name).read_text("utf-8")
        assert "index-url" not in text
        assert "find-links" not in text
        assert "://" not in text
        pins = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pins
        assert all(line.endswith("\\") for line in pins)  # a hash follows each


def test_the_demos_lock_is_part_of_the_developers(repository):
    def pins(name):
        lines = (repository / name).read_text("utf-8").splitlines()
        pinned = {line.split(" ;")[0].removesuffix(" \\") for line in lines if line[:1].isalnum()}
        return {re.sub(r"\[.*\]", "", pin) for pin in pinned}  # the developers' have more extras

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_what_is_locked_with_extras_is_locked_without_them_too(repository):
    """Else the pip that Python 3.11 brings along refuses the lock."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (repository / name).read_text("utf-8").splitlines()
        with_extras = [line for line in lines if line[:1].isalnum() and "[" in line.split("==")[0]]
        assert with_extras
        assert {re.sub(r"\[[^]]*\]", "", line) for line in with_extras} <= set(lines)
