"""The retention report over a life of grants, revocations, rotation, shredding, quarantine."""

import hashlib
import json

import pytest

from audit_ledger import Draft, Environment, Log, verify_log
from redactory import retention

ALICE, BOB = "aa" * 32, "bb" * 32


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def stem(draft):
    return f"{draft.body['shard']}.{draft.body['header']['sha256'][:16]}"


def keys_changed(kind, drafts, kids, area=""):
    digests = [sha(f"{kind} {stem(draft)}") for draft in drafts]
    body = {
        "dataset": f"letters{area}",
        "stems": [stem(draft) for draft in drafts],
        "prev": digests,
        "new": digests,
        "kids": kids,
    }
    return Draft(kind, (("wraps", sha(kind)),), body)


def unwrapped(kid, purpose):
    body = {
        "dataset": "letters",
        "purpose": purpose,
        "shard_set_sha256": sha("s"),
        "shards": 1,
        "kid": kid,
    }
    return Draft("unwrapped", (("shards", sha("s")),), body)


def quarantined(number, records):
    shard = sha(f"q {number}")[:32]
    context = {"dataset": "letters/quarantine", "shard": shard, "version": 1}
    context["policy_digest"] = sha("policy")
    body = {
        **context,
        "header": {"ctx": context, "sha256": sha("q"), "rows": records},
        "keyring_sha256": sha("k"),
        "kids": [BOB],
        "reasons": {"too_long": records},
        "records": records,
        "of_shard": "5a" * 16,
    }
    return Draft("quarantined", ((f"quarantine/{shard}", sha("q")),), body)


def decided(records):
    body = {"dataset": "letters", "decision": "release", "records": records}
    return Draft("decided", (("shard", sha("q")),), body)


@pytest.fixture
def report(folder, signer, origin, sealed, provenance):
    days = iter(range(1, 100))
    environment = Environment(clock=lambda: (1_767_225_600 + 86_400 * next(days)) * 10**9)
    log = Log.create(folder, signer, origin=origin, environment=environment)
    first, second = sealed(1), sealed(2)
    for draft in (first, second):
        draft.body["kids"] = [ALICE]
    for step in (
        [first, second],  # 2 January
        [quarantined(1, 7)],
        [keys_changed("granted", [first], [ALICE, BOB])],  # 4 January
        [unwrapped(BOB, "training"), unwrapped(BOB, "audit")],
        [keys_changed("revoked", [first], [BOB])],
        [keys_changed("rewrapped", [second], [ALICE])],  # 7 January
        [keys_changed("shredded", [second], [])],  # 8 January
        [decided(3)],
        [quarantined(2, 5)],
        [keys_changed("shredded", [quarantined(2, 5)], [], "/quarantine")],
    ):
        log.append(step, provenance)
    return retention.retention(log.entries(), verify_log(folder, verifier=signer.verifier))


def test_what_the_log_says(report):
    (facts,) = report["datasets"]
    assert report["intact"]
    assert facts["dataset"] == "letters"
    (reader,) = [r for r in facts["readers"] if r["area"] == "data"]
    assert (reader["key"], reader["shards"], reader["since"][:10]) == (BOB, 1, "2026-01-04")
    assert (reader["accesses"], reader["purposes"]) == (2, {"audit": 1, "training": 1})
    assert facts["shards"] == 1
    assert facts["newest_rotation"][:10] == "2026-01-07"
    assert (facts["shredded_shards"], facts["newest_shredding"][:10]) == (2, "2026-01-11")
    assert (facts["quarantined_records"], facts["open_quarantine"]) == (7, 4)


def test_renderings_agree_and_escape(report):
    assert json.loads(retention.as_json(report)) == report
    report["datasets"][0]["dataset"] = "<script>"  # no log could hold this
    assert "<script>" not in retention.as_html(report)
    assert BOB[:16] in retention.as_html(report)
    assert BOB[:16] in retention.as_markdown(report)


def test_an_empty_log(log, folder):
    report = retention.retention(log.entries(), verify_log(folder))
    assert report["datasets"] == []
    assert "Retention report" in retention.as_markdown(report)
    assert "beginning" in retention.as_html(report)


def test_a_broken_log_is_said_to_be_broken(log, folder):
    (folder / "stray").write_bytes(b"")
    report = retention.retention(log.entries(), verify_log(folder))
    assert "BROKEN" in retention.as_markdown(report)
    assert "broken" in retention.as_html(report)
