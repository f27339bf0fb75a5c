"""Who may see the pages: Airflow's own rules.

Routes of a plugin's FastAPI application are open to everybody unless they say otherwise, so the
application as a whole depends on :data:`signed_in`.
"""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag, requires_access_view

signed_in = requires_access_view(AccessView.WEBSITE)
"""Whoever may see Airflow's UI."""

may_audit_run = requires_access_dag("GET", DagAccessEntity.AUDIT_LOG)
"""Whoever may see the audit log of the DAG that the path names."""
