"""Rule packs and what the detector says about itself."""

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from pii_rules import Detector
from pii_rules.entities import TYPE_ORDER
from pii_rules.ner.tags import LABELS
from pii_rules.recognizers.packs import PACKS, load_packs
from redactory.errors import PolicyError


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_loads_in_presidio_itself(name):
    content = yaml.safe_load((files("pii_rules") / "packs" / f"{name}.yaml").read_text("utf-8"))
    registry = RecognizerRegistryProvider(registry_configuration=content)
    assert len(registry.create_recognizer_registry().recognizers) == 2 * len(content["recognizers"])


def types(detector, language):
    rules = detector._engine.get_recognizers(language)
    return {name for rule in rules for name in rule.supported_entities}


def test_every_type_has_its_place_in_the_order_and_in_the_docs(detector):
    found = types(detector, "en") | set(LABELS)
    assert found == set(TYPE_ORDER)
    assert len(TYPE_ORDER) == len(set(TYPE_ORDER))
    page = (Path(__file__).parents[2] / "docs" / "entity-types.md").read_text("utf-8")
    assert {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")} == found


def test_both_languages_know_every_type(detector):
    assert types(detector, "en") == types(detector, "zh")


def test_describe_names_versions_and_digests(detector):
    described = detector.describe()
    assert all(isinstance(value, str) and value for value in described.values())
    for pack in load_packs():
        assert described[f"pack.{pack.name}"] == f"sha256:{pack.sha256}"
    assert {"engine", "library.presidio-analyzer", "library.spacy"} <= set(described)
    assert described == Detector(("en", "zh"), ner="none").describe()
    assert described != Detector(("en",), ner="none").describe()


def test_unknown_language_is_refused():
    with pytest.raises(PolicyError, match="en, zh"):
        Detector(("fr",))
