"""A second verifier of docs/format/proof-v1.md, written from that page alone.

It shares no code with `zk_proofs`, uses Python's integers and hashlib only, and prefers the
page's notation to speed. Where the two verifiers differ, one of them or the page is wrong.
"""

from .group import InvalidError
from .verifier import Evidence, accepts, strict_inputs_hold, verify

__all__ = ["Evidence", "InvalidError", "accepts", "strict_inputs_hold", "verify"]
