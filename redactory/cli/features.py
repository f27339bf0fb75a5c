"""``redactory features``: make the rows of integers that models are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import errors, facts_table, notice, out, print_json, warn

if TYPE_CHECKING:
    from mpc_jobs.features import FeatureSpec

app = typer.Typer(
    help="Make and show feature datasets: texts as bounded integers, for training.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Model = Annotated[str | None, typer.Option(help="An encoder's folder, or a spaCy pipeline's name.")]
_DEFAULT = "default"


@app.command(
    epilog="**Examples:** `redactory features build notes.dataset --output notes.features` · "
    "`redactory features build notes.dataset --spec spec.toml --output notes.features "
    "--held-out 0.1`"
)
def build(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="The text dataset's folder.")],
    output: Annotated[str, typer.Option("--output", "-o", help="Feature dataset's folder.")],
    spec: Annotated[
        str, typer.Option(help="Feature spec (TOML or JSON), or 'default'.")
    ] = _DEFAULT,
    model: Model = None,
    held_out: Annotated[
        float, typer.Option("--held-out", help="Share kept from training, for testing.")
    ] = 0.2,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", help="Public key (PEM) that may read; repeatable."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Private key (PEM) that opens the texts; default: your own.")
    ] = None,
    scope: options.Scope = None,
    ledger: options.Ledger = None,
    feature_ledger: Annotated[
        str | None, typer.Option(help="Log of the feature dataset, if it is not inside it.")
    ] = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Make a feature dataset from a text dataset, or bring it up to date.

    Reads the texts (which is recorded in their log), and writes sealed shards of integers with
    a log of their own. The same command again adds what is new.
    """
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from redactory.featurising.building import build_features  # noqa: PLC0415
    from redactory.featurising.settings import DEFAULT_SCOPE, FeatureBuild  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415

    with errors.status("featurising…") as status:
        built = build_features(
            FeatureBuild(
                dataset=dataset,
                output=output,
                spec=load_spec(spec),
                model=model,
                trust=options.trust(ledger, log_key, trust_new_log),
                key_file=key,
                recipients=tuple(map(Path, recipient or ())),
                held_out_share=held_out,
                scope=scope or DEFAULT_SCOPE,
                ledger=feature_ledger,
                progress=lambda done, count: status.update(f"shard {done:,} of {count:,}"),
            ),
            KeyStore(notice=notice),
        )
    if as_json:
        print_json(built.as_json())
    else:
        state = f"version {built.version}" if built.new else "nothing new"
        out.print(f"[bold green]✔[/] features: {state}")
        out.print(
            facts_table(
                {
                    "rows": f"{built.rows:,}",
                    "shards": f"{built.made:,} made, {built.kept:,} there before",
                    "spec": built.spec_digest,
                    "classes": ", ".join(built.label_classes) or "none: nothing to train on",
                    "dataset": output,
                }
            )
        )
    if built.superseded:
        warn(
            f"the texts of {len(built.superseded):,} shards are gone, and their rows can still be "
            f"read; to destroy them: redactory dataset shred {output} --shard …"
        )


@app.command(
    epilog="**Examples:** `redactory features spec --d 4096 > spec.json` · `redactory features "
    "spec --onnx encoder/ --d 384 > spec.json`"
)
def spec(
    d: Annotated[int | None, typer.Option("--d", help="Integers a row.")] = None,
    words: Annotated[int, typer.Option(help="Longest n-gram of words; 0 for none.")] = 1,
    chars: Annotated[
        str, typer.Option(help="n-grams of characters within words, as 3-4; 0 for none.")
    ] = "3-4",
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Text column; repeatable.")
    ] = None,
    spacy: Annotated[str | None, typer.Option(help="Use this spaCy pipeline's vectors.")] = None,
    onnx: Annotated[str | None, typer.Option(help="Use the encoder in this folder.")] = None,
) -> None:
    """Print a feature spec as JSON, to keep beside the data and to edit."""
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    others: dict[str, Any] = {"columns": tuple(column)} if column else {}
    if spacy and onnx:
        raise InputError("choose --spacy or --onnx, not both")
    if spacy:
        from mpc_jobs.features.spacy_vectors import spacy_spec  # noqa: PLC0415

        made = spacy_spec(spacy, **others)
    elif onnx:
        from mpc_jobs.features.onnx_encoder import onnx_spec  # noqa: PLC0415

        if d is None:
            raise InputError("an encoder's vectors have a length", hint="give --d, such as 384")
        made = onnx_spec(onnx, d=d, **others)
    else:
        made = _hashed(d, words, chars, others)
    print_json(made.model_dump(mode="json"))


@app.command(epilog="**Example:** `redactory features show notes.features`")
def show(
    path: Annotated[str, typer.Argument(metavar="FEATURES", help="The feature dataset's folder.")],
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """What the rows of a feature dataset are, from its verified log; needs no private key."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from redactory.featurising.opening import describe_features  # noqa: PLC0415

    info = describe_features(path, options.trust(ledger, log_key, trust_new_log))
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    source = info.derived_from
    out.print(
        facts_table(
            {
                "featuriser": info.spec.featuriser.kind,
                "integers a row": f"{info.spec.d:,}",
                "norm at most": f"{info.spec.norm_bound:,}",
                "spec": info.spec_digest,
                "made from": f"{source.dataset}, version {source.version}",
                "held out": f"{info.held_out_share:.0%}",
                "commitments": info.commitment_root or "none: nothing can be proved about them",
            }
        )
    )


def load_spec(given: str) -> FeatureSpec:
    """The spec in a file, or the default one."""
    from mpc_jobs.features import FeatureSpec  # noqa: PLC0415

    return FeatureSpec() if given == _DEFAULT else FeatureSpec.load(Path(given))


def _hashed(d: int | None, words: int, chars: str, others: dict[str, Any]) -> FeatureSpec:
    from pydantic import ValidationError  # noqa: PLC0415

    from mpc_jobs.features import FeatureSpec, HashedNgrams  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415

    shortest, _, longest = chars.partition("-")
    try:
        sizes = None if chars == "0" else (int(shortest), int(longest or shortest))
        rules = HashedNgrams(words=words, chars=sizes)
        given = {"featuriser": rules, **({} if d is None else {"d": d}), **others}
        return FeatureSpec.model_validate(given)
    except (ValueError, ValidationError):
        raise InputError(
            "no such features", hint="--d 1 to 16384, --words 0 to 4, --chars such as 3-4"
        ) from None
