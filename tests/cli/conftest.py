"""The command line in this process, with or without a terminal."""

import contextlib
import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from redactory.cli import main, output


class Finished(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class _Stream(io.TextIOWrapper):
    """Standard input or output that says whether it is a terminal."""

    def __init__(self, content: bytes = b"", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def text(self) -> str:
        return self.buffer.getvalue().decode()


@pytest.fixture
def cli(tmp_path, monkeypatch) -> Callable[..., Finished]:
    """Runs the command line; ``terminal`` is what standard input and output are."""

    def go(
        *arguments: object, stdin: bytes = b"", terminal: bool = False, **environment: str
    ) -> Finished:
        out, err = _Stream(terminal=terminal), _Stream()
        with (
            monkeypatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, "argv", ["redactory", *map(str, arguments)])
            patch.setattr(sys, "stdin", _Stream(stdin, terminal=terminal))
            patch.chdir(tmp_path)
            patch.delenv("NO_COLOR", raising=False)
            for name, value in {"COLUMNS": "200", "TERM": "xterm-256color", **environment}.items():
                patch.setenv(name, value)
            # Rich reads the environment when a console is made, as a fresh process would.
            patch.setattr(output.out, "__dict__", type(output.out)(highlight=False).__dict__)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Finished(code, out.text, err.text)

    return go
