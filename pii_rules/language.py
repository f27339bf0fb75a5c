"""Which rule sets a stretch of text is searched by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

_HAN: Final = regex.compile(r"\p{Han}")
_WORD: Final = regex.compile(r"[\p{L}--\p{Han}]{2,}", regex.VERSION1)
# A Chinese text with a brand or a unit in it is no English text; one with a name and a
# street is.
_WORDS: Final = 3


def languages_of(text: str, tag: str | None, available: Sequence[str]) -> list[str]:
    """The rule sets for a stretch of text: ``en``, ``zh`` or both, in the order of ``available``.

    Args:
        text: decides by its script. Any Han character asks for ``zh``, three words in another
            script ask for ``en``.
        tag: BCP 47 tag of the record such as ``en-GB`` or ``zh-Hans-CN``: its rule set is
            always among them. None when unknown.
        available: rule sets there are; the first serves what asks for none of them.
    """
    wanted = {(tag or "").replace("_", "-").partition("-")[0].lower()}
    if not text.isascii() and _HAN.search(text) is not None:
        wanted.add("zh")
    if sum(1 for _ in zip(_WORD.finditer(text), range(_WORDS), strict=False)) == _WORDS:
        wanted.add("en")
    return [code for code in available if code in wanted] or [available[0]]
