"""One detector per session: building it takes seconds, and it keeps no state."""

import pytest

from pii_rules import Detector, load_policy


@pytest.fixture(scope="session")
def policy():
    return load_policy("gdpr")


@pytest.fixture(scope="session")
def detector():
    return Detector()


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
