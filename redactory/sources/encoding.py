"""Which encoding a file is written in.

A byte order mark decides. Without one the first MiB decides: UTF-16 if one byte order
reads as text, strict UTF-8 (RFC 3629), GB18030 only if the text it would give is Chinese
beyond doubt, else UTF-8. A wrong guess would hide personal data from every
recognizer, so doubt ends in undecodable records, never in plausible nonsense.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from redactory.errors import InputError

SAMPLE_BYTES = 1 << 20
_SCORED_BYTES = 1 << 16
_TELLING_BYTES = 16  # fewer bytes of any other set may pair up to common Chinese by chance

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    ("\ufeff".encode("gb18030"), "gb18030"),
)
# What a Python codec that looks for a mark itself may mean; the first if there is none.
_UNMARKED = {
    "utf-8-sig": ("utf-8",),
    "utf-16": ("utf-16-le", "utf-16-be"),
    "utf-32": ("utf-32-le", "utf-32-be"),
}

# Rows 16-55 of GB/T 2312 are its level 1, the 3755 characters of everyday Chinese;
# rows 4-38 of Big5 are the like for traditional characters.
_LEVEL_1 = frozenset(
    bytes((row, cell)).decode("gb2312", "ignore")
    for row in range(0xB0, 0xD8)
    for cell in range(0xA1, 0xFF)
)
_TRADITIONAL = frozenset(
    bytes((row, cell)).decode("big5", "ignore")
    for row in range(0xA4, 0xC7)
    for cell in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
)
_PUNCTUATION = frozenset("，。、；：？！“”‘’（）《》〈〉【】…—·　")
# Every fourth character or so of running Chinese is one of these, and few of any other
# language's bytes fall on them: EUC-KR lies wholly within level 1.
_FREQUENT = _PUNCTUATION | frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年"
    "过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心"
    "她本前开但因只从想实日月号省市区县路街村镇公司电话姓名先女男与及并或被将由至第二三四五十"
)
_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])


@dataclass(frozen=True)
class Encoding:
    """How the bytes of one file become text.

    Attributes:
        codec: Python's name, without a byte order mark of its own.
        mark: length in bytes of the byte order mark the file begins with.
    """

    codec: str
    mark: int = 0

    @property
    def newline(self) -> bytes:
        """The line feed in this encoding; its length is the width of a code unit."""
        return "\n".encode(self.codec)

    def decode(self, raw: bytes) -> tuple[str, bool]:
        """The text of ``raw``, and whether all of it was valid (else U+FFFD marks the bad)."""
        try:
            return raw.decode(self.codec), True
        except UnicodeError:
            return raw.decode(self.codec, "replace"), False


def checked_codec(name: str) -> str:
    """Python's own name of the text codec ``name``.

    Raises:
        InputError: Python has no such text codec.
    """
    try:
        codec = codecs.lookup(name).name
        "\n".encode(codec).decode(codec, "replace")
    except (LookupError, UnicodeError, ValueError):
        raise InputError(
            "no such text encoding", where=repr(name), hint="one such as utf-8, gb18030, latin-1"
        ) from None
    return codec


def choose(sample: bytes, *, wanted: str | None, where: str) -> Encoding:
    """The encoding of the file that begins with ``sample``.

    Args:
        sample: up to :data:`SAMPLE_BYTES` decompressed bytes; a cut last character is fine.
        wanted: the operator's choice, which wins.
        where: the file, for the error.

    Raises:
        InputError: the bytes look like no text at all, or ``wanted`` is no text codec.
    """
    if wanted is not None:
        return _as_wanted(sample, checked_codec(wanted))
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return Encoding(codec, len(mark))
    is_utf8 = _decodes(sample, "utf-8")
    if b"\0" in sample or (not is_utf8 and len(sample) >= _TELLING_BYTES):
        for codec in ("utf-16-le", "utf-16-be"):
            if _reads_as_text(sample[:_SCORED_BYTES], codec):
                return Encoding(codec)
    if not is_utf8 and _is_chinese(sample):
        return Encoding("gb18030")
    if _is_binary(sample, is_utf8=is_utf8):
        raise InputError(
            "does not look like text", where=where, hint="if it is text, name its encoding"
        )
    return Encoding("utf-8")


def _as_wanted(sample: bytes, codec: str) -> Encoding:
    meant = _UNMARKED.get(codec, (codec,))
    for mark, marked in _MARKS:
        if marked in meant and sample.startswith(mark):
            return Encoding(marked, len(mark))
    return Encoding(meant[0])


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(sample, final=False)
    except UnicodeError:
        return False
    return True


def _reads_as_text(sample: bytes, codec: str) -> bool:
    """Whether nearly all of it is alphabetic scripts, common Chinese or punctuation."""
    text = sample[: len(sample) // 2 * 2].decode(codec, "replace")
    known = sum(
        character.isprintable() if character < "\u0800" else _is_known_above(character)
        for character in text
    ) + sum(text.count(space) for space in "\t\n\r")
    return len(text) > 0 and known >= 0.9 * len(text)


def _is_known_above(character: str) -> bool:
    return (
        character in _LEVEL_1
        or character in _TRADITIONAL
        or "\u2010" <= character <= "\u2044"
        or "\u3000" <= character <= "\u30ff"
        or "\uff00" <= character <= "\uffef"
    )


def _is_chinese(sample: bytes) -> bool:
    """Whether ``sample`` is strict GB18030 and the Chinese it gives is everyday Chinese."""
    if not _decodes(sample, "gb18030"):
        return False
    text = codecs.getincrementaldecoder("gb18030")().decode(sample, final=False)
    wide = [character for character in text if character > "\x7f"]
    common = sum(character in _LEVEL_1 or character in _PUNCTUATION for character in wide)
    frequent = sum(character in _FREQUENT for character in wide)
    return len(wide) > 1 and common >= 0.75 * len(wide) and frequent >= 0.15 * len(wide)


def _is_binary(sample: bytes, *, is_utf8: bool) -> bool:
    """Whether control characters make up more of it than any text has.

    A zero byte is legal text, so valid UTF-8 must be mostly controls to be refused.
    """
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return b"\0" in sample and controls > (0.75 if is_utf8 else 0.05) * len(sample)
