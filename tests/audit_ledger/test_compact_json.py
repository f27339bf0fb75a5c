"""The fast encoder gives RFC 8785 bytes, on tokens and integers only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger.bodies import compact_json
from redactory.canonical import canonical_json

TOKENS = st.from_regex(r"[A-Za-z0-9_.:@/+-]{1,200}", fullmatch=True)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | TOKENS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TOKENS, inner, max_size=4),
    max_leaves=12,
)


@given(NESTED)
def test_compact_json_is_rfc_8785(value):
    assert compact_json(value) == canonical_json(value)


@given(st.text(min_size=1))
def test_compact_json_takes_tokens_only(text):
    token = text.isascii() and len(text) <= 200 and all(c.isalnum() or c in "_.:@/+-" for c in text)
    if token:
        assert compact_json([text]) == canonical_json([text])
    else:
        with pytest.raises(ValueError, match="identifier"):
            compact_json([text])
