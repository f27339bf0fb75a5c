"""Fingerprints: the same for the same bytes, none where a change might not show."""

from datetime import UTC, datetime

import pytest

from redactory.sources.fingerprint import fingerprint

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("info", "has_one"),
    [
        ({"size": 3, "ETag": '"abc"'}, True),
        ({"size": 3, "ETag": '"abc"', "LastModified": datetime.fromtimestamp(NOW, UTC)}, True),
        ({"size": 3, "generation": "17"}, True),
        ({"size": 3, "mtime": NOW - 10}, True),
        ({"size": 3, "LastModified": datetime.fromtimestamp(NOW - 10, UTC)}, True),
        ({"size": 3, "mtime": NOW - 1}, False),
        ({"size": 3, "mtime": NOW + 3600}, False),
        ({"size": 3, "created": NOW - 10}, False),
        ({"size": 3}, False),
        ({}, False),
    ],
)
def test_what_a_storage_vouches_for(info, has_one):
    assert bool(fingerprint(info, now=NOW)) is has_one


@pytest.mark.parametrize(
    "change", [{"size": 4}, {"mtime": NOW - 99}, {"ino": 8}, {"created": NOW - 99}, {"ETag": "b"}]
)
def test_every_fact_counts(change):
    info = {"size": 3, "mtime": NOW - 50, "ino": 7, "created": NOW - 50, "ETag": "a"}
    assert fingerprint(info, now=NOW) == fingerprint(dict(info), now=NOW + 5)
    assert fingerprint(info, now=NOW) != fingerprint(info | change, now=NOW)
