"""Review: what was withheld is decided on, remembered, on record, and applied where it matters."""

import json

import pytest

from audit_ledger import Log
from pii_rules import Span
from pii_rules.overlay import Overlay
from redactory.errors import IntegrityError, KeyringError
from redactory.keys import KeyStore
from redactory.overlays import load_overlay, store_overlay
from redactory.pseudonym import SUBKEYS
from redactory.reading import Trust, describe, open_verified
from redactory.reviewing import Decisions, keep

WITHHELD = "MRN: 48392011. Later 48392011 again, glued48392011"
OTHERS = [f"Record {n} says nothing of note." for n in range(5)]


@pytest.fixture
def withheld(own_home, people, sealed, tmp_path):
    """A dataset of three shards, one record of which leaks and was withheld."""
    lines = [{"id": f"r{n}", "who": "p", "text": t} for n, t in enumerate([WITHHELD, *OTHERS])]
    people.write_text("".join(json.dumps(line) + "\n" for line in lines))
    go = lambda: sealed(rows_per_shard=2, max_quarantine_share=0.9)  # noqa: E731
    go()
    return tmp_path / "out", go


def released(path):
    return [row["text"] for row in open_verified(str(path), Trust()).rows()]


def shards(path):
    return {shard["shard"] for shard in describe(str(path), Trust())["shards"]}


def test_what_is_called_no_personal_data_is_released_by_the_next_run(withheld, command):
    path, again = withheld
    assert not any("48392011" in text for text in released(path))
    before = shards(path)
    done = command("review", path, "--ner", "none", "--json", stdin="x\nn\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout[done.stdout.index('{"personal') :])["not_personal"] == 1
    again()
    assert WITHHELD in released(path)
    assert len(shards(path) & before) == 2  # only the shard with that form was made again
    assert not again().published.new


def test_decisions_are_on_record_without_their_forms(withheld, own_home):
    path, _ = withheld
    keep(str(path), Trust(), "default", Decisions({"nothing": "PERSON"}, {"48392011"}))
    told = [e.statement for e in Log.open(path / "ledger").entries(kind="decided")]
    assert (told[0].body.denied, told[0].body.allowed) == (1, 1)
    assert told[0].predicate.actor.name
    places = [*path.rglob("*"), *own_home.rglob("*")]
    assert not any(b"48392011" in place.read_bytes() for place in places if place.is_file())


def test_what_is_called_personal_data_goes_everywhere(withheld):
    path, again = withheld
    keep(str(path), Trust(), "default", Decisions({"Record 3": "CASE_NUMBER"}))
    again()
    assert "<CASE_NUMBER> says nothing of note." in released(path)


def test_without_the_log_key_nothing_is_kept(withheld, own_home):
    path, _ = withheld
    (own_home / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="log key"):
        keep(str(path), Trust(), "default", Decisions({"a form": "PERSON"}))
    assert not (own_home / "overlays").exists()


@pytest.fixture
def subkeys(own_home):
    key = KeyStore(own_home).pseudonym_key("default")
    return {purpose: key.subkey(purpose) for purpose in SUBKEYS}


def test_an_overlay_is_kept_whole_or_refused(own_home, subkeys):
    overlay = Overlay({"Jane Roe": "PERSON"}, frozenset({"May"}))
    assert not load_overlay(own_home, subkeys, "d")
    store_overlay(own_home, subkeys, "d", overlay)
    assert load_overlay(own_home, subkeys, "d") == overlay
    [path] = (own_home / "overlays").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(IntegrityError) as caught:
        load_overlay(own_home, subkeys, "d")
    assert "Jane" not in str(caught.value)


def test_an_overlay_goes_before_what_rules_found():
    overlay = Overlay({"Roe": "CASE_NUMBER"}, frozenset({"May"}))
    texts = {"text": "May met Jane Roe and Roe, Roebuck"}
    found = [Span("text", 0, 3, "PERSON", 0.9, "r"), Span("text", 8, 16, "PERSON", 0.9, "r")]
    spans = overlay.applied(texts, found)
    assert [(s.start, s.end, s.entity_type) for s in spans] == [
        (13, 16, "CASE_NUMBER"),
        (21, 24, "CASE_NUMBER"),
    ]


def test_the_later_decision_on_a_form_holds():
    first = Overlay({"May": "PERSON"}, frozenset({"Roe"}))
    later = first.with_decisions({"Roe": "PERSON"}, ["May"])
    assert later == Overlay({"Roe": "PERSON"}, frozenset({"May"}))
    assert later.within(["no May here"]) == {"deny": {}, "allow": ["May"]}
    assert later.within(["nothing"]) == {}
