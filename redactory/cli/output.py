"""What commands print: notices and progress on standard error, results on standard output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

_PLAIN_SECONDS = 5.0
MEGABYTE = 1_000_000

errors = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def notice(line: str) -> None:
    """One line for the person at the terminal; never part of the result."""
    errors.print(line, style="dim", markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """One warning line."""
    errors.print(f"warning: {line}", style="yellow", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """A result for programs: one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def facts_table(rows: Mapping[str, object]) -> Table:
    """Two columns: what, and how much."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(str(value)))  # brackets in a name are no markup
    return table


class Meter:
    """Counts records and bytes; shows a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._task = progress.add_task("reading", total=None, rate="") if progress else None
        self._began = self._told = time.monotonic()
        self.records = self.size = 0
        self._begun_records = self._begun_size = 0

    def expect(self, size: int, exact: bool) -> None:  # noqa: FBT001 - a callback's form
        """Size of the input in bytes; not ``exact`` where it is compressed."""
        if self._progress is not None and self._task is not None and exact:
            self._progress.update(self._task, total=size)

    def add(self, records: int, size: int) -> None:
        """Take in finished work; what was told of it before counts no more."""
        self._begun_records = self._begun_size = 0
        self.records += records
        self.size += size
        self._show()

    def tick(self, records: int, size: int) -> None:
        """Take note of work that is going on."""
        self._begun_records += records
        self._begun_size += size
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        records, size = self.records + self._begun_records, self.size + self._begun_size
        seconds = max(now - self._began, 1e-6)
        rate = f"{records / seconds:,.0f} records/s, {size / MEGABYTE / seconds:.2f} MB/s"
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=size, rate=rate)
        elif now - self._told >= _PLAIN_SECONDS:
            self._told = now
            notice(f"{records:,} records, {size / MEGABYTE:,.1f} MB, {rate}")


@contextmanager
def meter(*, quiet: bool = False) -> Iterator[Meter]:
    """A meter while work is going on."""
    if quiet or not sys.stderr.isatty():
        yield Meter(None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as progress:
        yield Meter(progress)
