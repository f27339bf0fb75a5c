"""Other name finders by configuration."""

import sys
import types

import pytest
import spacy
from presidio_analyzer import EntityRecognizer, RecognizerResult

from pii_rules import Detector
from pii_rules.ner.others import finder
from redactory.errors import PolicyError


@pytest.fixture
def pipeline(tmp_path):
    made = spacy.blank("en")
    rules = made.add_pipe("entity_ruler")
    rules.add_patterns(
        [{"label": "PERSON", "pattern": "Zaphod"}, {"label": "GPE", "pattern": "Ursa"}]
    )
    made.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


def test_a_spacy_pipeline_in_a_folder(pipeline):
    detector = Detector(ner=f"spacy:{pipeline}")
    spans = detector.detect_record({"text": "Zaphod went to Ursa, mail z@example.com"})
    assert [s.entity_type for s in spans] == ["PERSON", "LOCATION", "EMAIL_ADDRESS"]
    assert detector.describe()["ner.finder"].startswith("spacy:en_")


class Towel(EntityRecognizer):
    """Finds one word."""

    def __init__(self):
        super().__init__(["PERSON"], name="Towel", version="1.2")

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts):
        start = text.find("Ford")
        return [RecognizerResult("PERSON", start, start + 4, 0.9)] if start >= 0 else []


def test_a_presidio_recognizer(monkeypatch):
    module = types.ModuleType("towels")
    module.Towel, module.number = Towel, lambda: 42
    monkeypatch.setitem(sys.modules, "towels", module)
    chosen = finder("presidio:towels:Towel")
    assert [name[:4] for name in chosen.find(["Ford", "Arthur"])[0]] == [(0, 4, "PERSON", 0.9)]
    assert chosen.describe() == {"finder": "presidio:Towel 1.2", "version": "-"}
    with pytest.raises(PolicyError, match="no Presidio recognizer"):
        finder("presidio:towels:number")


def test_none_is_rules_only():
    assert finder("none") is None


@pytest.mark.parametrize(
    "choice",
    [
        "",
        "spacy",
        "spacy:",
        "spacy:no_such_pipeline",
        "presidio:os",
        "presidio:no.such:X",
        "gliner",
    ],
)
def test_what_cannot_be_had_is_a_clear_error(choice):
    with pytest.raises(PolicyError):
        finder(choice)


class Broken:
    """Fails on one text."""

    def find(self, texts):
        if any("canary" in text for text in texts):
            raise RuntimeError(texts)
        return [[] for _ in texts]

    def describe(self):
        return {"finder": "broken"}


def test_a_finder_that_fails_refuses_its_record_only():
    import pyarrow as pa

    from pii_rules import Refused

    batch = pa.RecordBatch.from_pydict({"text": ["fine", "a canary", "z@example.com"]})
    found = Detector(ner=Broken()).detect(batch)
    assert found[0] == []
    assert found[1] == Refused("detector_error")
    assert [span.entity_type for span in found[2]] == ["EMAIL_ADDRESS"]
