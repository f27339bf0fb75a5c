"""``redactory review``: decide on what was withheld, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import options
from redactory.cli.output import notice, out, print_json

if TYPE_CHECKING:
    from redactory.reviewing import Decisions, Question

EXAMPLES = """
**Example**

`redactory review notes.dataset`

For each uncertain finding: `y` it is personal data, `n` it is not, `a` add another form of this
record, `s` skip, `q` stop. Decisions are remembered for the dataset and on record; the next
`redactory run` makes again the shards in which they occur.
"""
_ANSWERS = "y/n/a/s/q"


def review_command(
    path: Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    policy: options.Policy = "gdpr",
    scope: Annotated[str, typer.Option(help="The dataset's pseudonym scope.")] = "default",
    ner: options.Ner = "embedded",
    key: Annotated[
        str | None,
        typer.Option(help="Private key (PEM or name) of the quarantine; default: your own."),
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Show uncertain findings of quarantined records in context, and remember what you decide.

    The terminal shows raw text. Opening the quarantine is on record, and so are the decisions:
    how many, who and when, never a form.
    """
    from redactory.extras import require  # noqa: PLC0415
    from redactory.reviewing import (  # noqa: PLC0415
        Decisions,
        keep,
        open_quarantine,
        overlay_of,
        questions,
    )

    require("detect")
    from pii_rules import Detector, load_policy  # noqa: PLC0415 - loads spaCy and Presidio

    chosen = load_policy(policy)
    trust = options.trust(ledger, log_key, trust_new_log)
    opened = open_quarantine(path, trust, key)
    known = overlay_of(trust.keys(), scope, opened.dataset.info.id)
    detector = Detector(chosen.languages, chosen.keen(), ner=ner)
    decisions = Decisions()
    for question in questions(opened, detector, known):
        if not _ask(question, decisions):
            break
    if decisions:
        keep(path, trust, scope, decisions)
    told = {"personal": len(decisions.deny), "not_personal": len(decisions.allow)}
    if as_json:
        print_json(told)
    elif decisions:
        notice(f"{len(decisions):,} decisions kept; repeat the run to apply them")
    else:
        notice("nothing was decided")


def _ask(question: Question, decisions: Decisions) -> bool:
    """Ask until there is an answer; False to stop."""
    from redactory.explaining import printable  # noqa: PLC0415

    shown = (printable(part) for part in (question.before, question.form, question.after))
    before, form, after = shown
    out.print(f"\n{question.entity_type} {question.score:.2f}", style="bold", markup=False)
    out.print(f"…{before}⟦{form}⟧{after}…", markup=False, soft_wrap=True)
    while True:
        try:
            answer = input(f"personal data? [{_ANSWERS}] ").strip().casefold()
        except EOFError:
            return False
        match answer:
            case "y":
                decisions.deny[question.form] = question.entity_type
            case "n":
                decisions.allow.add(question.form)
            case "a":
                _add(question, decisions)
                continue
            case "q":
                return False
            case "s":
                pass
            case _:
                notice(f"answer one of {_ANSWERS}")
                continue
        return True


def _add(question: Question, decisions: Decisions) -> None:
    """Take another form of the same context, by hand."""
    form = input("form, exactly as it stands: ").strip()
    if len(form) < 2 or form not in question.before + question.form + question.after:
        notice("that form does not stand in what is shown")
        return
    kind = input(f"type [{question.entity_type}]: ").strip().upper() or question.entity_type
    decisions.deny[form] = kind
