"""The world that the pages show, and a browser of sorts for them."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _world_module():
    """The module beside this one: tests are no packages here."""
    path = Path(__file__).with_name("world.py")
    spec = importlib.util.spec_from_file_location("audit_pages_world", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def worlds():
    """The functions that make and change worlds."""
    return _world_module()


@pytest.fixture(scope="session")
def world(worlds, tmp_path_factory):
    """A world that no test changes."""
    return worlds.build(tmp_path_factory.mktemp("world"))


@pytest.fixture
def home(world, worlds, tmp_path, monkeypatch):
    """A ``REDACTORY_HOME`` like its own: what a test pins, no other test sees."""
    place = worlds.copy(world.home, tmp_path / "home")
    monkeypatch.setenv("REDACTORY_HOME", str(place))
    return place


@pytest.fixture
def altered(world, worlds, tmp_path):
    """A copy of the letters that a test may tamper with."""
    return worlds.copy(world.letters, tmp_path / "letters")


@pytest.fixture
def visit(home):
    """Visits pages of a desk over these datasets as somebody whom Airflow lets in."""
    from fastapi.testclient import TestClient

    from operators.audit_pages.access import may_audit_run, signed_in
    from operators.audit_pages.app import make_app
    from redactory.auditing import AuditDesk, AuditSettings, Watched

    def go(*places, **options):
        watched = [
            place if isinstance(place, Watched) else Watched(path=str(place), name="Letters")
            for place in places
        ]
        desk = AuditDesk(AuditSettings(dataset=tuple(watched), **options), home)
        app = make_app(desk)
        app.dependency_overrides[signed_in] = lambda: None
        app.dependency_overrides[may_audit_run] = lambda: None
        with desk.look(60):
            pass
        for watch in desk.watches:
            watch.settle()
        client = TestClient(app, headers={"sec-fetch-site": "same-origin"})
        client.desk = desk
        return client

    return go
