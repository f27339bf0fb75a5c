"""Registers the audit pages with Airflow: a page in the menu, and a tab on every DAG run.

Every Airflow component imports this file; the pages themselves are imported by the first request,
which only the API server gets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from operators.links import AUDIT_PAGES

_Message = MutableMapping[str, Any]
_ICONS = {
    "icon": f"{AUDIT_PAGES}/static/shield.svg",
    "icon_dark_mode": f"{AUDIT_PAGES}/static/shield-dark.svg",
}


class _Pages:
    """The application, made when it is first asked."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            from operators.audit_pages.app import make_app  # noqa: PLC0415 - see above

            self._app = make_app()
        await self._app(scope, receive, send)


class RedactoryAudit(AirflowPlugin):
    """The audit pages."""

    name = "redactory_audit"
    fastapi_apps = [  # noqa: RUF012 - Airflow's own form
        {"app": _Pages(), "url_prefix": AUDIT_PAGES, "name": "Redactory audit"}
    ]
    external_views = [  # noqa: RUF012 - Airflow's own form
        {
            "name": "Audit",
            "href": f"{AUDIT_PAGES}/",
            "destination": "nav",
            "url_route": "redactory-audit",
            "nav_top_level": True,
            **_ICONS,
        },
        {
            "name": "Audit",
            "href": f"{AUDIT_PAGES}/run/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "redactory-audit-run",
            **_ICONS,
        },
    ]
