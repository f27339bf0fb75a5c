"""Which rule set a record is searched by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

_HAN: Final = regex.compile(r"\p{Han}")
_LETTER: Final = regex.compile(r"\p{L}")
_SAMPLE: Final = 4096
_SHARE: Final = 0.2


def pick_language(text: str, tag: str | None, languages: Sequence[str]) -> str:
    """``en`` or ``zh``, as far as ``languages`` has it.

    Args:
        text: decides by its share of Han letters where the tag does not.
        tag: BCP 47 tag such as ``en-GB`` or ``zh-Hans-CN``; None when unknown.
        languages: rule sets there are; the first serves every other language.
    """
    primary = (tag or "").replace("_", "-").partition("-")[0].lower()
    if primary not in ("en", "zh") and not tag:
        primary = "zh" if _share_of_han(text[:_SAMPLE]) >= _SHARE else "en"
    return primary if primary in languages else languages[0]


def _share_of_han(text: str) -> float:
    letters = len(_LETTER.findall(text))
    return len(_HAN.findall(text)) / letters if letters else 0.0
