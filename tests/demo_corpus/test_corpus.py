"""The committed corpus: reproducible, well formed, and what its description promises."""

import re
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from redactory.demo_corpus import corpus_path
from redactory.demo_corpus.generate import as_line, generate
from redactory.demo_corpus.triage import LABELS

DOMAINS = {"clinical", "bank", "citizen", "support"}


def test_the_command_reproduces_the_committed_file_byte_for_byte(tmp_path):
    output = tmp_path / "again.jsonl"
    command = [sys.executable, "-m", "redactory.demo_corpus.generate", "--output", str(output)]
    subprocess.run(command, check=True)
    assert output.read_bytes() == corpus_path().read_bytes()


def test_another_seed_gives_another_corpus():
    assert list(generate(8, 20)) != list(generate(7, 20))


def test_it_is_small_and_canonical(documents):
    raw = corpus_path().read_bytes()
    assert len(raw) < 600_000
    assert "".join(as_line(document) for document in documents).encode() == raw


def test_every_line_has_the_documented_fields(documents):
    for document in documents:
        assert set(document) == {"id", "lang", "domain", "subject", "text", "label", "spans"}
        assert document["lang"] in {"en", "zh"}
        assert document["domain"] in DOMAINS
        assert document["label"] in LABELS
        assert re.fullmatch(r"P-\d{4}", document["subject"])
    assert len({document["id"] for document in documents}) == len(documents)


def test_size_languages_and_domains_are_spread_as_promised(documents):
    assert 350 <= len(documents) <= 500
    english = sum(document["lang"] == "en" for document in documents) / len(documents)
    assert 0.55 <= english <= 0.65
    cells = Counter((document["lang"], document["domain"]) for document in documents)
    assert len(cells) == 8
    assert min(cells.values()) >= 25


@pytest.mark.parametrize("seed", range(5))
def test_spans_are_sorted_disjoint_and_exact(seed):
    for document in generate(seed, 200):
        end_before = 0
        for start, end, entity_type in document["spans"]:
            assert end_before <= start < end <= len(document["text"])
            assert re.fullmatch(r"[A-Z][A-Z_]+", entity_type)
            surface = document["text"][start:end]
            assert surface == surface.strip()
            assert "{" not in surface
            end_before = end
        assert not re.search(r"[{}]|  (?! )|\n\n\n", document["text"].replace("    ", ""))


def test_no_email_or_long_number_is_left_outside_the_spans(documents):
    for document in documents:
        outside, at = [], 0
        for start, end, _ in document["spans"]:
            outside.append(document["text"][at:start])
            at = end
        rest = " ".join([*outside, document["text"][at:]])
        rest = re.sub(r"[$£]?\d[\d,]*元?", lambda m: m[0] if len(m[0]) > 7 else "", rest)
        assert "@" not in rest
        assert not re.search(r"\d{5}", rest)


def test_many_kinds_of_personal_data_occur_often(documents):
    counts = Counter(kind for document in documents for _, _, kind in document["spans"])
    common = {"PERSON", "LOCATION", "ORGANIZATION", "EMAIL_ADDRESS", "PHONE_NUMBER", "DATE_TIME"}
    assert all(counts[kind] >= 100 for kind in common)
    rarer = {
        *("DATE_OF_BIRTH", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "UK_NHS", "UK_NINO"),
        *("CN_RESIDENT_ID", "MEDICAL_RECORD_NUMBER", "ACCOUNT_ID"),
        *("LICENSE_PLATE", "IP_ADDRESS", "URL"),
    }
    assert {kind for kind in rarer if counts[kind] < 3} == set()
    assert set(counts) == common | rarer


def test_a_subject_keeps_one_identity_over_several_documents(documents):
    languages, mails, seen = (defaultdict(set) for _ in range(3))
    for document in documents:
        subject = document["subject"]
        seen[subject].add(document["id"])
        languages[subject].add(document["lang"])
        for start, end, kind in document["spans"]:
            if kind == "EMAIL_ADDRESS":
                mails[subject].add(document["text"][start:end])
    assert all(len(documents_of) >= 2 for documents_of in seen.values())
    assert all(len(found) == 1 for found in (*languages.values(), *mails.values()))


def test_texts_are_documents_and_not_one_liners(documents):
    for document in documents:
        lines = [line for line in document["text"].splitlines() if line]
        assert 3 <= len(lines) <= 15
    assert len({document["text"] for document in documents}) == len(documents)
