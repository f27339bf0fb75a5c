"""What the pages say, in English and Chinese.

Templates hold the English; ``zh.json`` says each of its sentences in Chinese. Sentences of the
verifiers stay English in both, since they are quoted in reports and searched for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = {"en": "English", "zh": "中文"}
COOKIE: Final = "redactory_language"

_WEIGHT = re.compile(r"q=([0-9.]+)")


def choose_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language of a page.

    Args:
        asked: what the address asks for.
        kept: what was asked for before (a cookie).
        accepted: the browser's ``Accept-Language``.
    """
    for wanted in (asked, kept):
        if wanted in LANGUAGES:
            return str(wanted)
    weighed: dict[str, float] = {}
    for part in accepted.split(","):
        tag, _, parameters = part.partition(";")
        weight = _WEIGHT.search(parameters)
        language = tag.strip().lower().partition("-")[0]
        value = float(weight[1]) if weight and weight[1].count(".") < 2 else 1.0
        weighed[language] = max(value, weighed.get(language, 0.0))
    return max(LANGUAGES, key=lambda code: weighed.get(code, 0.0))


class Wording:
    """Says things in one language.

    Args:
        language: one of :data:`LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._said: Mapping[str, str] = chinese() if language == "zh" else {}

    def __call__(self, english: str, **values: object) -> str:
        """``english`` in this language, with the values in its braces."""
        return self._said.get(english, english).format(**values)


@cache
def chinese() -> Mapping[str, str]:
    """All sentences, by their English."""
    said: dict[str, str] = json.loads(
        Path(__file__).with_name("zh.json").read_text(encoding="utf-8")
    )
    return said
