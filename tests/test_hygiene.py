"""What no commit may hold: paths of somebody's machine, index addresses, overlong DAG files."""

import re
import subprocess

import pytest

_MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.\-<])/(home/[a-z]+|root|Users/[A-Za-z]+)/")
_INDEX = re.compile(r"(extra-)?index-url|find-links|https?://[^ ]*/simple")
_LONGEST_DAG = 80


@pytest.fixture(scope="module")
def tracked(repository, needs_program):
    """Text of every tracked file, by name."""
    listed = subprocess.run(
        [needs_program("git"), "ls-files", "-z"], cwd=repository, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    files = {}
    for name in listed.stdout.decode().split("\0"):
        path = repository / name
        if name and path.is_file():
            files[name] = path.read_bytes().decode("utf-8", errors="replace")
    return files


def test_no_path_of_a_machine(tracked):
    # Tests may make up a home to see that it does not leak.
    assert not [
        name
        for name, text in tracked.items()
        if not name.startswith("tests/") and _MACHINE_PATH.search(text)
    ]


def test_no_index_address(tracked):
    assert not [
        name
        for name, text in tracked.items()
        if name.endswith((".lock", ".toml", ".cfg", ".txt", ".yml", "Makefile"))
        and _INDEX.search(text)
    ]


def test_dags_are_short(tracked):
    dags = [text for name, text in tracked.items() if name.startswith("dags/")]
    assert dags
    assert all(text.count("\n") <= _LONGEST_DAG for text in dags)


@pytest.mark.xdist_group("together")
def test_groups_of_tests_reach_the_distribution(request):
    # Where they do not, tests that go through one job in order are torn apart.
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("the tests are not distributed over processes by group")
    assert request.node.nodeid.endswith("@together")
