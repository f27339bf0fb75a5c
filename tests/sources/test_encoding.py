import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError
from redactory.sources import ReadOptions
from redactory.sources.encoding import choose

ENGLISH = "Dear Ms Lee,\r\nyour account 12-34 is closed.\n"
FRENCH = "L'été dernier, Zoé a réglé 30 € à l'hôtel — déjà réservé.\n".replace("€ à", "à")
CHINESE = "尊敬的王女士：\n您的电话是13800138000，我们会在三日内与您联系。\n"
TRADITIONAL = "親愛的陳先生，您的帳戶已於昨日關閉，請與我們聯絡。\n"
RUSSIAN = "Уважаемый Иван Петрович, ваш счёт закрыт.\n"
KOREAN = "안녕하세요 김민수 고객님 계좌가 개설되었습니다 감사합니다 문의는 전화로 주세요\n"
JAPANESE = "山田太郎様、お世話になっております。口座の件でご連絡いたします。\n"


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("text", [ENGLISH, FRENCH, CHINESE, KOREAN, "x"])
def test_a_byte_order_mark_decides(bench, name, text):
    marked = text if name in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff" + text
    outcome = bench.read_bytes("a.txt", marked.encode(name))
    assert outcome.column() == [text]


@pytest.mark.parametrize("name", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ENGLISH, FRENCH, CHINESE, TRADITIONAL, RUSSIAN])
def test_unicode_without_a_mark_is_told_from_its_bytes(bench, name, text):
    assert bench.read_bytes("a.txt", text.encode(name)).column() == [text]


def test_short_latin_text_is_not_taken_for_chinese():
    for word in ("é", "éa", "été", "café", "Zoé Lü", "çà et là", "Ærø", "ÄÖ", "naïveté"):
        assert choose(word.encode("latin-1"), wanted=None, where="f").codec == "utf-8"


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_utf16_without_any_zero_byte_is_told_too(bench, name):
    text = "尊敬的王女士您的电话我们会在三日内与您联系"
    assert bench.read_bytes("a.txt", text.encode(name)).column() == [text]


def test_chinese_in_gb18030_is_found(bench):
    assert bench.read_bytes("a.txt", CHINESE.encode("gb18030")).column() == [CHINESE]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FRENCH, "cp1252"),
        ("Größe: 5 Fuß, Übergröße möglich. ÄÖÜ ÀÉÈ\n", "latin-1"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN.upper(), "cp1251"),
        (RUSSIAN, "koi8-r"),
        (KOREAN, "euc-kr"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "shift-jis"),
        (TRADITIONAL, "big5"),
    ],
)
def test_other_encodings_are_quarantined_not_misread_and_read_when_named(bench, text, name):
    outcome = bench.read_bytes("a.txt", text.encode(name))
    assert outcome.reasons == [(0, "undecodable")]
    assert outcome.unreadable[0].raw == text.encode(name)
    assert bench.read_bytes("a.txt", text.encode(name), encoding=name).column() == [text]


@pytest.mark.parametrize("name", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "gb18030"])
def test_line_formats_split_in_every_encoding(bench, name):
    # U+0A0A, U+220A and U+0D0A hold the bytes of a line feed across and inside code units.
    texts = ["plain", "一二三，。", "ਊ\u220a\u0d0a੊", "𠀀𝔘", "\u0a05一\u0a05", "end"]
    rows = "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts)
    assert bench.read_bytes("a.jsonl", rows.encode(name), encoding=name).column() == texts
    table = "id,text\n" + "".join(f'{n},"{t}"\n' for n, t in enumerate(texts))
    assert bench.read_bytes("a.csv", table.encode(name), encoding=name).column() == texts


def test_a_bad_utf16_unit_harms_its_own_line_only(bench):
    lines = ['{"text": "a"}\n', '{"text": "b"}\n', '{"text": "c"}\n']
    raw = [line.encode("utf-16-le") for line in lines]
    raw[1] = raw[1].replace(b"b\0", b"\0\xd8")
    outcome = bench.read_bytes("a.jsonl", b"".join(raw))
    assert outcome.column() == ["a", "c"]
    assert outcome.reasons == [(1, "undecodable")]


def test_a_character_cut_by_the_end_of_the_sample_is_no_error():
    for name in ("utf-8", "gb18030", "utf-16-le"):
        whole = (CHINESE * 20).encode(name)
        for cut in range(1, 5):
            assert choose(whole[:-cut], wanted=None, where="f").codec == name


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0" + bytes(range(256)) * 4,
        b"\x7fELF\x02\x01\x01" + b"\0" * 900 + bytes(range(256)),
        b"\0" * 4096,
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_a_binary_file_is_refused(bench, name, data):
    with pytest.raises(InputError, match="does not look like text"):
        bench.read_bytes(name, data)


@pytest.mark.parametrize("name", ["no-such", "zlib", "rot13", "idna", "undefined"])
def test_an_unknown_codec_is_refused(name):
    with pytest.raises(InputError, match="no such text encoding"):
        ReadOptions(encoding=name)


@settings(deadline=None)
@given(text=st.text(min_size=1), name=st.sampled_from(["utf-8", "utf-16", "utf-32", "gb18030"]))
def test_any_text_in_a_named_encoding_comes_back(bench, text, name):
    outcome = bench.read_bytes("h.txt", ("\ufeff" + text).encode(name), encoding=name)
    expected = text if name in ("utf-8", "gb18030") else "\ufeff" + text
    assert outcome.column() == [expected]


@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes_get_an_encoding_or_one_clear_refusal(data):
    try:
        chosen = choose(data, wanted=None, where="f")
    except InputError:
        return
    assert codecs.lookup(chosen.codec)
    assert chosen.decode(data)[0] is not None


def test_real_chinese_lines_are_recognised_in_gb18030():
    path = Path(__file__).parents[3] / "shared/data/ner/dev/uner_zh_gsdsimp_dev.jsonl"
    if not path.exists():
        pytest.skip("the shared corpus is not here")
    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    found = [choose(t.encode("gb18030"), wanted=None, where="f").codec for t in texts]
    assert found.count("gb18030") >= 0.97 * len(texts)
