"""Shared by all tests: hypothesis profiles, and skips that CI may not take."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Machines are shared and slow at times: a deadline would test them, not us. A fixed seed
# for `make test`; the full counts of `make test-all` explore.
settings.register_profile("quick", deadline=None, derandomize=True)
settings.register_profile("full", deadline=None, max_examples=2000)
settings.load_profile("full" if os.environ.get("REDACTORY_FULL") else "quick")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def unavailable() -> Callable[[str, str], None]:
    """Skip because something is not installed; fail where REDACTORY_REQUIRE names it."""

    def skip(name: str, what: str) -> None:
        if name in os.environ.get("REDACTORY_REQUIRE", "").split(","):
            pytest.fail(f"{what}, and REDACTORY_REQUIRE names {name}")
        pytest.skip(f"{what} ({name})")

    return skip


@pytest.fixture(scope="session")
def needs_program(unavailable: Callable[[str, str], None]) -> Callable[[str], str]:
    """The path of a program, or a skip."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            unavailable(name, f"the program {name} is not installed")
        return str(path)

    return find


@pytest.fixture(scope="session")
def shared_data(unavailable: Callable[[str, str], None]) -> Path:
    """Public data sets beside the repository, which users' machines do not have."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        unavailable("shared-data", "the public data sets are not beside the repository")
    return folder
