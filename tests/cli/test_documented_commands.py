"""Every `redactory …` command that the documents name exists, with the options they give it."""

import functools
import re
import shlex

import pytest
import typer

from redactory.cli.app import app

_INLINE = re.compile(r"`(redactory [^`]+)`")
_SHELL = re.compile(r"\s[|>#&;(·]|…|\[|\\$")  # where the command ends


@functools.cache
def root():
    """The program; made once, since it has many commands."""
    return typer.main.get_command(app)


def commands(text):
    """The command lines in code, without what the shell does with them."""
    for line in text.splitlines():
        stripped = line.strip().removeprefix("$ ")
        found = [stripped] if stripped.startswith("redactory ") else _INLINE.findall(line)
        yield from (_SHELL.split(each)[0] for each in found)


def documents(repository):
    files = [repository / "README.md", repository / "CONTRIBUTING.md"]
    files += sorted((repository / "docs").rglob("*.md"))
    return {str(file.relative_to(repository)): file.read_text(encoding="utf-8") for file in files}


def unknown(line):
    """What of a command line does not exist; None if all does."""
    try:
        words = shlex.split(line)[1:]
    except ValueError:
        return None  # half a command: the shell's quotes go on in the next line
    command = root()
    while words and hasattr(command, "commands") and re.fullmatch(r"[a-z-]+", words[0]):
        name = words.pop(0)
        if name.startswith("-"):
            break
        if name not in command.commands:
            return f"{command.name} {name}"
        command = command.commands[name]
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    options |= {"--help", "-h", "--version"}
    given = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    return next((f"{command.name} {option}" for option in given if option not in options), None)


def test_documented_commands_exist(repository):
    wrong = [
        f"{name}: {line}: no {problem}"
        for name, text in documents(repository).items()
        for line in commands(text)
        if (problem := unknown(line))
    ]
    assert not wrong, "\n".join(wrong)


def test_operations_names_many(repository):
    lines = list(commands(documents(repository)["docs/operations.md"]))
    assert len(lines) > 25


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("redactory keys list", None),
        ("redactory keys lists", "keys lists"),
        ("redactory dataset verify x --deep", "verify --deep"),
        ("redactory run notes/ -p gdpr", None),
    ],
)
def test_the_check_itself(line, problem):
    assert (unknown(line) or "").endswith(problem or "")
    assert bool(unknown(line)) == bool(problem)
