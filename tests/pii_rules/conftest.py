"""One detector per session: building it takes seconds, and it keeps no state."""

import importlib.util
from pathlib import Path

import pytest

from pii_rules import Detector, load_policy


@pytest.fixture(scope="session")
def policy():
    return load_policy("gdpr")


@pytest.fixture(scope="session")
def detector():
    return Detector(ner="none")


@pytest.fixture(scope="session")
def keys():
    return {"token": bytes(range(32))}


@pytest.fixture(scope="session")
def found(detector):
    """(type, surface) pairs of a text."""

    def search(text, tag=None):
        spans = detector.detect_record({"text": text}, tag)
        return [(s.entity_type, text[s.start : s.end]) for s in spans]

    return search


@pytest.fixture(scope="session")
def tables():
    """The tables of all rules: recognizer to (text, surface to find, or None) pairs."""
    merged = {}
    for path in sorted(Path(__file__).parent.glob("test_rules_*.py")):
        specification = importlib.util.spec_from_file_location(f"tables_{path.stem}", path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        for name, table in getattr(module, "RULES", {}).items():
            merged.setdefault(name, []).extend(table)
    return merged
