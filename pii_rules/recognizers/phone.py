"""Phone numbers: candidates in one linear pass, numbering plans for the candidates only.

Presidio's recognizer lets libphonenumber's matcher read the whole text once per region,
which is most of Presidio's time. Here one pattern finds groups of digits and
libphonenumber judges each group. The score says what the number's own form proves:

====================================================  =====
``+`` or ``00`` and a country code                    0.75
national form with separators, valid in a region      0.5
a group of digits that could be a number              0.1, so only beside a context word
====================================================  =====
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Final

import phonenumbers
import regex  # type: ignore[import-untyped]
from presidio_analyzer import EntityRecognizer, RecognizerResult

from pii_rules.candidates.near import matches
from pii_rules.candidates.width import width
from pii_rules.recognizers.rule import FLAGS, Hit, finding

REGIONS: Final = ("US", "GB", "DE", "FR", "IL", "IN", "BR", "CN")
_CONTEXT: Final = (
    *("phone", "tel", "telephone", "cell", "mobile", "call", "fax"),
    *("whatsapp", "sms", "contact", "hotline"),
    *("电话", "手机", "致电", "联系", "拨打", "来电", "传真", "热线", "座机"),
)
_CANDIDATE: Final = regex.compile(
    # Not within a decimal or a time, nor R-03371-37637, a code; nor 0.307669.
    r"(?<![A-Z0-9])(?<!\d[.:])(?<!(?<![A-Z0-9])[A-Z]-)(?!\d\.\d{4})"
    r"(?:\+|00)?(?:\(\d{1,5}\)|\d)(?:[ \-./()]{0,2}\d){5,16}"
    r"(?: ?(?:x|ext\.?|分机) ?\d{1,6})?"
    r"(?![A-Z0-9])",
    FLAGS,
)
_WIDTH: Final = width(_CANDIDATE.pattern)
_FEWEST: Final = 7
_MOST: Final = 15  # ITU-T E.164
_BOOK: Final = regex.compile(r"\d-\d{2,7}-\d{2,6}-\d")  # ISBN of ten digits
_EXTENSION: Final = regex.compile(r" ?(?:x|ext\.?|分机)", FLAGS)
_GROUPED: Final = regex.compile(r"(?:1[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}|1\d{2}[- ]\d{4}[- ]\d{4}")


class PhoneRule(EntityRecognizer):
    """PHONE_NUMBER by libphonenumber; an ``EntityRecognizer`` of Presidio."""

    def __init__(self, language: str) -> None:
        super().__init__(
            supported_entities=["PHONE_NUMBER"],
            name="Phone",
            supported_language=language,
            context=list(_CONTEXT),
        )
        self.anchors: tuple[str, ...] = ()
        self.digits = _FEWEST - 1  # what the pattern asks for; shorter ones are refused
        self.sources = self.outlines = (_CANDIDATE.pattern,)
        self.check = None

    def load(self) -> None:
        """Nothing to load: the number plans come with libphonenumber."""

    def analyze(
        self,
        text: str,
        entities: Sequence[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Every group of digits that is, or could be, a phone number."""
        return [finding(self, hit) for hit in self.hits(text, 0)]

    def hits(
        self,
        text: str,
        number: int,  # noqa: ARG002 - there is one pattern
        ends: Sequence[int] | None = None,
    ) -> Iterator[Hit]:
        """The groups of digits that are, or could be, phone numbers.

        Args:
            text: any length.
            number: place of the pattern in ``sources``.
            ends: where matches may end, as the screen tells; None: anywhere.
        """
        for match in matches(_CANDIDATE, text, ends, _WIDTH, None):
            score, valid = _judge(_EXTENSION.split(match.group())[0])
            if score:
                yield Hit(match.start(), match.end(), score, valid, None)


@lru_cache(maxsize=4096)
def _judge(number: str) -> tuple[float, bool | None]:
    """Score of a candidate, and whether a numbering plan has it."""
    if not _FEWEST <= sum(character.isdigit() for character in number) <= _MOST:
        return 0.0, None
    if number.startswith(("+", "00")):
        international = "+" + number.removeprefix("+").removeprefix("00")
        parsed = _parsed(international, None)
        if parsed is not None and phonenumbers.is_possible_number(parsed):
            return 0.75, phonenumbers.is_valid_number(parsed) or None
    grouped = not number.isdigit() and not _BOOK.fullmatch(number)
    if grouped and _shaped_like_a_number(number):
        digits = "".join(filter(str.isdigit, number))
        for region in REGIONS:
            if _outline(region).fullmatch(digits) is None:
                continue
            parsed = _parsed(number, region)
            if parsed is not None and phonenumbers.is_valid_number(parsed):
                return 0.5, True
    return 0.1, None


def _shaped_like_a_number(number: str) -> bool:
    """A trunk prefix, an area code in brackets, or the North American or mobile grouping."""
    return number.startswith(("0", "(")) or _GROUPED.fullmatch(number) is not None


@cache
def _outline(region: str) -> re.Pattern[str]:
    """What the digits of every valid number in national form look like, by the numbering plan.

    Parsing takes a trunk prefix, a carrier code or the country code off the front and leaves an
    end of the digits, which must fit the plan of a region with that country code. A number with
    a prefix for calls abroad may be anything.
    """
    country = phonenumbers.country_code_for_region(region)
    plans = [
        phonenumbers.PhoneMetadata.metadata_for_region(code)
        for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country]
    ]
    abroad = "|".join(
        str(plan.international_prefix) for plan in plans if plan and plan.id == region
    )
    national = "|".join(
        str(plan.general_desc.national_number_pattern)
        for plan in plans
        if plan and plan.general_desc
    )
    return re.compile(rf"(?:{abroad})[0-9]*|[0-9]*(?:{national})")


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
