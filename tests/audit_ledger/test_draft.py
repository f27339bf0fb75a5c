"""Ids of drafts: derived for production statements, none for events."""

import pytest

from audit_ledger import Draft
from audit_ledger.draft import checked_body, draft_id, production_id
from redactory.canonical import digest_of
from redactory.errors import LedgerError

D = "ab" * 32


def id_of(draft):
    return draft_id(draft, checked_body(draft))


def released(key=None, **fields):
    return Draft("released", (), {"dataset": "letters", "version": 1} | fields, key)


def test_production_id_is_that_of_the_format():
    want = digest_of(["statement/v1", "letters", "5a", 1, "released"])
    assert production_id("released", "letters", "5a", 1) == want
    assert id_of(released(shard="5a")) == want


def test_a_run_or_an_explicit_key_takes_the_shards_place():
    assert id_of(released(run_id="7f")) == production_id("released", "letters", "7f", 1)
    assert id_of(released("own", shard="5a")) == production_id("released", "letters", "own", 1)


def test_each_part_changes_the_id():
    parts = ("released", "letters", "5a", 1)
    others = [
        ("trained", *parts[1:]),
        ("released", "l", "5a", 1),
        (*parts[:2], "5b", 1),
        (*parts[:3], 2),
    ]
    assert len({production_id(*p) for p in [parts, *others]}) == 5


def test_time_run_actor_and_subject_are_not_in_the_id(sealed):
    assert id_of(sealed(1)) == id_of(sealed(1, content="other"))


@pytest.mark.parametrize("fields", [{}, {"shard": 5}, {"shard": "5a", "version": "1"}])
def test_a_production_statement_without_key(fields):
    with pytest.raises(LedgerError, match="needs a dataset"):
        id_of(released(**fields))


def test_events_have_no_derived_id(unwrapped):
    assert id_of(unwrapped()) is None
