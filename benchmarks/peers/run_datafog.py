"""Adapter of DataFog: ``datafog.scan`` with its default engine, which is patterns only."""

import argparse
from collections.abc import Iterator

from adapter import Search, one_by_one, serve

_TYPES = {
    "ADDRESS": "LOCATION",
    "DATE": "DATE_TIME",
    "DE_IBAN": "IBAN_CODE",
    "DE_PASSPORT_NUMBER": "PASSPORT",
    "DE_SOCIAL_SECURITY_NUMBER": "NATIONAL_ID",
    "DE_TAX_ID": "TAX_ID",
    "DE_VAT_ID": "TAX_ID",
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "SSN": "US_SSN",
    "ZIP_CODE": "LOCATION",
}


def load(_: argparse.Namespace) -> Search:
    """The package's own function."""
    import datafog

    def search(text: str) -> Iterator[tuple[int, int, str]]:
        for entity in datafog.scan(text).entities:
            if entity.start >= 0:
                yield entity.start, entity.end, _TYPES.get(entity.type, entity.type)

    return one_by_one(search)


if __name__ == "__main__":
    serve(load, ("datafog",))
