"""Make ``no_pii_en.txt.xz`` and ``no_pii_zh.txt.xz`` from unpacked documentation packages.

    python tests/data/make_no_pii_sample.py FOLDER

FOLDER holds the packages of ``README.md``, each unpacked below its own name. The result
depends on the packages alone: files are taken in the order of their names, every line once,
until a source has given its share.
"""

from __future__ import annotations

import lzma
import re
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"<(p|h[1-6]|li|td|dd|pre)\b[^>]*>(.*?)</\1>", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]+")
_HAN = re.compile("[\u4e00-\u9fff]")
# Whoever wrote to the documentation did not ask to be in a test: no line with a mailbox.
_CONTACT = re.compile(r"[\w.+-]@[\w-]+\.|\bat\b[^.]{0,20}\bdot\b|©|[Cc]opyright")


class Source(NamedTuple):
    """Some files of one package, how to read them, and how many bytes to take."""

    package: str
    files: str
    lines: Callable[[str], Iterator[str]]
    wanted: Callable[[str], bool]
    share: int


def _html_lines(page: str) -> Iterator[str]:
    """The text of paragraphs, headings, items and cells, one a line."""
    for block in _BLOCK.finditer(page):
        yield _SPACE.sub(" ", unescape(_TAG.sub("", block[2]))).strip()


def _text_lines(page: str) -> Iterator[str]:
    for line in page.splitlines():
        yield line.strip()


def _is_english(line: str) -> bool:
    return len(line) >= 25 and line.isascii() and len(set(line)) > 8


def _is_chinese(line: str) -> bool:
    return len(_HAN.findall(line)) >= 6


SAMPLES = {
    "no_pii_en.txt.xz": (
        Source("python3.11-doc", "**/_sources/**/*.rst.txt", _text_lines, _is_english, 600_000),
        Source("sqlite3-doc", "usr/share/doc/sqlite3/**/*.html", _html_lines, _is_english, 250_000),
        Source("postgresql-doc-15", "**/html/*.html", _html_lines, _is_english, 250_000),
    ),
    "no_pii_zh.txt.xz": (
        Source("libreoffice-help-zh-cn", "**/*.html", _html_lines, _is_chinese, 700_000),
        Source("linux-command", "package/command/*.md", _text_lines, _is_chinese, 400_000),
    ),
}


def sample(source: Source, folder: Path) -> Iterator[str]:
    """Lines of one source, each once, spread over all its files."""
    pages = sorted((folder / source.package).glob(source.files))
    texts = [
        [line for line in source.lines(page.read_text("utf-8", "replace")) if source.wanted(line)]
        for page in pages
        if page.is_file()
    ]
    total = sum(len(line.encode()) + 1 for text in texts for line in text)
    seen: set[str] = set()
    taken = 0
    for text in texts:
        # A run of whole lines from each file keeps sentences together.
        keep = max(len(text) * source.share * 5 // (4 * max(total, 1)), 1)
        for line in text[:keep]:
            if taken < source.share and line not in seen and not _CONTACT.search(line):
                seen.add(line)
                taken += len(line.encode()) + 1
                yield line


def main() -> None:
    """Write both samples beside this file."""
    folder = Path(sys.argv[1])
    for name, sources in SAMPLES.items():
        lines = [line for source in sources for line in sample(source, folder)]
        text = "\n".join(lines) + "\n"
        (HERE / name).write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
