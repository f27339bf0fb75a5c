"""``redactory policy``: show, check and compare policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from redactory.cli import options
from redactory.cli.output import facts_table, notice, out, print_json

if TYPE_CHECKING:
    from pii_rules.policy import Policy

app = typer.Typer(
    help="Show, check and compare policies.", no_args_is_help=True, rich_markup_mode="markdown"
)
Name = Annotated[str, typer.Argument(metavar="POLICY", help="A built-in policy or a TOML file.")]


@app.command(epilog="**Examples:** `redactory policy show` · `redactory policy show pipl`")
def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[POLICY]", help="A built-in policy or a TOML file; default: all."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """What a policy does to each type; without a name, which policies there are."""
    from pii_rules.policy import built_in_policies, load_policy  # noqa: PLC0415

    if name is not None:
        _show(load_policy(name), as_json=as_json)
        return
    policies = [load_policy(each) for each in built_in_policies()]
    if as_json:
        print_json([_facts(policy) for policy in policies])
        return
    table = Table("policy", "version", "what it does", box=None)
    for policy in policies:
        table.add_row(policy.name, policy.version, policy.description)
    out.print(table)


@app.command(epilog="**Example:** `redactory policy check ours.toml`")
def check(name: Name, as_json: options.Json = False) -> None:
    """Say whether a policy is valid; if not, name the key and what is allowed there."""
    from pii_rules.policy import load_policy  # noqa: PLC0415
    from redactory.policies import remarks  # noqa: PLC0415

    policy = load_policy(name)
    if as_json:
        print_json({**_facts(policy), "valid": True, "remarks": remarks(policy)})
        return
    out.print(f"[bold green]✔[/] {policy.name} {policy.version} is valid, {policy.digest[:16]}…")
    for remark in remarks(policy):
        notice(remark)


@app.command(epilog="**Example:** `redactory policy diff gdpr ours.toml`")
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A built-in policy or a TOML file.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is compared with.")],
    as_json: options.Json = False,
) -> None:
    """What changes from one policy to another, key by key."""
    from pii_rules.policy import load_policy  # noqa: PLC0415
    from redactory.policies import differences  # noqa: PLC0415

    found = differences(load_policy(old), load_policy(new))
    if as_json:
        print_json([vars(difference) for difference in found])
        return
    if not found:
        notice("no difference")
        return
    table = Table("key", old, new, box=None)
    for difference in found:
        told = [("–" if v is None else v) for v in (difference.old, difference.new)]
        table.add_row(difference.key, *told)
    out.print(table)


def _facts(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "version": policy.version,
        "description": policy.description,
        "digest": policy.digest,
    }


def _show(policy: Policy, *, as_json: bool) -> None:
    from redactory.policies import parameters, remarks  # noqa: PLC0415

    if as_json:
        print_json({**policy.content(), "digest": policy.digest})
        return
    limits = policy.residual_limits
    out.print(f"[bold]{policy.name}[/] {policy.version}: {policy.description}")
    out.print(
        facts_table(
            {
                "digest": policy.digest,
                "languages": ", ".join(policy.languages),
                "safe columns": ", ".join(policy.safe_columns) or "none",
                "quarantine": f"at most {policy.max_quarantine_share:.1%} of the records",
                "residual": f"at most {limits.default:.0%} of a labelled type",
                "quasi-identifiers": ", ".join(policy.quasi_identifiers.columns) or "none declared",
            }
        )
    )
    table = Table("type", "operator", "parameters", "threshold", "residual", box=None)
    rules = [("every other type", policy.default), *sorted(policy.entities.items())]
    for name, rule in rules:
        limit = limits.entities.get(name)
        shown = "" if limit is None else f"{limit:.0%}"
        table.add_row(name, rule.operator, parameters(rule), f"{rule.threshold:.2f}", shown)
        for language, own in (("en", rule.en), ("zh", rule.zh)):
            if own is not None:
                row = (f"  in {language}", own.operator, parameters(own), f"{own.threshold:.2f}")
                table.add_row(*row, "")
    out.print(table)
    for remark in remarks(policy):
        notice(remark)
