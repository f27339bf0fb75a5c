"""``redactory explain``: what it reads, what it shows, and what it never does."""

import json
import logging
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pii_rules import Limits

TEXT = "Phone me: 4155550132, or bob@example.com"


@pytest.fixture
def notes(tmp_path):
    lines = [
        {"id": "n-1", "text": TEXT, "body": "see 10.0.0.7", "lang": "en"},
        {"id": "n-2", "text": "电话13800138000", "body": "", "lang": "zh"},
        {"id": "n-3", "text": "nothing here", "body": "x"},
    ]
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def told(finished):
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)["records"]


def test_a_text_as_argument(cli):
    [record] = told(cli("explain", TEXT, "--json"))
    phone, mail = record["spans"]
    assert record["id"] is None
    assert (phone["text"], phone["context"], phone["first_score"]) == ("4155550132", ["phone"], 0.1)
    assert phone["score"] == 0.45
    assert (mail["entity_type"], mail["recognizer"], mail["validated"]) == (
        *("EMAIL_ADDRESS", "Email"),
        True,
    )
    assert "dismissed" not in record


def test_standard_input_and_a_file_give_the_same(cli, tmp_path):
    (tmp_path / "letter.txt").write_text(TEXT, "utf-8")
    piped = told(cli("explain", "--json", stdin=TEXT.encode()))
    filed = told(cli("explain", "--json", "--file", "letter.txt"))
    assert (
        piped[0]["spans"] == filed[0]["spans"] == told(cli("explain", TEXT, "--json"))[0]["spans"]
    )


def test_records_columns_and_one_record(cli, notes):
    assert [r["id"] for r in told(cli("explain", "-f", notes, "--json"))] == ["n-1", "n-2", "n-3"]
    some = cli("explain", "-f", notes, "--json", "--limit", "2")
    assert len(told(some)) == 2
    assert "first 2 records" in some.stderr
    columns = ("--column", "text", "--column", "body")
    [one] = told(cli("explain", "-f", notes, *columns, "--record", "n-1", "--json"))
    assert [span.get("column", "text") for span in one["spans"]] == ["body", "text", "text"]
    shown = cli("explain", "-f", notes, *columns, "--record", "n-1").stdout
    assert "body:\nsee [10.0.0.7]¹" in shown


def test_the_language_may_be_given(cli):
    [record] = told(cli("explain", "我的手机号4155550132", "--lang", "zh-Hans", "--json"))
    assert [span["context"] for span in record["spans"]] == [["手机"]]


def test_a_policy_shows_its_operators_and_thresholds(cli, tmp_path):
    [record] = told(cli("explain", TEXT, "--policy", "gdpr", "--json"))
    assert {span["operator"] for span in record["spans"]} == {"token"}
    (tmp_path / "strict.toml").write_text(
        'name = "strict"\nversion = "1.0.0"\n[default]\nthreshold = 0.9\n', "utf-8"
    )
    [record] = told(cli("explain", TEXT, "--policy", "strict.toml", "--all", "--json"))
    assert [span["entity_type"] for span in record["spans"]] == ["EMAIL_ADDRESS"]
    assert "PHONE_NUMBER" in {span["entity_type"] for span in record["dismissed"]}
    assert "below the threshold" in cli("explain", TEXT, "-p", "strict.toml", "--all").stdout


def test_without_a_terminal_brackets_and_no_escapes(cli):
    shown = cli("explain", TEXT).stdout
    assert shown.startswith("Phone me: [4155550132]¹, or [bob@example.com]²\n")
    assert "0.10 → 0.45" in shown
    assert "context: phone" in shown
    assert "check passed" in shown
    assert "\x1b" not in shown


def test_on_a_terminal_colours_and_a_legend(cli):
    shown = cli("explain", TEXT, terminal=True).stdout
    assert "\x1b[" in shown
    assert "colours" in shown
    assert "contact" in shown
    assert "[4155550132]" not in shown


def test_no_color_is_respected(cli):
    shown = cli("explain", TEXT, terminal=True, NO_COLOR="1").stdout
    assert "[4155550132]¹" in shown
    assert not re.search("\x1b\\[[0-9;]*(?:3|4|9|10)[0-7;]", shown)


def test_narrow_terminals_get_two_lines_a_finding(cli):
    shown = cli("explain", TEXT, COLUMNS="60").stdout
    assert "1 PHONE_NUMBER  4155550132\n    10–20 · 0.10 → 0.45 · Phone · context: phone\n" in shown


def test_text_cannot_act_on_the_terminal(cli):
    attack = "a\x1b[2J\x1b]0;owned\x07\r\x9b31m\u202e [bold]bob@example.com[/bold]"
    for terminal in (False, True):
        shown = cli("explain", attack, "--all", terminal=terminal).stdout
        assert "[2J" in shown
        assert "\x1b[2J" not in shown
        assert not set("\x07\r\x9b\u202e") & set(shown)
        assert "[bold]" in shown


class _Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.marks, self.ids, self.targets = set(), [], set(), set()
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        given = dict(attrs)
        self.ids |= {given["id"]} if "id" in given else set()
        self.targets |= {given["href"][1:]} if tag == "a" else set()
        assert not any(name.startswith("on") or name == "src" for name in given)
        self._inside = tag == "mark" or (self._inside and tag in ("sup", "a"))
        if tag == "mark":
            self.marks.append("")

    def handle_data(self, data):
        if self._inside and self.get_starttag_text().startswith("<mark"):
            self.marks[-1] += data

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "mark"


def test_the_page_is_self_contained_and_escaped(cli, tmp_path):
    attack = f"<script>alert(1)</script> <img src=x onerror=y> \"'& {TEXT} \x1b\u202e"
    done = cli("explain", "--html", "page.html", "--all", "-p", "gdpr", stdin=attack.encode())
    assert done.returncode == 0
    assert done.stdout == ""
    written = (tmp_path / "page.html").read_text("utf-8")
    page = _Page(written)
    assert "default-src 'none'" in written
    assert not page.tags & {"script", "img", "link", "iframe", "form", "object"}
    assert "http://" not in written
    assert "https://" not in written
    assert page.marks == ["4155550132", "bob@example.com"]
    assert page.targets == {"f1-1", "f1-2"} <= page.ids
    assert not set("\x1b\u202e") & set(written)


def test_the_page_and_json_together(cli, notes, tmp_path):
    done = cli("explain", "-f", notes, "--html", "page.html", "--json")
    assert len(told(done)) == 3
    assert "Record <bdi>n-2</bdi>" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("canary text", "--file", "x.txt"), 2, "not both"),
        (("--file", "missing.txt"), 2, "missing.txt"),
        (("--file", "notes.jsonl", "--record", "n-9"), 2, "no record has the id"),
        (("--file", "notes.jsonl", "--column", "nowhere"), 2, "nowhere"),
        (("canary text", "--policy", "nowhere"), 4, "no such policy"),
        (("canary text", "--html", "no/such/folder/page.html"), 2, "cannot be written"),
        (("canary \udc80",), 2, "not UTF-8"),
    ],
)
def test_errors_are_one_line_without_the_text(cli, notes, arguments, code, words):
    done = cli("explain", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "canary" not in done.stderr


def test_bad_standard_input(cli):
    assert cli("explain", stdin=b"caf\xe9 canary").returncode == 2
    nothing = cli("explain", terminal=True)
    assert nothing.returncode == 2
    assert "no text" in nothing.stderr


def test_records_that_cannot_be_searched_are_shown_and_counted(cli, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": 3}\n{"text": "bob@example.com"}\n', "utf-8")
    done = cli("explain", "-f", "bad.jsonl", "--json")
    assert done.returncode == 2
    assert [r.get("error") for r in json.loads(done.stdout)["records"]] == ["not_text", None]
    assert "1 of 2 records" in done.stderr
    assert "not searched: not_text" in cli("explain", "-f", "bad.jsonl").stdout
    long = cli("explain", stdin=b"x" * (Limits().characters + 1))
    assert long.returncode == 2
    assert long.stdout.startswith("not searched: detector_limit")
    assert len(long.stdout) < 200


def test_nothing_is_logged_and_nothing_is_kept(cli, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    home = tmp_path / "home"
    done = cli("explain", "canary bob@example.com", "--json", REDACTORY_HOME=str(home))
    assert done.returncode == 0
    assert "canary" not in caplog.text
    assert done.stderr == ""
    assert not home.exists()


def test_help_says_that_the_text_is_shown_and_loads_nothing(cli):
    shown = cli("explain", "--help").stdout
    assert "Shows the text itself" in shown
    program = (
        "import sys; from redactory.cli import main\n"
        "sys.argv = ['redactory', 'explain', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({'spacy', 'presidio_analyzer'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert "HEAVY []" in done.stdout
