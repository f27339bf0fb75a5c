"""At most one false structured id per 100 kB of text without personal data.

The samples are documentation under free licences (tests/data/README.md), measured by the
benchmark's own function: all of the Chinese text, a tenth of the English in `make test`.
"""

import importlib.util
import os
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "false_ids.py"
MOST = 1.0  # per 100 kB
CHINESE_IDS = {
    *("CN_RESIDENT_ID", "CN_SOCIAL_CREDIT_CODE", "CN_PASSPORT", "CN_TRAVEL_PERMIT"),
    *("PHONE_NUMBER", "CREDIT_CARD", "BANK_ACCOUNT", "LICENSE_PLATE", "MESSENGER_ID"),
    *("NATIONAL_ID", "CASE_NUMBER", "DATE_OF_BIRTH"),
}


@pytest.fixture(scope="module")
def measure():
    specification = importlib.util.spec_from_file_location("false_ids", BENCHMARK)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.measure


def test_english_text_has_few_false_ids(measure, detector):
    case = measure(detector, "en", quick=not os.environ.get("REDACTORY_FULL"))
    assert case["kB"] >= 100
    assert case["per_100_kB"] <= MOST, case["ids"]


def test_a_megabyte_of_chinese_text_has_no_chinese_ids(measure, detector):
    case = measure(detector, "zh", quick=False)
    assert case["kB"] >= 1000
    assert case["per_100_kB"] <= MOST, case["ids"]
    assert not CHINESE_IDS & set(case["ids"])
