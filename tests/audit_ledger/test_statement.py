"""What may stand in a leaf, and in which form."""

import json

import pytest

from audit_ledger import Draft, Provenance
from audit_ledger.bodies import Sealed
from audit_ledger.draft import LeafWriter, checked_body, prepare
from audit_ledger.statement import EVENT_KINDS, KINDS, PRODUCTION_KINDS, parse_statement
from redactory.canonical import canonical_json
from redactory.errors import LedgerError

CANARY = "Maria Schmidt, born 1984"
TIME = "2026-01-01T00:00:00.000000Z"
D = "ab" * 32

COMMON = {"dataset": "letters", "shard": "5a" * 16, "version": 1, "policy_digest": D}
BODIES = {
    "ingested": {
        **COMMON,
        "segments_sha256": D,
        "sources": 1,
        "records": 10,
    },
    "redacted": {
        **COMMON,
        "detector": {"rules": "1.2.0", "ner": D},
        "records_in": 10,
        "records_out": 9,
        "quarantined": 1,
        "entities": {"PERSON": 4, "IBAN_CODE": 1},
        "operators": {"replace": 5},
    },
    "sealed": {
        **COMMON,
        "header": {"ctx": COMMON, "sha256": D, "bytes": 5, "rows": 1, "extensions": {}},
        "keyring_sha256": D,
        "kids": [D],
        "replaces": {"version": 1, "sha256": D},
    },
    "quarantined": {
        **COMMON,
        "header": {"ctx": COMMON, "sha256": D},
        "keyring_sha256": D,
        "kids": [D],
        "reasons": {"too_long": 1},
        "records": 1,
        "of_shard": "5b" * 16,
        "replaces": None,
    },
    "published": {
        "dataset": "letters",
        "version": 1,
        "run_id": "7f" * 16,
        "manifest_sha256": D,
        "dataset_sha256": D,
        "shards": 1,
        "records": 9,
        "quarantined": 1,
        "report_sha256": None,
        "supersedes_count": 0,
    },
    "unwrapped": {
        "dataset": "letters",
        "purpose": "training",
        "shard_set_sha256": D,
        "shards": 1,
        "kid": D,
    },
    "verified": {"dataset": "letters", "verdict": "consistent", "checkpoint_size": 4},
    "trained": {
        "dataset": "letters",
        "version": 1,
        "run_id": "r",
        "rows": -1,
        "private": True,
        "inputs": [D, D],
        "parties": {"a": 1},
    },
}


def statement(draft, provenance):
    prepared = prepare(draft)
    raw = LeafWriter(provenance, TIME).leaf(prepared, prepared.id or "0c" * 16)
    return parse_statement(raw, where="draft")


def draft(kind="sealed", subject=(("shards/a.parquet", D),), key=None, **changes):
    return Draft(kind, subject, BODIES[kind] | changes, key)


def paths(value, path=()):
    """Where in a body a string stands, as key or as value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*path, index))
    elif isinstance(value, str):
        yield path


def with_canary(value, path):
    changed = json.loads(json.dumps(value))
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = CANARY
    return changed


def test_kinds():
    assert len(KINDS) == 19
    assert not PRODUCTION_KINDS & EVENT_KINDS
    assert {"sealed", "published"} < PRODUCTION_KINDS
    assert {"unwrapped", "decided", "verified"} < EVENT_KINDS


@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_round_trips_as_canonical_json(kind, provenance):
    made = statement(draft(kind), provenance)
    raw = made.encode()
    assert raw == canonical_json(json.loads(raw))
    back = parse_statement(raw, where="leaf 0")
    assert back.encode() == raw
    assert (back.kind, back.id, back.time) == (kind, made.id, TIME)
    assert back.digests() == (D,)
    left_out = {"redacted": {"suppressed_below": None}}.get(kind, {})
    assert json.loads(raw)["predicate"]["body"] == left_out | BODIES[kind]
    assert json.loads(raw)["_type"] == "https://in-toto.io/Statement/v1"


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind in BODIES for path in paths(BODIES[kind])]
)
def test_no_text_in_any_string_of_a_body(kind, path, provenance):
    with pytest.raises(LedgerError) as caught:
        statement(Draft(kind, (), with_canary(BODIES[kind], path)), provenance)
    assert "Maria" not in f"{caught.value!s} {caught.value!r} {caught.value.__context__}"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("redacted", "entities"),
        ("redacted", "detector"),
        ("quarantined", "reasons"),
        ("sealed", "header"),
        ("trained", "parties"),
    ],
)
def test_no_text_in_a_key(kind, field, provenance):
    value = "1" if field == "detector" else 1
    with pytest.raises(LedgerError) as caught:
        statement(draft(kind, **{field: {CANARY: value}}), provenance)
    assert "Maria" not in str(caught.value)


def test_no_text_in_a_nested_key_of_a_header(provenance):
    with pytest.raises(LedgerError):
        statement(draft(header={"extensions": {"deep": [{CANARY: 1}]}}), provenance)


@pytest.mark.parametrize("change", ["actor_name", "run_id", "dag_id", "code_version"])
def test_no_text_in_the_provenance(change):
    fields = {"actor_kind": "cli", "actor_name": "a", "run_id": "r", "code_version": "1"}
    with pytest.raises(LedgerError) as caught:
        statement(draft(), Provenance(**(fields | {change: CANARY})))
    assert "Maria" not in str(caught.value)


@pytest.mark.parametrize("subject", [((CANARY, D),), (("name", CANARY),), (("name", D[:-2]),)])
def test_no_text_in_a_subject(subject, provenance):
    with pytest.raises(LedgerError) as caught:
        statement(draft(subject=subject), provenance)
    assert "Maria" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"version": "1"},
        {"version": True},
        {"version": 1.0},
        {"version": 10**15},
        {"surplus": 1},
        {"kids": "ab"},
        {"kids": ["AB"]},
        {"keyring_sha256": D[:-2]},
        {"header": {"rows": 1.5}},
        {"header": {"rows": 10**15}},
        {"header": {"rows": float("nan")}},
        {"header": {"rows": object()}},
        {"header": []},
    ],
)
def test_malformed_bodies(changes, provenance):
    with pytest.raises(LedgerError):
        statement(draft(**changes), provenance)


def test_a_missing_field(provenance):
    body = {key: value for key, value in BODIES["sealed"].items() if key != "kids"}
    with pytest.raises(LedgerError, match="kids"):
        statement(Draft("sealed", (), body), provenance)


def test_generic_bodies_stay_shallow():
    for value in ([[1]], {"a": "text"}, {"a": {"b": 1}}, 1.5, None):
        with pytest.raises(LedgerError):
            checked_body(Draft("trained", (), {"field": value}))


def test_unknown_kind():
    with pytest.raises(LedgerError, match="no such kind"):
        checked_body(Draft("forgotten", (), {}))


def test_a_body_of_another_kind():
    with pytest.raises(LedgerError, match="not that of"):
        checked_body(Draft("published", (), Sealed(**BODIES["sealed"])))


def test_a_model_is_as_good_as_its_fields(provenance):
    model = Draft("sealed", (("shards/a.parquet", D),), Sealed(**BODIES["sealed"]))
    assert statement(model, provenance) == statement(draft(), provenance)


def test_a_statement_too_long_for_a_bundle(provenance):
    with pytest.raises(LedgerError, match="longer than 65535"):
        statement(draft(kids=[D] * 1000), provenance).encode()


def test_no_run(provenance):
    alone = Provenance(actor_kind="system", actor_name="x", run_id=None, code_version="1")
    raw = statement(draft(), alone).encode()
    assert json.loads(raw)["predicate"]["run"] is None
    assert parse_statement(raw, where="leaf 0").predicate.run is None


def test_try_keeps_its_stored_name(provenance):
    made = statement(draft(), provenance)
    assert json.loads(made.encode())["predicate"]["run"]["try"] == 1
    assert parse_statement(made.encode(), where="leaf 0").predicate.run.try_number == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw + b" ",
        lambda raw: raw.replace(b":1,", b": 1,", 1),
        lambda raw: raw.replace(b"sealed:v1", b"seamed:v1"),
        lambda raw: raw.replace(b"sealed:v1", b"published:v1"),
        lambda raw: raw.replace(b"Statement/v1", b"Statement/v2"),
        lambda raw: raw.replace(b'"letters"', b'"le\\u0074ters"'),
        lambda raw: raw.replace(b'"letters"', '"lëtters"'.encode()),
        lambda raw: raw.replace(b'"actor":', b'"actor":{},"actor":'),
        lambda raw: b"[" * 100_000,
        lambda raw: b"[]",
        lambda raw: b"",
        lambda raw: b"\xff",
    ],
)
def test_leaves_in_another_form_are_refused(damage, provenance):
    raw = damage(statement(draft(), provenance).encode())
    with pytest.raises(LedgerError, match="leaf 3"):
        parse_statement(raw, where="leaf 3")
