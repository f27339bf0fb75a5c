"""The application that the plugin mounts below ``/redactory-audit``.

Everything is refused unless Airflow knows who asks: the dependency is the application's own, and
what no route answers is answered by one as well. No document describes the routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from operators.audit_pages.access import signed_in
from operators.audit_pages.rendering import page
from operators.audit_pages.routes import router
from redactory.auditing import AuditDesk, AuditSettings
from redactory.errors import RedactoryError

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def make_app(desk: AuditDesk | None = None) -> FastAPI:
    """The application.

    Args:
        desk: what it shows; None for what the environment names.
    """
    app = FastAPI(
        title="Redactory audit",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(signed_in)],
    )
    app.state.desk, app.state.trouble = desk, ""
    if desk is None:
        try:
            app.state.desk = AuditDesk(AuditSettings.from_environment())
        except RedactoryError as error:
            app.state.desk, app.state.trouble = AuditDesk(AuditSettings()), str(error)
    app.include_router(router)
    app.add_middleware(Headers)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(RedactoryError, _failed)
    return app


class Headers:
    """Puts the security headers on every response, errors included.

    Args:
        app: the application inside.
    """

    def __init__(self, app: _App) -> None:
        self._app = app

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer, with the headers that the response does not have yet."""

        async def sending(message: _Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.encode() not in there
                    ),
                ]
            await send(message)

        await self._app(scope, receive, sending)


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status in (401, 403):  # nothing of ours is shown to whom Airflow does not let in
        text = "Log in to Airflow first." if status == 401 else "You may not see this page."
        return HTMLResponse(f"<!doctype html><title>{status}</title><p>{text}</p>", status)
    return page(request, "error.html", status=status, kind="missing", sentence="")


def _misunderstood(request: Request, _: Exception) -> Response:
    return page(request, "error.html", status=422, kind="question", sentence="")


def _failed(request: Request, error: Exception) -> Response:
    sentence = error.what if isinstance(error, RedactoryError) else ""
    return page(request, "error.html", status=503, kind="failed", sentence=sentence)
