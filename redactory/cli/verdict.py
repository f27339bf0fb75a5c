"""Running a verification and saying how it came out, for both ``verify`` commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from redactory.cli.output import errors, facts_table, out, print_json

if TYPE_CHECKING:
    from redactory.reading import Trust
    from redactory.trust import Expectations
    from redactory.verdict import Verdict

_PROBLEMS_SHOWN = 20


def verify(
    path: str,
    trust: Trust,
    *,
    key_file: str | None = None,
    own_key: bool = False,
    expected: Expectations | None = None,
    quiet: bool = False,
) -> Verdict:
    """Verify the dataset or log at ``path``."""
    from redactory.reading import own_identity  # noqa: PLC0415
    from redactory.verification import verify_dataset  # noqa: PLC0415
    from sealed_shards.layout import DATA  # noqa: PLC0415

    keys = trust.keys()
    identity = own_identity(keys, DATA, key_file) if key_file or own_key else None
    status = errors.status("verifying…")

    def told(done: int, total: int) -> None:
        status.update(f"verifying… {done:,} of {total:,} shards")

    if not quiet and errors.is_terminal:
        status.start()
    try:
        return verify_dataset(
            path,
            keys,
            ledger=trust.ledger,
            log_key=trust.verifier(),
            trust_new=trust.trust_new,
            identity=identity,
            expected=expected,
            progress=told,
        )
    finally:
        status.stop()


def show_verdict(verdict: Verdict, *, as_json: bool) -> None:
    """Print the verdict and exit with its code."""
    if as_json:
        problems = [{"file": file, "what": what} for file, what in verdict.problems]
        print_json(
            {
                "state": verdict.state,
                "sentence": verdict.sentence,
                "problems": problems,
                **verdict.facts,
            }
        )
        raise typer.Exit(verdict.exit_code)
    facts = verdict.facts
    if verdict.state == "intact":
        out.print("[bold green]✔ intact[/]: every byte is as it was recorded, by a log you trust")
    elif verdict.state == "unproven":
        out.print("[bold yellow]? internally consistent, origin unproven[/]")
        out.print(
            f"  No key that you trust vouches for this log. Its key's fingerprint is\n"
            f"  {facts['log_key_fingerprint']}\n"
            "  Compare it with what the log's owner tells you, then give the key with --log-key,\n"
            "  or use --trust-new-log.",
            soft_wrap=True,
        )
    else:
        out.print("[bold red]✘ broken[/]: this is not what was recorded")
        out.print(verdict.sentence, style="bold red", markup=False, soft_wrap=True)
        for file, what in verdict.problems[1:_PROBLEMS_SHOWN]:
            out.print(f"  {file}: {what}", style="red", markup=False, soft_wrap=True)
        more = len(verdict.problems) - _PROBLEMS_SHOWN
        if more > 0:
            out.print(f"  and {more} more")
    rows: dict[str, object] = {
        "log": f"{facts['log']} ({facts['checkpoint_size']} statements)",
        "root": facts["checkpoint_root"],
    }
    if facts.get("witnesses"):
        rows["witnessed by"] = ", ".join(facts["witnesses"])
    if "version" in facts:
        rows["dataset"] = f"{facts['dataset']} (version {facts['version']})"
        rows["checked"] = (
            f"{facts['shards']} shards, {facts['quarantine_shards']} quarantine shards, "
            f"{facts['source_lists']} source lists, {facts['manifests']} manifests"
            + (f"; {facts['shredded_shards']} shredded" if facts["shredded_shards"] else "")
            + ("; opened with your key" if facts["opened"] else "")
        )
    if facts.get("unfinished_runs"):
        rows["note"] = (
            f"{facts['unfinished_runs']} run(s) under way or interrupted; files that are not on "
            "record yet were not judged"
        )
    out.print(facts_table(rows))
    raise typer.Exit(verdict.exit_code)
