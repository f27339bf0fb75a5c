"""The pages, in the order in which an auditor asks."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.background import BackgroundTask

from audit_ledger.statement import KINDS
from operators.audit_pages import charts
from operators.audit_pages.access import may_audit_run
from operators.audit_pages.rendering import links_of, page
from operators.identity import pipeline_run_id
from redactory.auditing import AuditDesk, Look, Watch
from redactory.auditing.activity import recent, statements
from redactory.auditing.desk import worst
from redactory.auditing.facts import ACCESS_KINDS, KEY_KINDS, RunFacts
from redactory.auditing.quarantine import withheld
from redactory.auditing.shards import SHARD_STATES, shard_lines
from redactory.canonical import sha256_hex
from redactory.durable import open_folder
from redactory.errors import LedgerError
from sealed_shards.layout import report_file

PATIENCE: Final = 0.4
"""Seconds that a page waits for checks before it says that they are under way."""

_PATIENCE_OF_BUTTONS: Final = 8.0
_PAGE: Final = 50
_STATIC: Final = {
    "audit.css": "text/css",
    "audit.js": "text/javascript",
    "shield.svg": "image/svg+xml",
    "shield-dark.svg": "image/svg+xml",
}
_WORD: Final = r"^[A-Za-z0-9_.:@/+-]*$"

Word = Annotated[str, Query(max_length=200, pattern=_WORD)]
Before = Annotated[int | None, Query(ge=0, lt=10**12)]

router = APIRouter()


@router.get("/")
def overview(request: Request) -> HTMLResponse:
    """Is the log intact, what is there, what was removed, what happened, who read what."""
    with _desk(request).look(PATIENCE) as looks:
        known = [look for look in looks if look.facts is not None]
        by_day: dict[str, Counter[str]] = {}
        for look in known:
            for facts in look.facts.datasets.values() if look.facts else ():
                for day, counts in facts.by_day.items():
                    by_day.setdefault(day, Counter()).update(counts)
        events = [(look, event) for look in known for event in recent(look, 12)]
        accesses = [(look, e) for look in known for e in statements(look, ACCESS_KINDS, 8)]
        return page(
            request,
            "overview.html",
            trouble=request.app.state.trouble,
            looks=looks,
            banner=worst(looks),
            cards=[card for look in looks for card in _cards(look)],
            chart=charts.stacked(by_day),
            removed=charts.bars(sum(by_day.values(), Counter[str]())),
            events=sorted(events, key=lambda pair: pair[1].time, reverse=True)[:12],
            accesses=sorted(accesses, key=lambda pair: pair[1].time, reverse=True)[:8],
            name_of=_name_of,
        )


@router.post("/verify")
def verify_all(request: Request) -> RedirectResponse:
    """Check everything now."""
    _same_origin(request)
    watches = _desk(request).watches
    for watch in watches:
        watch.verify(_PATIENCE_OF_BUTTONS / len(watches))
    return RedirectResponse(links_of(request)(""), status_code=303)


@router.get("/datasets/{dataset}")
def dataset_page(
    request: Request,
    dataset: str,
    state: Word = "",
    shard: Word = "",
    number: Annotated[int, Query(alias="page", ge=1, lt=10**9)] = 1,
) -> HTMLResponse:
    """One dataset: its shards with their state, versions, rules, keys."""
    with _look(request, dataset) as look:
        lines = shard_lines(look, dataset)
        counted = Counter(line.state for line in lines)
        chosen = [
            line
            for line in lines
            if state in ("", line.state) and (not shard or line.shard.startswith(shard))
        ]
        facts = look.facts.datasets.get(dataset) if look.facts else None
        pages = max(1, -(-len(chosen) // _PAGE))
        number = min(number, pages)
        manifests = look.watch.manifests(dataset) if facts else {}
        return page(
            request,
            "dataset.html",
            dataset=dataset,
            name=_name_of(look, dataset),
            look=look,
            banner=look,
            facts=facts,
            counted=counted,
            removed=charts.bars(_removed(look, dataset)),
            chart=charts.stacked(facts.by_day) if facts else None,
            manifests=manifests,
            keys=statements(look, KEY_KINDS, 10, dataset),
            lines=chosen[(number - 1) * _PAGE : number * _PAGE],
            found=len(chosen),
            number=number,
            pages=pages,
            state=state,
            shard=shard,
            states=SHARD_STATES,
        )


@router.post("/datasets/{dataset}/verify")
def verify_one(request: Request, dataset: str) -> RedirectResponse:
    """Check the log and every file of a dataset now."""
    _same_origin(request)
    _find(request, dataset).verify(_PATIENCE_OF_BUTTONS)
    return RedirectResponse(links_of(request)("datasets", dataset), status_code=303)


@router.get("/datasets/{dataset}/statements")
def statements_page(
    request: Request,
    dataset: str,
    *,
    kind: Word = "",
    actor: Word = "",
    run: Word = "",
    shard: Word = "",
    day: Annotated[str, Query(max_length=27, pattern=r"^[0-9TZ:.-]*$")] = "",
    before: Before = None,
) -> HTMLResponse:
    """The statements about a dataset, newest first, a page at a time."""
    asked = {"kind": kind, "actor": actor, "run": run, "shard": shard, "day": day}
    with _look(request, dataset) as look:
        indices: list[int] = []
        if look.facts is not None:
            found = look.facts.find(dataset=dataset, before=before, **asked)
            indices = [index for index, _ in zip(found, range(_PAGE + 1), strict=False)]
        return page(
            request,
            "statements.html",
            dataset=dataset,
            name=_name_of(look, dataset),
            banner=look,
            look=look,
            entries=look.entries(indices[:_PAGE]),
            further=indices[_PAGE - 1] if len(indices) > _PAGE else None,
            before=before,
            asked=asked,
            kinds=sorted(KINDS),
        )


@router.get("/datasets/{dataset}/statements/{leaf}")
def statement_page(request: Request, dataset: str, leaf: int) -> HTMLResponse:
    """One statement, as it stands in the log."""
    with _look(request, dataset) as look:
        if look.facts is None or not 0 <= leaf < len(look.facts.rows):
            raise HTTPException(404)
        (entry,) = look.entries([leaf])
        return page(
            request,
            "statement.html",
            dataset=dataset,
            name=_name_of(look, dataset),
            banner=look,
            look=look,
            entry=entry,
            text=json.dumps(json.loads(entry.raw), indent=2, ensure_ascii=False),
            size=len(look.facts.rows),
        )


@router.get("/datasets/{dataset}/evidence.zip")
def evidence(request: Request, dataset: str) -> FileResponse:
    """Everything for an auditor in one file; ``redactory ledger verify`` checks it anywhere."""
    watch = _find(request, dataset)
    folder = tempfile.TemporaryDirectory(prefix="redactory-evidence-")
    target = Path(folder.name) / f"evidence-{dataset[:12]}.zip"
    try:
        watch.write_evidence(target)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        target,
        media_type="application/zip",
        filename=target.name,
        background=BackgroundTask(folder.cleanup),
    )


@router.get("/datasets/{dataset}/reports/{run}")
def report(request: Request, dataset: str, run: str) -> Response:
    """The report of a run, if it is the one whose digest the log has."""
    with _look(request, dataset) as look:
        return _report(look, dataset, run)


@router.get("/quarantine")
def quarantine_page(request: Request) -> HTMLResponse:
    """What was withheld and waits for a decision: counts and reasons only."""
    with _desk(request).look(PATIENCE) as looks:
        sections = []
        for look, dataset in _datasets(looks):
            found = withheld(look, dataset)
            if found.leaves:
                decisions = look.facts.datasets[dataset].decisions if look.facts else {}
                entries = look.entries(found.leaves[:_PAGE])
                sections.append((look, found, charts.bars(found.reasons), entries, decisions))
        return page(
            request,
            "quarantine.html",
            looks=looks,
            banner=worst(looks),
            sections=sections,
            name_of=_name_of,
        )


@router.get("/models")
def models_page(request: Request) -> HTMLResponse:
    """Models, what they were trained by, their predictions, and whether the proofs hold."""
    with _desk(request).look(PATIENCE) as looks:
        sections = []
        for look, dataset in _datasets(looks):
            facts = look.facts.datasets[dataset] if look.facts else None
            if facts is not None and (facts.trained or facts.predictions or facts.built):
                runs = sorted(facts.predictions.values(), key=lambda one: -one.leaf)[:_PAGE]
                sections.append(
                    {
                        "look": look,
                        "dataset": dataset,
                        "trained": look.entries(facts.trained[: -_PAGE - 1 : -1]),
                        "built": look.entries(facts.built[:-11:-1]),
                        "checks": look.entries(facts.checks[:-6:-1]),
                        "predictions": runs,
                        "proven": any(one.proven for one in runs),
                        "proving": look.watch.proving,
                    }
                )
        return page(
            request,
            "models.html",
            looks=looks,
            banner=worst(looks),
            sections=sections,
            name_of=_name_of,
        )


@router.post("/datasets/{dataset}/proofs")
def verify_proofs(request: Request, dataset: str) -> RedirectResponse:
    """Check every proof of a dataset now."""
    _same_origin(request)
    proving = _find(request, dataset).proving
    proving.start()
    proving.wait(_PATIENCE_OF_BUTTONS)
    return RedirectResponse(links_of(request)("models"), status_code=303)


@router.get("/access")
def access_page(request: Request, before: Before = None) -> HTMLResponse:
    """Who unwrapped what and when, and every change of keys."""
    with _desk(request).look(PATIENCE) as looks:
        several = len(looks) > 1
        opened = [
            (look, event)
            for look in looks
            for event in statements(look, ACCESS_KINDS, _PAGE + 1, before=before)
        ]
        opened.sort(key=lambda pair: pair[1].time, reverse=True)
        changes = [(look, e) for look in looks for e in statements(look, KEY_KINDS, _PAGE)]
        changes.sort(key=lambda pair: pair[1].time, reverse=True)
        # Positions of several logs are no order: beyond the newest, each has its statements.
        more = len(opened) > _PAGE and not several
        return page(
            request,
            "access.html",
            looks=looks,
            banner=worst(looks),
            opened=opened[:_PAGE],
            further=opened[_PAGE - 1][1].leaf if more else None,
            before=before,
            changes=changes[:_PAGE],
            name_of=_name_of,
        )


@router.get("/run/{dag_id}/{run_id:path}/report", dependencies=[Depends(may_audit_run)])
def run_report(request: Request, dag_id: str, run_id: str) -> Response:
    """The report of a DAG run."""
    run = _pipeline_run(dag_id, run_id)
    with _desk(request).look(PATIENCE) as looks:
        for look in looks:
            facts = look.facts.runs.get(run) if look.facts else None
            for published in facts.published if facts else ():
                if published.report_sha256:
                    return _report(look, published.dataset, run)
    raise HTTPException(404)


@router.get("/run/{dag_id}/{run_id:path}", dependencies=[Depends(may_audit_run)])
def run_page(request: Request, dag_id: str, run_id: str) -> HTMLResponse:
    """What one DAG run stated, wherever it stated it."""
    run = _pipeline_run(dag_id, run_id)
    with _desk(request).look(PATIENCE) as looks:
        found = [
            (look, look.facts.runs[run])
            for look in looks
            if look.facts is not None and run in look.facts.runs
        ]
        return page(
            request,
            "run.html",
            dag_id=dag_id,
            run_id=run_id,
            run=run,
            looks=looks,
            banner=worst([look for look, _ in found] or looks),
            sections=[_run_section(look, facts) for look, facts in found],
            name_of=_name_of,
        )


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Style, script and icons."""
    if name not in _STATIC:
        raise HTTPException(404)
    content = (Path(__file__).parent / "static" / name).read_bytes()
    return Response(
        content, media_type=_STATIC[name], headers={"cache-control": "private, max-age=300"}
    )


@router.get("/{rest:path}")
def nothing(rest: str) -> Response:  # noqa: ARG001 - whatever it is
    """Everything else is not there, and only for those who may know that."""
    raise HTTPException(404)


def _desk(request: Request) -> AuditDesk:
    return cast("AuditDesk", request.app.state.desk)


def _find(request: Request, dataset: str) -> Watch:
    watch = _desk(request).find(dataset)
    if watch is None:
        raise HTTPException(404)
    return watch


@contextmanager
def _look(request: Request, dataset: str) -> Iterator[Look]:
    with _desk(request).look(PATIENCE):  # a fresh process has to read before it knows the ids
        watch = _find(request, dataset)
    with watch.look(PATIENCE) as look:
        yield look


def _datasets(looks: list[Look]) -> Iterator[tuple[Look, str]]:
    for look in looks:
        for dataset in look.facts.datasets if look.facts else ():
            yield look, dataset


def _states(look: Look, dataset: str) -> Counter[str]:
    """How many data shards are in which state; with their records, as ``records``."""

    def count() -> Counter[str]:
        lines = [line for line in shard_lines(look, dataset) if not line.area]
        counted = Counter[str](line.state for line in lines)
        counted["records"] = sum(line.rows for line in lines if line.state == "readable")
        return counted

    return look.once(f"states of {dataset}", count)


def _cards(look: Look) -> list[dict[str, Any]]:
    """A card for each dataset of a log, or one that says why there is none."""
    if look.facts is None or not look.facts.datasets:
        return [{"look": look, "name": look.watch.watched.name or "", "dataset": "", "facts": None}]
    cards = []
    for dataset, facts in look.facts.datasets.items():
        states = _states(look, dataset)
        cards.append(
            {
                "look": look,
                "name": _name_of(look, dataset),
                "dataset": dataset,
                "facts": facts,
                "states": states,
                "records": states["records"],
                "waiting": withheld(look, dataset).waiting,
            }
        )
    return cards


def _name_of(look: Look, dataset: str) -> str:
    only = look.facts is None or len(look.facts.datasets) < 2
    return look.watch.watched.name if only and look.watch.watched.name else dataset[:12]


def _removed(look: Look, dataset: str) -> Counter[str]:
    facts = look.facts
    if facts is None:
        return Counter()

    def add() -> Counter[str]:
        total: Counter[str] = Counter()
        for counts in facts.evidence.counts.get(dataset, {}).values():
            total.update(counts.entities)
        return total

    return look.once(f"removed from {dataset}", add)


def _run_section(look: Look, facts: RunFacts) -> dict[str, Any]:
    dataset = min(facts.datasets, default="")
    manifest = look.watch.manifests(dataset).get(facts.run) if dataset else None
    return {
        "look": look,
        "facts": facts,
        "dataset": dataset,
        "name": _name_of(look, dataset),
        "removed": charts.bars(facts.removed),
        "reasons": charts.bars(facts.reasons),
        "policy": manifest.policy if manifest else "",
        "decision": look.facts.datasets[dataset].decisions.get(facts.run)
        if look.facts and dataset
        else None,
        "rules": [look.facts.datasets[dataset].rules[digest] for digest in sorted(facts.policies)]
        if look.facts and dataset
        else [],
    }


def _pipeline_run(dag_id: str, run_id: str) -> str:
    context: Any = {"dag": SimpleNamespace(dag_id=dag_id), "run_id": run_id}
    return pipeline_run_id(context)


def _report(look: Look, dataset: str, run: str) -> Response:
    digest = look.facts.evidence.head(dataset).reports.get(run) if look.facts else None
    if digest is None:
        raise HTTPException(404)
    name = report_file(run)
    try:
        raw = open_folder(look.watch.watched.path).read(name)
    except OSError:
        raise LedgerError(f"the report {name} cannot be read") from None
    if sha256_hex(raw) != digest:
        raise LedgerError(f"the report {name} is not the one that was recorded")
    # The page brings its style along; it may run nothing and reach nothing.
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    return HTMLResponse(raw, headers={"content-security-policy": policy})


def _same_origin(request: Request) -> None:
    """Refuse a form that another site sent with the user's cookie."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    same = site == "same-origin" if site else False
    if not site and origin:
        same = urlsplit(origin).netloc == request.headers.get("host")
    if not same:
        raise HTTPException(403)
