"""Shares as QR codes: the picture holds the words, read by a reader written from the standard."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError
from sealed_shards.custodians import Share
from sealed_shards.qr_form import to_qr_png
from sealed_shards.shamir import PRIME


@pytest.fixture(scope="module")
def read_qr():
    path = Path(__file__).with_name("qr_reader.py")
    spec = importlib.util.spec_from_file_location("qr_reader", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.read_qr


@settings(max_examples=6, deadline=None)
@given(st.binary(min_size=16, max_size=16), st.integers(1, 255), st.integers(0, PRIME - 1))
def test_a_scanned_share_is_the_share(read_qr, set_id, number, value):
    share = Share(set_id, 3, number, value)
    scanned = read_qr(to_qr_png(share.words()))
    assert scanned.lower().split() == share.words()
    assert Share.from_words(scanned, where="sheet") == share


def test_without_segno_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(InputError, match=r"pip install 'redactory\[qr\]'"):
        to_qr_png(["lusab"] * 27)
