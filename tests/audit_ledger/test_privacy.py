"""The log's own privacy: no text gets in, and no digest that could be guessed back."""

import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger import Draft, Provenance
from audit_ledger.draft import LeafWriter, prepare
from audit_ledger.statement import BODY_MODELS, KINDS
from redactory.errors import LedgerError

TOKENS = re.compile(r"[A-Za-z0-9_.:@/+-]{1,200}")
TIME = "2026-01-01T00:00:00.000000Z"
WHO = Provenance(actor_kind="cli", actor_name="a", run_id="r", code_version="1")
D = "ab" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(min_size=1).filter(lambda text: not TOKENS.fullmatch(text))


def leaf(kind, body, subject=()):
    prepared = prepare(Draft(kind, subject, body))
    return LeafWriter(WHO, TIME).leaf(prepared, prepared.id or "0c" * 16)


def strings(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.text(), JSON, max_size=8))
def test_a_body_of_anything_is_refused_or_holds_tokens_only(kind, body):
    fields = {"dataset": "d", "shard": "5a", "version": 1} | body
    try:
        held = strings(json.loads(leaf(kind, fields)))
    except LedgerError as error:
        said = str(error)
        held = (word for word in strings(body) if len(word) > 3 and word in said)
    assert all(TOKENS.fullmatch(text) for text in held)


@given(TEXT)
def test_no_text_in_any_field_of_a_generic_body(text):
    for body in ({"field": text}, {"field": [text]}, {"field": {text: 1}}, {text: 1}):
        with pytest.raises(LedgerError):
            leaf("trained", {"dataset": "d", "shard": "5a", "version": 1} | body)


@given(TEXT)
def test_no_text_in_a_subject(text):
    for subject in (((text, D),), (("name", text),)):
        with pytest.raises(LedgerError):
            leaf("released", {"dataset": "d", "shard": "5a", "version": 1}, subject)


@given(TEXT)
def test_no_text_in_the_provenance(text):
    for field in ("actor_name", "run_id", "dag_id", "code_version", "policy_sha256"):
        fields = {"actor_kind": "cli", "actor_name": "a", "run_id": "r", "code_version": "1"}
        with pytest.raises(LedgerError):
            LeafWriter(Provenance(**(fields | {field: text})), TIME)


def test_models_write_their_keys_in_order():
    """What `Statement.encode` and `LeafWriter` rely on."""
    from audit_ledger import statement

    for model in (
        *BODY_MODELS.values(),
        statement.Actor,
        statement.Rules,
        statement.Run,
        statement.Subject,
        statement.Envelope,
        statement.Predicate,
        statement.Statement,
    ):
        names = [field.alias or name for name, field in model.model_fields.items()]
        assert names == sorted(names), model


NAMES = ["Maria Schmidt", "maria.schmidt@example.org", "+44 20 7946 0958", "078-05-1120", "male"]


def guesses(values):
    """Every digest that somebody who guesses a value would compute."""
    for value in values:
        for form in {value, value.lower(), value.replace(" ", ""), json.dumps(value)}:
            for algorithm in ("md5", "sha1", "sha256", "sha512"):
                yield hashlib.new(algorithm, form.encode()).hexdigest()


def test_no_statement_of_a_run_holds_a_digest_of_what_was_in_the_data(tmp_path, monkeypatch):
    """A real run over guessable values; the log is searched for all their plain digests."""
    pytest.importorskip("spacy")
    from redactory.config import RunConfig
    from redactory.keys import KeyStore
    from redactory.pipeline.run import run
    from redactory.pipeline.sanitise import Sanitised
    from redactory.pipeline.setup import RunSetup

    class KeepAll:
        def sanitise(self, batch):
            return Sanitised(kept=batch, refused=(), entities={}, operators={})

        def check_labels(self, labels):
            pass

    monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / "home"))
    lines = [{"id": str(i), "text": name} for i, name in enumerate(NAMES)]
    source = tmp_path / "Maria Schmidt.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = RunConfig(input=(str(source),), output=str(tmp_path / "out"), workers=1)
    keys = KeyStore(tmp_path / "home")
    run(RunSetup(config, keys, describe=lambda: {"engine": "none"}), sanitiser=KeepAll())
    from audit_ledger import Log

    entries = list(Log.open(tmp_path / "out" / "ledger").entries())
    assert {"ingested", "redacted", "sealed", "published"} <= {entry.kind for entry in entries}
    raw = b"\n".join(entry.raw for entry in entries).decode()
    values = [*NAMES, source.name, str(source), source.read_text(), *map(json.dumps, lines)]
    assert not [value for value in NAMES if value in raw]
    assert not [digest for digest in guesses(values) if digest in raw]
    assert not [digest for digest in guesses(values) if digest[:32] in raw]
    rules = [entry.statement.predicate.rules for entry in entries]
    assert all(rule is not None and rule.policy and rule.detector for rule in rules)
