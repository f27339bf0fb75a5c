"""``redactory explain``: for one text or a few records, every finding and its reasons."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import options
from redactory.cli.output import notice, print_json

if TYPE_CHECKING:
    from pii_rules.spans import Refused
    from redactory.explaining import ExplainedRecord

EXAMPLES = """
**Examples**

`redactory explain 'Call me on +44 20 7946 0958, Jane'`

`redactory explain < letter.txt` · `redactory explain --file letter.txt --html letter.html`

`redactory explain --file notes.jsonl --column body --record n-17 --policy gdpr --all`
"""

# One record to search: its id, its text by column, its language tag, why it cannot be read.
_Record = tuple[str | None, dict[str, str], str | None, "Refused | None"]


def explain_command(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The text; default: standard input.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", help="Explain the records of this file.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="Text column of the file; repeatable. [default: text]"),
    ] = None,
    record: Annotated[str | None, typer.Option(help="Only the record with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Records of the file at most.")] = 10,
    lang: Annotated[
        str | None, typer.Option(help="Language tag; default: the record's, else by its script.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option("--policy", "-p", help="Thresholds and operators of this policy."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was found and is not reported, and why.")
    ] = False,
    ner: options.Ner = "embedded",
    input_format: options.InputFormat = None,
    html: Annotated[
        str | None, typer.Option("--html", help="Write a page to this file instead.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what is found in a text: type, score, rule or model, context words, check.

    **Shows the text itself**, with its personal data, on the terminal or in the page you ask
    for; nothing of it goes to a log or the ledger. A text given as an argument stays in your
    shell's history: for real data use standard input or `--file`.
    """
    from pii_rules import Detector, Refused, load_policy  # noqa: PLC0415
    from pii_rules.explain import explain  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.explaining import ExplainedRecord  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415

    require("detect")
    if text is not None and file is not None:
        raise InputError("give a text or --file, not both")
    chosen = load_policy(policy) if policy else None
    if file is None:
        subjects: list[_Record] = [(None, {"text": _given(text)}, None, None)]
    else:
        subjects = _chosen(_records(file, column, input_format), record, limit)
    detector = Detector(policy=chosen, ner=ner)
    shown = [
        ExplainedRecord(name, texts, unread or explain(detector, texts, lang or tag), chosen)
        for name, texts, tag, unread in subjects
    ]
    _put_out(shown, detector.describe(), html=html, as_json=as_json, everything=everything)
    refused = sum(isinstance(one.outcome, Refused) for one in shown)
    if refused:
        raise InputError(f"{refused} of {len(shown)} records could not be searched")


def _given(text: str | None) -> str:
    """The argument, or what standard input holds."""
    from redactory.errors import InputError  # noqa: PLC0415

    if text is None and sys.stdin.isatty():
        raise InputError("no text", hint="give one, or --file, or pipe it in")
    try:
        if text is None:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        text.encode()  # half a character of a damaged argument cannot be shown
    except UnicodeError:
        raise InputError("the text is not UTF-8", hint="--file detects other encodings") from None
    return text


def _records(file: str, columns: list[str] | None, input_format: str | None) -> Iterator[_Record]:
    from pii_rules import Refused  # noqa: PLC0415
    from redactory.cli.ordered import batches, in_record_order  # noqa: PLC0415
    from redactory.sources import ReadOptions, list_sources  # noqa: PLC0415

    reading = ReadOptions(text_columns=tuple(columns or ["text"]), batch_rows=64)
    for batch in batches(list_sources([file], format=input_format), reading):
        found: list[tuple[int, _Record]] = [
            (bad.record_no, (bad.record_id, {}, None, Refused(str(bad.reason))))
            for bad in batch.unreadable
        ]
        for row in batch.records.to_pylist():
            texts = {name: row[name] for name in reading.text_columns}
            found.append((row["record_no"], (row["record_id"], texts, row["lang"], None)))
        yield from in_record_order(found)


def _chosen(records: Iterator[_Record], wanted: str | None, limit: int) -> list[_Record]:
    """The record asked for, or the first ones."""
    from redactory.errors import InputError  # noqa: PLC0415

    if wanted is not None:
        records = (one for one in records if one[0] == wanted)
    first = list(islice(records, limit))
    if wanted is not None and not first:
        raise InputError("no record has the id asked for", hint="ids are those of the id column")
    if next(records, None) is not None:
        notice(f"the first {limit:,} records; --limit shows more, --record ID one of them")
    return first


def _put_out(
    shown: list[ExplainedRecord],
    detector: dict[str, str],
    *,
    html: str | None,
    as_json: bool,
    everything: bool,
) -> None:
    if html is not None:
        from redactory.cli.ordered import replacing  # noqa: PLC0415
        from redactory.explain_page import render_page  # noqa: PLC0415

        with replacing(html) as page:
            page.write(render_page(shown, detector, with_dismissed=everything))
        notice(f"{len(shown):,} records → {html} (it shows their text)")
    if as_json:
        told = [record.as_json(with_dismissed=everything) for record in shown]
        print_json({"records": told, "detector": detector})
    elif html is None:
        from redactory.cli.explain_view import show  # noqa: PLC0415

        show(shown, with_dismissed=everything)
