import json

import pytest

from redactory.demo_corpus import corpus_path


@pytest.fixture(scope="session")
def documents():
    lines = corpus_path().read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
