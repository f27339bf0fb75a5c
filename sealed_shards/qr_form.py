"""A share as a QR code for paper (ISO/IEC 18004): the picture of its words.

Capitals and spaces belong to the code's alphanumeric mode, so the 27 words fit the small version
7, at a level of correction that stands a crease or a stain. Whatever scans the picture gives the
words, and these go into a text file as from any other sheet.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from sealed_shards.optional import load

_PIXELS_A_SQUARE: Final = 8


def to_qr_png(words: Sequence[str]) -> bytes:
    """A PNG of the words' QR code.

    Raises:
        InputError: segno is not installed.
    """
    segno = load("segno", "redactory[qr]")
    code = segno.make_qr(" ".join(words).upper(), error="m", boost_error=False)
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=_PIXELS_A_SQUARE)
    return picture.getvalue()
