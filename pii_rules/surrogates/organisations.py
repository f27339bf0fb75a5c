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
    """An organisation of the same kind; one is drawn where none is said."""
    return _han(draws, surface) if _HAN.search(surface) else _latin(draws, surface)


def _han(draws: Draws, surface: str) -> str:
    found = _HAN_KIND.search(surface)
    kind = str(found.group()) if found else draws.choice(words("zh", "organisation_kinds"))
    named = surface[: found.start()] if found else surface
    place = draws.choice(words("zh", "cities")) + "市" if "市" in named else ""
    return place + draws.choice(words("zh", "brands")) + kind


def _latin(draws: Draws, surface: str) -> str:
    """The first word that says no kind becomes a brand, further ones go."""
    brand = draws.choice(words("en", "brands"))
    if surface.isupper() and len(surface) > 1:
        brand = brand.upper()
    pieces, done, named, kinds = [], 0, False, 0
    for word in _WORD.finditer(surface):
        is_kind = word.group().casefold().rstrip(".") in _KINDS
        kinds += is_kind
        if is_kind or not named:
            pieces += [surface[done : word.start()], word.group() if is_kind else brand]
        named = named or not is_kind
        done = word.end()
    text = "".join([*pieces, surface[done:]])
    if not named:
        return f"{brand} {text}"
    return text if kinds else f"{text} {draws.choice(words('en', 'endings'))}"
