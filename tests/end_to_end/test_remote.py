"""A dataset on storage that is no local disk: any fsspec URL, with the log in a local folder."""

import uuid

import pytest

from redactory.errors import InputError
from redactory.keys import KeyStore
from redactory.reading import Trust, open_verified
from redactory.verification import verify_dataset


@pytest.fixture
def url():
    return f"memory://{uuid.uuid4().hex}"


def test_run_verify_and_read(pipeline, source, tmp_path, home, url):
    with source.open("a") as file:
        file.write("not json\n")
    ledger = str(tmp_path / "ledger")
    options = {"ledger": ledger, "max_quarantine_share": 0.5}
    result = pipeline(source, url, **options)
    assert (result.totals.records_out, result.totals.quarantined) == (6, 1)
    assert verify_dataset(url, KeyStore(home), ledger=ledger).state == "intact"
    trust = Trust(ledger=ledger)
    assert len(list(open_verified(url, trust).rows())) == 6
    assert len(list(open_verified(url, trust, area="quarantine").rows())) == 1
    assert not pipeline(source, url, **options).published.new


def test_its_log_needs_a_local_folder(pipeline, source, url):
    with pytest.raises(InputError, match="local folder"):
        pipeline(source, url)
