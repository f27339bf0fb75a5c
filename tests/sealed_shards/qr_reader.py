"""Reads a clean QR code of version 7, level M, in alphanumeric mode, from ISO/IEC 18004 alone.

No correction of errors: the pictures that the tests read come straight from the writer.
"""

import struct
import zlib

SIZE, BORDER = 45, 4
BLOCKS, DATA_WORDS = 4, 31
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MASKS = [
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
]


def read_qr(png: bytes) -> str:
    """The text of the code in a picture."""
    dark = _squares(png)
    level_and_mask = [dark[8][column] for column in range(5)]
    number = int("".join("01"[bit] for bit in level_and_mask), 2) ^ 0b10101
    assert number >> 3 == 0, "not level M"
    masked = MASKS[number & 7]
    bits = [dark[i][j] ^ masked(i, j) for i, j in _path() if not _is_function(i, j)]
    words = [_number(bits[k : k + 8]) for k in range(0, BLOCKS * DATA_WORDS * 8, 8)]
    data = [words[k * BLOCKS + block] for block in range(BLOCKS) for k in range(DATA_WORDS)]
    return _text([word >> shift & 1 for word in data for shift in range(7, -1, -1)])


def _squares(png: bytes) -> list[list[bool]]:
    """Dark squares of a two-colour picture, without its quiet zone."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (1, 0)
    scale, rest = divmod(width, SIZE + 2 * BORDER)
    assert (height, rest) == (width, 0), "not version 7"
    rows = _lines(zlib.decompress(chunks[b"IDAT"]), -(-width // 8))
    middles = [(BORDER + k) * scale + scale // 2 for k in range(SIZE)]
    return [[not rows[y][x // 8] >> 7 - x % 8 & 1 for x in middles] for y in middles]


def _lines(raw: bytes, width: int) -> list[bytes]:
    """Scan lines without their filters: none, or the difference to the line above."""
    lines = [bytes(width)]
    for at in range(0, len(raw), width + 1):
        kind, line = raw[at], raw[at + 1 : at + 1 + width]
        assert kind in (0, 2)
        above = lines[-1] if kind == 2 else bytes(width)
        lines.append(bytes((a + b) % 256 for a, b in zip(line, above, strict=True)))
    return lines[1:]


def _is_function(i: int, j: int) -> bool:
    """Whether a square is a finder, a timing line, an alignment, or format or version."""
    corners = (i < 9 and j < 9) or (i < 9 and j > 36) or (i > 36 and j < 9)
    version = (i < 6 and 33 < j < 37) or (j < 6 and 33 < i < 37)
    centres = [(6, 22), (22, 6), (22, 22), (22, 38), (38, 22), (38, 38)]
    alignment = any(abs(i - y) < 3 and abs(j - x) < 3 for y, x in centres)
    return corners or version or alignment or i == 6 or j == 6


def _path():
    """Squares in the order of the bits: two columns at a time from the right, up, then down."""
    upwards = True
    for right in [*range(SIZE - 1, 6, -2), *range(5, 0, -2)]:
        for i in range(SIZE - 1, -1, -1) if upwards else range(SIZE):
            yield from ((i, right), (i, right - 1))
        upwards = not upwards


def _text(bits: list[int]) -> str:
    assert bits[:4] == [0, 0, 1, 0], "not alphanumeric"
    left, at, text = _number(bits[4:13]), 13, ""
    while left:
        pair, size = min(left, 2), 11 if left > 1 else 6
        value = _number(bits[at : at + size])
        text += (LETTERS[value // 45] + LETTERS[value % 45]) if pair == 2 else LETTERS[value]
        left, at = left - pair, at + size
    return text


def _number(bits) -> int:
    return int("".join("01"[bool(bit)] for bit in bits), 2)
