"""Which patterns may match a text: the cheap pass before the exact one.

A *screen* answers with a superset: a pattern that it leaves out matches nowhere in the text, one
that it names may. So every screen gives the same findings, and only the time differs:

* ``Compiled``: one pass of Hyperscan (Vectorscan; Wang et al., NSDI 2019) over the text for all
  patterns together, where its wheel is installed;
* ``Anchored``: the fixed strings and the number of digits that each rule declares, in Python.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from pii_rules.candidates.anchored import Anchored
from pii_rules.candidates.screen import Screen, Searcher

SETTING: Final = "REDACTORY_SCREEN"
"""Environment variable: ``anchored`` keeps Hyperscan out, for comparison."""


def screen(searchers: Sequence[Searcher]) -> Screen:
    """The fastest screen that can be had here.

    Args:
        searchers: whose patterns are numbered through in this order.
    """
    if find_spec("hyperscan") is None or os.environ.get(SETTING) == "anchored":
        return Anchored(searchers)
    from pii_rules.candidates.compiled import Compiled  # noqa: PLC0415 - not on every platform

    return Compiled([outline for searcher in searchers for outline in searcher.outlines])
