"""The release gate: a person decides on a run whose quarantine should be looked at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseOperatorLink

from operators.configuration import INGEST, Configuration
from operators.failures import guarded
from operators.identity import pipeline_run_id, provenance_of
from operators.links import AuditPageLink, audit_page
from operators.retries import RETRY_POLICY
from redactory.config import RunConfig

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from redactory.pipeline.approval import Doubt


class ReleaseOperator(ApprovalOperator):
    """Asks only if the configuration's ``approval`` says so, and puts the answer on record.

    The task waits in the state ``awaiting_input`` and holds no worker's slot. The answer and
    the name of the user who gave it go into the ledger before anything follows from them;
    needs the log key. Refusal skips what is downstream.

    Args:
        results: what the seal steps returned.
    """

    template_fields = ("results", "subject", "body")
    operator_extra_links: tuple[BaseOperatorLink, ...] = (AuditPageLink(),)
    configuration: ClassVar[Configuration[RunConfig]] = INGEST

    def __init__(
        self, *, results: XComArg | Iterable[dict[str, Any]], **operator_arguments: Any
    ) -> None:
        super().__init__(
            subject="Release this run?",
            **operator_arguments
            | {"retry_policy": operator_arguments.get("retry_policy") or RETRY_POLICY},
        )
        self.results: Any = results  # an XComArg until Airflow renders it into the list

    def execute(self, context: Context) -> dict[str, Any]:
        """Return at once where there is nothing to ask; else wait for a person."""
        return guarded(lambda: self._ask(context))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Put the answer on record; then let it take effect."""
        return guarded(lambda: self._answered(context, event))

    def _ask(self, context: Context) -> dict[str, Any]:
        from redactory.pipeline import question_of_run  # noqa: PLC0415 - not at parse time

        config = self.configuration.read(context["params"])
        doubt = question_of_run(config, pipeline_run_id(context), list(self.results or ()))
        if doubt is None:
            return {"asked": False}
        self.body = _told(doubt, context)
        super().execute(context)
        raise AssertionError("an approval waits")

    def _answered(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        from redactory.pipeline import decide_on_run  # noqa: PLC0415 - not at parse time
        from redactory.provenance import account_name  # noqa: PLC0415

        if "error" not in event:
            approved = event["chosen_options"] == [self.APPROVE]
            user = event["responded_by_user"] or {}
            decide_on_run(
                self.configuration.read(context["params"]),
                pipeline_run_id(context),
                list(self.results or ()),
                "approved" if approved else "refused",
                replace(provenance_of(context), actor_name=account_name(user.get("name") or "")),
            )
        super().execute_complete(context, event)
        return {"asked": True}


def _told(doubt: Doubt, context: Context) -> str:
    """The question, in Markdown: numbers, reason codes and a link."""
    reasons = "\n".join(f"- {code}: {count}" for code, count in sorted(doubt.reasons.items()))
    measured = "over" if doubt.over_limit else "within"
    task_instance: Any = context["ti"]
    return (
        f"{doubt.quarantined} of {doubt.rows_in} records went to quarantine, {measured} the limit "
        f"of {doubt.limit:.1%}.\n\n{reasons}\n\n"
        f"[What the ledger says of this run]({audit_page(task_instance)}). *Approve* publishes the "
        "rest; *Reject* publishes nothing, and the next run meets the same input again."
    )
