"""From facts to HTML: templates, languages, numbers and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from operators.audit_pages.wording import COOKIE, LANGUAGES, Wording, choose_language
from redactory import __version__

_HERE: Final = Path(__file__).parent
_YEAR: Final = 365 * 24 * 3600


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = "{:,}".format
    environment.filters["size"] = _size
    environment.filters["part"] = lambda value: quote(str(value), safe="")
    environment.filters["when"] = lambda time: f"{time[:10]} {time[11:16]}"
    environment.filters["moment"] = _moment
    return environment


@dataclass(frozen=True)
class Links:
    """Addresses below the place where the application is mounted."""

    base: str

    def __call__(self, *parts: object, **query: object) -> str:
        """The page at these parts, with those of the query that say something."""
        path = "/".join(quote(str(part), safe="") for part in parts)
        asked = {key: value for key, value in query.items() if value not in (None, "")}
        return f"{self.base}/{path}{f'?{urlencode(asked)}' if asked else ''}"


def wording_of(request: Request) -> Wording:
    """The language of this request."""
    return Wording(
        choose_language(
            request.query_params.get("lang"),
            request.cookies.get(COOKIE),
            request.headers.get("accept-language", ""),
        )
    )


def links_of(request: Request) -> Links:
    """Addresses as this request sees them."""
    return Links(str(request.scope.get("root_path", "")).rstrip("/"))


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page.

    Args:
        request: whose language and place count.
        template: file below ``templates``.
        status: of the response.
        context: what the template needs.
    """
    wording, links = wording_of(request), links_of(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            t=wording,
            language=wording.language,
            languages=_switch(request, links),
            link=links,
            here=request.url.path.removeprefix(links.base),
            version=__version__,
            **context,
        )
    )
    response = HTMLResponse(
        html, status_code=status, headers={"Content-Language": wording.language}
    )
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(
            COOKIE,
            asked,
            max_age=_YEAR,
            path=f"{links.base}/",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return response


def _switch(request: Request, links: Links) -> Mapping[str, tuple[str, str]]:
    """Name of each language, and the address of this page in it."""
    path = quote(request.url.path.removeprefix(links.base))
    others = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return {
        code: (name, f"{links.base}{path}?{urlencode([*others, ('lang', code)])}")
        for code, name in LANGUAGES.items()
    }


def _size(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
