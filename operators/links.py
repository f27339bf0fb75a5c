"""Buttons on a task: the audit page of its run, and the report of what it published."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

AUDIT_PAGES = "/redactory-audit"
"""Where the plugin serves the audit pages, below the API server's own address."""


class AuditPageLink(BaseOperatorLink):
    """The audit page of the DAG run: what the ledger says of it, verified as it is shown."""

    @property
    def name(self) -> str:
        """The button's label."""
        return "Audit"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """The page's URL; it holds the DAG's and the run's id only."""
        return audit_page(ti_key)


class ReportLink(BaseOperatorLink):
    """The report of the run, as it was published."""

    @property
    def name(self) -> str:
        """The button's label."""
        return "Report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """The page's URL; it holds the DAG's and the run's id only."""
        return _page("run", ti_key.dag_id, ti_key.run_id, "report")


def audit_page(task: TaskInstanceKey) -> str:
    """URL of the audit page of a task's run."""
    return _page("run", task.dag_id, task.run_id)


def _page(*parts: str) -> str:
    address = conf.get("api", "base_url", fallback="").rstrip("/")
    return "/".join((f"{address}{AUDIT_PAGES}", *(quote(part, safe="") for part in parts)))
