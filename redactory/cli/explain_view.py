"""How ``redactory explain`` looks in a terminal: the marked text, a legend, a table.

Every finding is marked by its number, and by brackets where there is no colour (NO_COLOR,
a pipe, a file), so that nothing depends on seeing colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from pii_rules.families import FAMILIES
from redactory.cli.output import out
from redactory.explaining import ExplainedRecord, Finding

# Light fills under black; named colours where the terminal has no more than sixteen.
_STYLES: Final = {
    "name": ("black on #ffafd7", "black on bright_magenta"),
    "contact": ("black on #87d7ff", "black on bright_cyan"),
    "place": ("black on #afe3a0", "black on bright_green"),
    "date": ("black on #ffe48f", "black on bright_yellow"),
    "identity": ("black on #cdb8ff", "white on magenta"),
    "money": ("black on #ffb98a", "black on yellow"),
    "health": ("black on #8fe0d8", "black on cyan"),
    "device": ("black on #c6ccd3", "black on white"),
    "secret": ("black on #ff5f5f", "white on red"),
    "other": ("black on #e4e4e4", "black on bright_white"),
}
_ROOM_FOR_A_TABLE: Final = 120
_SUPERSCRIPT: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(records: Sequence[ExplainedRecord], *, with_dismissed: bool) -> None:
    """Print every record, then the legend of the colours that were used."""
    coloured = out.is_terminal and not out.no_color
    for place, record in enumerate(records):
        if place:
            out.print()
        if record.record_id is not None and len(records) > 1:
            out.print(Text(f"record {record.record_id}", style="bold"), soft_wrap=True)
        if record.refusal:
            out.print(Text(f"not searched: {record.refusal}", style="red"), soft_wrap=True)
            continue
        for column in record.texts:
            if len(record.texts) > 1:
                out.print(Text(f"{column}:", style="dim"))
            out.print(_marked(record, column, coloured=coloured), soft_wrap=True)
        _show_findings(record, with_dismissed=with_dismissed)
    used = {finding.family for record in records for finding in record.findings()}
    if coloured and used:
        out.print()
        out.print(_legend(used))


def _marked(record: ExplainedRecord, column: str, *, coloured: bool) -> Text:
    text = Text()
    for shown, finding in record.pieces(column):
        if finding is None:
            text.append(shown)
            continue
        number = str(finding.number).translate(_SUPERSCRIPT)
        if coloured:
            text.append(shown, style=_style(finding.family))
            text.append(number, style="bold")
        else:
            text.append(f"[{shown}]{number}")
    text.rstrip()
    return text


def _show_findings(record: ExplainedRecord, *, with_dismissed: bool) -> None:
    findings = record.findings()
    if findings:
        out.print()
        _list(findings, several_columns=len(record.texts) > 1)
    else:
        out.print(Text("nothing was found", style="dim"))
    dismissed = record.dismissed() if with_dismissed else []
    if dismissed:
        out.print()
        out.print(Text("found and not reported", style="bold"))
        _list(dismissed, several_columns=len(record.texts) > 1)


def _list(findings: Sequence[Finding], *, several_columns: bool) -> None:
    """A table where there is room for one, else two lines for each finding."""
    if out.width >= _ROOM_FOR_A_TABLE:
        out.print(_table(findings, several_columns=several_columns))
        return
    for finding in findings:
        head = Text(f"{finding.number or '':>3} ")
        head.append(finding.entity_type, style=_style(finding.family))
        head.append(f"  {_one_line(finding)}")
        told = (_place(finding, several_columns=several_columns), finding.score, finding.found_by)
        rest = " · ".join(filter(None, (*told, finding.reasons, finding.operator)))
        out.print(head, soft_wrap=True)
        out.print(Text(f"    {rest}"), soft_wrap=True)


def _table(findings: Sequence[Finding], *, several_columns: bool) -> Table:
    with_policy = any(finding.operator is not None for finding in findings)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("type", overflow="fold")
    table.add_column("text", overflow="fold", max_width=36)
    table.add_column("place", justify="right", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("found by", overflow="fold")
    table.add_column("why", overflow="fold")
    if with_policy:
        table.add_column("policy", overflow="fold")
    for finding in findings:
        cells = [
            "" if finding.number is None else str(finding.number),
            finding.entity_type,
            _one_line(finding),
            _place(finding, several_columns=several_columns),
            finding.score,
            finding.found_by,
            finding.reasons,
        ]
        if with_policy:
            cells.append(finding.operator or "")
        row = [Text(cell) for cell in cells]  # Text: brackets in a value are no markup
        row[1].stylize(_style(finding.family))
        table.add_row(*row)
    return table


def _style(name: str) -> str:
    many, few = _STYLES[name]
    return few if out.color_system in ("standard", "windows") else many


def _one_line(finding: Finding) -> str:
    return " ".join(finding.shown.split())


def _place(finding: Finding, *, several_columns: bool) -> str:
    place = f"{finding.start}–{finding.end}"
    return f"{finding.column} {place}" if several_columns else place


def _legend(used: set[str]) -> Text:
    text = Text("colours ")
    for name in (*FAMILIES, "other"):
        if name in used:
            text.append(f" {name} ", style=_style(name))
            text.append(" ")
    return text
