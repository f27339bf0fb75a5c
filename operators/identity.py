"""Who is at work: the pipeline's run id and the provenance of what gets recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redactory import __version__
from redactory.canonical import digest_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from audit_ledger import Provenance


def pipeline_run_id(context: Context) -> str:
    """The pipeline's id of this DAG run; every task and every try gets the same one.

    Whoever triggers a run may name it freely, with slashes or with a person's name, so
    Airflow's own run id goes into no file name and no statement.
    """
    return f"airflow-{digest_of([_dag_id(context), context['run_id']])[:32]}"


def provenance_of(context: Context) -> Provenance:
    """Who states what this task records."""
    from audit_ledger import Provenance  # noqa: PLC0415 - not while DAG files are parsed

    task_instance: Any = context["ti"]
    return Provenance(
        actor_kind="airflow",
        actor_name=_actor(context),
        run_id=pipeline_run_id(context),
        dag_id=_dag_id(context),
        try_number=task_instance.try_number,
        code_version=__version__,
    )


def _actor(context: Context) -> str:
    """Who triggered the run: a user's login name; the DAG itself when the schedule did."""
    from redactory.provenance import account_name  # noqa: PLC0415 - not while DAG files are parsed

    run: Any = context["dag_run"]
    user = getattr(run, "triggering_user_name", None)
    return account_name(user) if user else _dag_id(context)


def _dag_id(context: Context) -> str:
    return str(context["dag"].dag_id)
