"""Nobody whom Airflow does not know sees anything; what comes out is fenced in."""

import re

import pytest
from starlette.routing import Route

# Airflow's own warnings are not ours to mend; one world serves all of these tests.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow"),
    pytest.mark.xdist_group("audit_pages"),
]


def example(route):
    """An address that the route answers."""
    return re.sub(r"\{[^}]+\}", "x", route.path)


def test_every_route_refuses_the_anonymous(world, home):
    from fastapi.testclient import TestClient

    from operators.audit_pages.app import make_app
    from redactory.auditing import AuditDesk, AuditSettings, Watched

    settings = AuditSettings(dataset=(Watched(path=str(world.letters)),))
    app = make_app(AuditDesk(settings, home))
    client = TestClient(app, headers={"sec-fetch-site": "same-origin"})
    routes = [route for route in app.routes if isinstance(route, Route)]
    assert len(routes) == len(app.routes) >= 15  # no mount, which no dependency would cover
    for route in routes:
        for method in route.methods - {"HEAD"}:
            answer = client.request(method, example(route), follow_redirects=False)
            assert answer.status_code == 401, route.path
            assert world.dataset not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_describes_the_routes(visit, world):
    client = visit(world.letters)
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_run_pages_ask_for_the_audit_log_of_their_dag(world, home):
    from fastapi import HTTPException
    from fastapi.testclient import TestClient

    from operators.audit_pages.access import may_audit_run, signed_in
    from operators.audit_pages.app import make_app
    from redactory.auditing import AuditDesk, AuditSettings

    def no():
        raise HTTPException(403)

    app = make_app(AuditDesk(AuditSettings(), home))
    app.dependency_overrides[signed_in] = lambda: None
    app.dependency_overrides[may_audit_run] = no
    client = TestClient(app)
    assert client.get("/run/redactory_ingest/manual__1").status_code == 403
    assert client.get("/run/redactory_ingest/manual__1/report").status_code == 403
    assert client.get("/").status_code == 200


PAGES = ["/", "/access", "/quarantine", "/models", "/run/redactory_ingest/a%2Fb", "/nowhere"]


@pytest.mark.parametrize("path", [*PAGES, "/datasets/{}", "/datasets/{}/statements"])
def test_every_page_is_fenced_in(visit, world, path):
    answer = visit(world.letters).get(path.format(world.dataset))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    # Nothing that the policy would block: no inline script, style or handler.
    assert not re.search(r"<style|\sstyle=|<script(?![^>]* src=)|\son[a-z]+=", answer.text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {}])
def test_a_form_of_another_site_starts_nothing(visit, world, headers):
    client = visit(world.letters)
    client.headers = headers
    for path in ("/verify", f"/datasets/{world.dataset}/verify"):
        assert client.post(path, follow_redirects=False).status_code == 403


def test_what_a_caller_sends_comes_back_escaped(visit, world):
    client = visit(world.letters)
    attack = "<script>alert(1)</script>"
    for path in (f"/run/dag/{attack}", f"/run/{attack}/run", f"/datasets/{attack}"):
        text = client.get(path).text
        assert "<script>alert" not in text
    filtered = client.get(f"/datasets/{world.dataset}/statements", params={"actor": attack})
    assert filtered.status_code == 422
    assert "<script>alert" not in filtered.text


def test_nothing_personal_and_no_path_is_shown(visit, world, worlds):
    client = visit(world.letters)
    seen = ""
    for path in [*PAGES, f"/datasets/{world.dataset}", f"/datasets/{world.dataset}/statements"]:
        seen += client.get(path).text
    for leaf in range(12):
        seen += client.get(f"/datasets/{world.dataset}/statements/{leaf}").text
    for secret in (worlds.CANARY, worlds.CANARY.partition("@")[0], str(world.folder), "4111"):
        assert secret not in seen
