"""``redactory privacy audit``: does redaction help, does noise help, and by how much?

1. Labelled raw records are read, as ``redactory run`` reads them.
2. Canaries are made: sentences that name an invented person, with 255 other invented people as
   candidates. All of it is redacted by the policy, in memory.
3. Models are trained in the clear on the raw and on the redacted texts, with and without
   noise, and attacked (:mod:`mpc_jobs.privacy.audit`).

Nothing is stored but the numbers. Records that the policy refuses are left out on both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from mpc_jobs.features import FeatureSpec
from mpc_jobs.privacy.audit.attacking import Canary, Finding, Prepared, attack
from mpc_jobs.privacy.audit.exposure import GUESSING
from mpc_jobs.privacy.audit.shadows import Recipe
from redactory import __version__
from redactory.config import RunConfig
from redactory.demo_corpus.names import draw_name
from redactory.errors import InputError
from redactory.pipeline.sanitise import PolicySanitiser, Sanitiser
from redactory.pipeline.setup import read_options
from redactory.pseudonym import PseudonymKey
from redactory.sources import list_sources, read

CANDIDATES = 256
_SENTENCES = (
    "The person concerned is {name}, as agreed on the telephone.",
    "Please send the answer to {name} and to nobody else.",
    "{name} asked about this before and will ask again.",
    "Spoke with {name}, who confirmed everything above.",
)
_REPEATED = (1, 4, 16)


@dataclass(frozen=True)
class AuditSettings:
    """What to audit.

    Attributes:
        spec: how texts become rows.
        recipe: how models are trained.
        epsilons: privacy budgets to try beside training without noise.
        models: shadows.
        most_rows: records that are looked at.
        canaries: of each number of repetitions.
        seed: of the canaries and of the choice of rows.
    """

    spec: FeatureSpec
    recipe: Recipe
    epsilons: tuple[float, ...] = (8.0, 1.0)
    models: int = 32
    most_rows: int = 4000
    canaries: int = 8
    seed: int = 0


@dataclass(frozen=True)
class PrivacyReport:
    """The result.

    Attributes:
        findings: raw texts first, then redacted ones; without noise first.
        rows: records that were audited.
        refused: records that the policy refused.
        classes: how many.
        settings: what was asked for.
        policy: its name.
    """

    findings: tuple[Finding, ...]
    rows: int
    refused: int
    classes: int
    settings: AuditSettings
    policy: str

    def as_json(self) -> dict[str, Any]:
        """For programs; numbers only."""
        settings = self.settings
        return {
            "format": "redactory-privacy-audit/v1",
            "rows": self.rows,
            "refused": self.refused,
            "classes": self.classes,
            "policy": self.policy,
            "feature_spec_digest": settings.spec.digest,
            "models": settings.models,
            "epochs": settings.recipe.epochs,
            "delta": settings.recipe.delta,
            "candidates": CANDIDATES,
            "exposure_of_guessing": round(GUESSING, 3),
            "findings": [finding.as_json() for finding in self.findings],
        }

    def page(self) -> bytes:
        """A self-contained page for a person, UTF-8."""
        environment = Environment(
            loader=PackageLoader("redactory"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        page = environment.get_template("privacy_audit.html").render(
            report=self,
            guessing=GUESSING,
            candidates=CANDIDATES,
            version=__version__,
        )
        return page.encode()


def audit_privacy(
    config: RunConfig,
    settings: AuditSettings,
    *,
    sanitiser: Sanitiser | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> PrivacyReport:
    """Audit models on the records that a run's configuration names.

    Args:
        config: input, columns and policy of a run; its output is not touched.
        settings: what to audit.
        sanitiser: in place of the configured policy.
        progress: told what is going on.

    Raises:
        InputError: no labelled records, or too few.
        PolicyError: an invalid policy.
    """
    if config.label_column is None:
        raise InputError("an audit needs labels", hint="name their column with --label")
    sanitiser = sanitiser or PolicySanitiser(config, PseudonymKey.ephemeral().redaction_keys())
    progress("reading and redacting")
    raw, redacted, names, refused = _records(config, sanitiser, settings.most_rows)
    classes = sorted(set(names))
    labels = np.array([classes.index(name) for name in names], np.int32)
    canaries = _canaries(settings, classes=len(classes))
    progress("redacting the canaries")
    clean = [_redacted(canary, sanitiser, config.text_columns[0]) for canary in canaries]
    findings: list[Finding] = []
    for name, texts, planted in (("raw", raw, canaries), ("redacted", redacted, clean)):
        for epsilon in (None, *settings.epsilons):
            noise = "without noise" if epsilon is None else f"with ε = {epsilon:g}"
            progress(f"attacking models on {name} texts, {noise}")
            findings += attack(
                Prepared(name, texts, labels, planted),
                settings.spec,
                settings.recipe,
                epsilons=[epsilon],
                models=settings.models,
                seed=settings.seed,
            )
    return PrivacyReport(tuple(findings), len(raw), refused, len(classes), settings, config.policy)


def _records(
    config: RunConfig, sanitiser: Sanitiser, most: int
) -> tuple[list[str], list[str], list[str], int]:
    """(raw texts, redacted texts, labels, number of refused records)."""
    options = read_options(config, batch_rows=min(most, 1024))
    raw: list[str] = []
    redacted: list[str] = []
    labels: list[str] = []
    refused = 0
    for number, source in enumerate(list_sources(config.input, format=config.input_format).sources):
        for batch in read(source, options, source_id=str(number)):
            rows = batch.records.slice(0, most - len(raw) - refused)
            done = sanitiser.sanitise(rows)
            gone = {row for row, _ in done.refused}
            refused += len(gone)
            kept = rows.take(pa.array([i for i in range(rows.num_rows) if i not in gone]))
            labelled = [label is not None for label in kept.column("label").to_pylist()]
            mask = pa.array(labelled, pa.bool_())
            raw += _joined(kept.filter(mask), config.text_columns)
            redacted += _joined(done.kept.filter(mask), config.text_columns)
            labels += kept.filter(mask).column("label").to_pylist()
            if len(raw) + refused >= most:
                return raw, redacted, labels, refused
    return raw, redacted, labels, refused


def _joined(rows: pa.RecordBatch, columns: Sequence[str]) -> list[str]:
    parts = [rows.column(name).to_pylist() for name in columns]
    return ["\n".join(text or "" for text in row) for row in zip(*parts, strict=True)]


def _canaries(settings: AuditSettings, *, classes: int) -> list[Canary]:
    """Sentences that name invented people; which of them is planted is drawn."""
    random = Random(settings.seed)  # noqa: S311 - invented people, no secret
    made = []
    for repeated, number in itertools.product(_REPEATED, range(settings.canaries)):
        people: dict[str, None] = {}
        while len(people) < CANDIDATES:
            people[draw_name(random, "en", random.choice(("f", "m"))).full] = None
        sentence = _SENTENCES[number % len(_SENTENCES)]
        made.append(
            Canary(
                candidates=tuple(sentence.format(name=name) for name in people),
                planted=random.randrange(CANDIDATES),
                repeated=repeated,
                label=random.randrange(classes),
            )
        )
    return made


def _redacted(canary: Canary, sanitiser: Sanitiser, column: str) -> Canary:
    """The canary after redaction; a candidate that is refused becomes an empty text."""
    count = len(canary.candidates)
    columns: Mapping[str, Any] = {
        "record_id": [f"canary-{n}" for n in range(count)],
        "record_no": list(range(count)),
        "lang": ["en"] * count,
        "label": [""] * count,
        column: list(canary.candidates),
    }
    done = sanitiser.sanitise(pa.RecordBatch.from_pydict(dict(columns)))
    gone = {row for row, _ in done.refused}
    kept = iter(done.kept.column(column).to_pylist())
    texts = tuple("" if row in gone else next(kept) for row in range(count))
    return Canary(texts, canary.planted, canary.repeated, canary.label)
