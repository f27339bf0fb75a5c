"""Fake organisations: another name before the same kind ("Ltd", "Hospital", 有限公司)."""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

from pii_rules.surrogates.lists import words
from pii_rules.surrogates.prf import Draws

_HAN: Final = regex.compile(r"\p{Han}")
_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}'’.]+")
_KINDS: Final = frozenset(words("en", "organisation_kinds"))
_HAN_KIND: Final = regex.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|集团|公司|银行|医院|卫生服务中心|中心|大学|学院|中学|小学|"
    r"学校|研究所|研究院|法院|检察院|公安局|派出所|局|委员会|协会|基金会|工厂|厂|店|事务所|社区|厅|部)+$"
)


def fake_organisation(draws: Draws, surface: str) -> str:
    """An organisation of the same kind."""
    if _HAN.search(surface):
        kind = _HAN_KIND.search(surface)
        if kind is None:
            return draws.choice(words("zh", "brands"))
        place = (
            draws.choice(words("zh", "cities")) + "市" if "市" in surface[: kind.start()] else ""
        )
        return place + draws.choice(words("zh", "brands")) + str(kind.group())
    return str(_WORD.sub(lambda match: _word(draws, match.group()), surface))


def _word(draws: Draws, text: str) -> str:
    if text.casefold().rstrip(".") in _KINDS:
        return text
    fake = draws.choice(words("en", "brands"))
    if len(text) > 1 and text.isupper():
        return fake.upper()
    return fake.lower() if text.islower() else fake
