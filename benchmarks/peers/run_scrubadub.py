"""Adapter of scrubadub: its default detectors (names need a further package and a model)."""

import argparse
from collections.abc import Iterator

from adapter import Search, one_by_one, serve

_TYPES = {
    "credential": "PASSWORD",
    "credit_card": "CREDIT_CARD",
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "skype": "USERNAME",
    "social_security_number": "US_SSN",
    "twitter": "USERNAME",
    "url": "URL",
}


def load(_: argparse.Namespace) -> Search:
    """A scrubber with its defaults."""
    import scrubadub

    scrubber = scrubadub.Scrubber()

    def search(text: str) -> Iterator[tuple[int, int, str]]:
        for merged in scrubber.iter_filth(text):
            for filth in getattr(merged, "filths", [merged]):
                yield filth.beg, filth.end, _TYPES.get(filth.type, filth.type.upper())

    return one_by_one(search)


if __name__ == "__main__":
    serve(load, ("scrubadub",))
