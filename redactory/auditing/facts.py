"""What the statements of a log amount to, gathered in one pass and kept up as the log grows.

Small facts stay in memory (some 500 bytes a statement); the statements themselves are read again
when somebody wants to see them (:meth:`audit_ledger.prefix.VerifiedPrefix.entries`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Final, NamedTuple

from audit_ledger import Entry
from redactory.evidence import Evidence

ACCESS_KINDS: Final = frozenset({"unwrapped", "reidentified"})
KEY_KINDS: Final = frozenset({"granted", "revoked", "rewrapped", "shredded", "erased"})
DECISION_KINDS: Final = frozenset({"decided", "released"})
CHECK_KINDS: Final = frozenset({"verified"})


class Row(NamedTuple):
    """What a statement can be found by."""

    kind: str
    actor: str
    dataset: str
    run: str
    time: str
    shards: tuple[str, ...]


@dataclass
class RunFacts:
    """What one run stated.

    Attributes:
        actors: who; the user who started an Airflow run, or its DAG.
        first: time of the first statement,
        last: and of the last.
        newest: index of the last.
        kinds: statements by kind.
        removed: replaced values by entity type.
        reasons: withheld records by reason.
        policies: configuration digests.
        published: bodies of its publications.
    """

    run: str
    dag_id: str | None = None
    actors: set[str] = field(default_factory=set)
    datasets: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    newest: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    records_in: int = 0
    records_out: int = 0
    quarantined: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    policies: set[str] = field(default_factory=set)
    published: list[Any] = field(default_factory=list)


@dataclass
class RulesFacts:
    """One configuration under which shards were redacted.

    Attributes:
        digest: of the configuration.
        policy: digest of the policy alone.
        detector: names and versions of the detectors.
    """

    digest: str
    policy: str
    detector: dict[str, str]
    first: str
    last: str = ""
    shards: int = 0


class Decision(NamedTuple):
    """What a person decided about the quarantine of a run.

    Attributes:
        word: ``released`` or ``refused``.
        leaf: number of the statement.
    """

    word: str
    actor: str
    time: str
    leaf: int


class Publication(NamedTuple):
    """One version of a dataset, and the number of the statement that says so."""

    leaf: int
    time: str
    body: Any


@dataclass
class PredictionFacts:
    """One run of a model over a dataset.

    Attributes:
        proven: whether every statement of the run names a proof.
        proofs: statements that name one.
        leaf: number of the newest statement.
    """

    run: str
    model: str
    proven: bool
    proofs: int = 0
    rows: int = 0
    shards: int = 0
    last: str = ""
    leaf: int = 0


@dataclass
class DatasetFacts:
    """What was stated about one dataset and its areas.

    Attributes:
        trained: numbers of the statements on trained models,
        built: and of those on the features that were built.
        checks: numbers of the statements on verifications.
        by_day: replaced values by day and entity type.
        sealed: index of the newest statement that sealed a shard, by (area, shard).
        suppressed_below: counts under it were left out of the statements.
        decisions: on the release of runs, by run.
        decided: withheld records that other decisions count.
    """

    dataset: str
    size: int = 0
    first: str = ""
    last: str = ""
    by_day: dict[str, Counter[str]] = field(default_factory=dict)
    rules: dict[str, RulesFacts] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    published: list[Publication] = field(default_factory=list)
    sealed: dict[tuple[str, str], int] = field(default_factory=dict)
    suppressed_below: int = 0
    decisions: dict[str, Decision] = field(default_factory=dict)
    decided: int = 0
    trained: list[int] = field(default_factory=list)
    built: list[int] = field(default_factory=list)
    checks: list[int] = field(default_factory=list)
    predictions: dict[str, PredictionFacts] = field(default_factory=dict)


@dataclass
class LogFacts:
    """What a log's statements say so far.

    Attributes:
        rows: one a statement, in order.
        by_group: indices of statements, by the group of kinds that a page shows.
    """

    evidence: Evidence = field(default_factory=Evidence)
    rows: list[Row] = field(default_factory=list)
    runs: dict[str, RunFacts] = field(default_factory=dict)
    datasets: dict[str, DatasetFacts] = field(default_factory=dict)
    by_group: dict[frozenset[str], list[int]] = field(
        default_factory=lambda: {
            group: [] for group in (ACCESS_KINDS, KEY_KINDS, DECISION_KINDS, CHECK_KINDS)
        }
    )

    def add(self, entry: Entry) -> None:
        """Take in the next statement.

        Raises:
            LedgerError: it is no statement, or contradicts an earlier one.
        """
        statement = entry.statement
        kind, body, predicate = statement.kind, statement.body, statement.predicate
        dataset = intern(str(getattr(body, "dataset", "")).partition("/")[0])
        run = predicate.run.run_id if predicate.run else str(getattr(body, "run_id", "") or "")
        self.evidence.extend([entry])
        self.rows.append(
            Row(
                intern(kind),
                intern(predicate.actor.name),
                dataset,
                intern(run),
                predicate.time,
                _shards(body),
            )
        )
        for group, indices in self.by_group.items():
            if kind in group:
                indices.append(entry.index)
        if dataset:
            self._add_to_dataset(entry.index, dataset, statement)
        if run:
            self._add_to_run(entry.index, run, dataset, statement)

    def find(
        self,
        *,
        kind: str = "",
        actor: str = "",
        dataset: str = "",
        run: str = "",
        shard: str = "",
        day: str = "",
        before: int | None = None,
    ) -> Iterator[int]:
        """Indices of matching statements, newest first.

        Args:
            kind: only this kind.
            actor: only by this actor.
            dataset: only about this dataset, whatever the area.
            run: only of this run.
            shard: only about a shard whose id begins so.
            day: only with a time that begins so (RFC 3339).
            before: only below this index.
        """
        rows = self.rows
        end = len(rows) if before is None else max(0, min(before, len(rows)))
        for index in range(end - 1, -1, -1):
            row = rows[index]
            if (
                (not kind or row.kind == kind)
                and (not actor or row.actor == actor)
                and (not dataset or row.dataset == dataset)
                and (not run or row.run == run)
                and (not day or row.time.startswith(day))
                and (not shard or any(one.startswith(shard) for one in row.shards))
            ):
                yield index

    def _add_to_dataset(self, index: int, name: str, statement: Any) -> None:
        facts = self.datasets.get(name)
        if facts is None:
            facts = self.datasets[name] = DatasetFacts(name)
        kind, body, time = statement.kind, statement.body, statement.time
        facts.size += 1
        facts.first = facts.first or time
        facts.last = time
        if kind == "redacted":
            day = intern(time[:10])
            facts.by_day.setdefault(day, Counter()).update(body.entities)
            facts.suppressed_below = max(facts.suppressed_below, body.suppressed_below or 0)
            _add_rules(facts, statement)
        elif kind in ("sealed", "quarantined"):
            area = body.dataset.partition("/")[2]
            facts.sealed[area, body.shard] = index
        elif kind == "published" and body.dataset == name:
            facts.published.append(Publication(index, time, body))
        elif kind in DECISION_KINDS:
            _add_decision(facts, index, statement)
        elif kind == "predicted":
            _add_prediction(facts, index, statement)
        elif kind in ("trained", "dealt"):
            facts.trained.append(index)
        elif kind == "featurised" and hasattr(body, "derived_from"):
            facts.built.append(index)
        elif kind == "verified":
            facts.checks.append(index)

    def _add_to_run(self, index: int, run: str, dataset: str, statement: Any) -> None:
        facts = self.runs.get(run)
        if facts is None:
            facts = self.runs[run] = RunFacts(run, first=statement.time)
        if dataset and dataset not in facts.datasets:
            facts.datasets.add(dataset)
            self.datasets[dataset].runs.append(run)
        kind, body, predicate = statement.kind, statement.body, statement.predicate
        facts.dag_id = predicate.run.dag_id if predicate.run else facts.dag_id
        facts.actors.add(predicate.actor.name)
        facts.last, facts.newest = statement.time, index
        facts.kinds[kind] += 1
        if kind == "redacted":
            facts.records_in += body.records_in
            facts.records_out += body.records_out
            facts.quarantined += body.quarantined
            facts.removed.update(body.entities)
            facts.operators.update(body.operators)
            facts.policies.add(body.policy_digest)
        elif kind == "quarantined":
            facts.reasons.update(body.reasons)
        elif kind == "published":
            facts.published.append(body)


def _shards(body: Any) -> tuple[str, ...]:
    shard = getattr(body, "shard", None)
    own = (shard,) if isinstance(shard, str) else ()
    return (*own, *getattr(body, "stems", ()))


def _add_rules(facts: DatasetFacts, statement: Any) -> None:
    body, rules = statement.body, statement.predicate.rules
    known = facts.rules.get(body.policy_digest)
    if known is None:
        policy = (rules.policy or "") if rules else ""
        known = RulesFacts(body.policy_digest, policy, dict(body.detector), statement.time)
        facts.rules[body.policy_digest] = known
    known.last = statement.time
    known.shards += 1


def _add_decision(facts: DatasetFacts, index: int, statement: Any) -> None:
    body, predicate = statement.body, statement.predicate
    run = getattr(body, "run_id", None)
    if isinstance(run, str):
        word = "released" if statement.kind == "released" else "refused"
        facts.decisions[run] = Decision(word, predicate.actor.name, statement.time, index)
    else:
        facts.decided += int(getattr(body, "records", 0) or 0)


def _add_prediction(facts: DatasetFacts, index: int, statement: Any) -> None:
    body = statement.body
    run, proven = str(getattr(body, "prediction_run", "")), hasattr(body, "points_root")
    known = facts.predictions.get(run)
    if known is None:
        known = PredictionFacts(run, str(getattr(body, "model_id", "")), proven)
        facts.predictions[run] = known
    known.proven &= proven
    known.proofs += proven
    known.rows += int(getattr(body, "rows", 0))
    known.shards += 1 if proven else int(getattr(body, "shards", 0))
    known.last, known.leaf = statement.time, index
