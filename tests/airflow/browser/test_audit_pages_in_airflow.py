"""The audit pages where their users meet them: in Airflow's UI, in a browser."""

import os
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest

# One server and one run of the ingest DAG serve all of these tests.
pytestmark = [
    pytest.mark.xdist_group("airflow_server"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the driver's sockets
]

DAG = "redactory_ingest"
WAIT = 180


class Page:
    """A browser in which somebody is logged in to Airflow."""

    def __init__(self, browser, airflow):
        self.browser, self.airflow = browser, airflow

    def log_in(self, user):
        self.go("/")
        self.find("input[name=username]").send_keys(user)
        self.find("input[name=password]").send_keys(self.airflow.passwords[user])
        self.find("button[type=submit]").click()
        self.until("logged in", lambda: "/login" not in self.browser.current_url)
        return self

    def go(self, path):
        self.browser.switch_to.default_content()
        self.browser.get(self.airflow.url + path)

    def until(self, what, ready):
        from selenium.common.exceptions import WebDriverException

        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                found = ready()
            except WebDriverException:  # the page changed under our eyes
                found = None
            if found:
                return found
            time.sleep(0.3)
        pytest.fail(f"{what}: not within {WAIT} seconds at {self.browser.current_url}")

    def find(self, selector):
        return self.until(selector, lambda: self.all(selector))[0]

    def all(self, selector):
        return [
            each
            for each in self.browser.find_elements("css selector", selector)
            if each.is_displayed()
        ]

    def button(self, label, within=""):
        return self.until(
            f"button {label}",
            lambda: [
                each
                for each in self.all(f"{within} button")
                if each.text.strip() == label and each.is_enabled()
            ],
        )[0]

    def paste(self, selector, text):
        """Paste into a field; where a form is drawn anew at each key, typing loses letters."""
        script = (
            "const set = Object.getOwnPropertyDescriptor("
            "Object.getPrototypeOf(arguments[0]), 'value').set;"
            "set.call(arguments[0], arguments[1]);"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
        )
        self.browser.execute_script(script, self.find(selector), text)
        self.until("pasted", lambda: self.find(selector).get_property("value") == text)

    def enter_frame(self):
        self.browser.switch_to.frame(self.find("iframe"))
        self.find("main")

    def banner(self):
        """State and text of the banner, once there is a verdict."""
        shown = self.until("a verdict", lambda: self.all(".banner:not(.checking):not(.empty)"))[0]
        return shown.get_attribute("class").split()[1], shown.text

    def outer_theme(self, theme):
        """Switch Airflow's own theme, as its menu does."""
        self.browser.switch_to.default_content()
        script = (
            "document.documentElement.classList.remove('light', 'dark');"
            "document.documentElement.classList.add(arguments[0]);"
        )
        self.browser.execute_script(script, theme)
        self.browser.switch_to.frame(self.find("iframe"))


@pytest.fixture(scope="module")
def admin(browsers, airflow):
    return Page(browsers(), airflow).log_in("admin")


@pytest.fixture(scope="module")
def viewer(browsers, airflow):
    return Page(browsers(), airflow).log_in("auditor")


@pytest.fixture(scope="module")
def run(admin, airflow):
    """Id of a run that the admin triggered from the form, and that has succeeded."""
    admin.go(f"/dags/{DAG}")
    admin.button("Trigger").click()
    admin.find("[role=dialog] button[aria-expanded=false]").click()  # what is read
    admin.paste("[role=dialog] textarea", str(airflow.folder / "from-the-form.jsonl"))
    trigger = admin.button("Trigger", "[role=dialog]")
    admin.browser.execute_script("arguments[0].scrollIntoView()", trigger)
    trigger.click()

    def finished():
        _, found = airflow.call(f"/api/v2/dags/{DAG}/dagRuns", user="admin")
        (manual,) = [r for r in found["dag_runs"] if r["run_type"] == "manual"] or [{}]
        return manual if manual.get("state") in ("success", "failed") else None

    ended = airflow.until("the run has ended", finished, 600)
    assert ended["state"] == "success", airflow.log()[-5000:]
    return ended["dag_run_id"]


def test_the_tab_of_the_run_shows_what_came_of_it(admin, run):
    admin.go(f"/dags/{DAG}/runs/{quote(run)}")
    admin.until("the tab", lambda: admin.browser.find_elements("link text", "Audit"))
    tabs = [
        each
        for each in admin.browser.find_elements("link text", "Audit")
        if each.get_attribute("href").endswith("/plugin/redactory-audit-run")
    ]
    tabs[0].click()
    admin.enter_frame()
    assert admin.banner()[0] == "intact"
    counts = {each.get_attribute("data-count"): each.text for each in admin.all("[data-count]")}
    assert counts == {"records_in": "8", "records_out": "7", "quarantined": "1", "removed": "7"}
    text = admin.find("main").text
    assert "EMAIL_ADDRESS" in text
    assert "admin" in text
    picture(admin, "audit-run")


def test_a_viewer_reads_the_pages_from_the_menu(viewer, airflow, run):
    viewer.go("/")
    link = viewer.find("a[href$='/plugin/redactory-audit']")
    link.click()
    viewer.enter_frame()
    state, text = viewer.banner()
    assert state == "intact", text
    assert "EMAIL_ADDRESS" in viewer.find("main").text
    viewer.all(".card a")[0].click()
    viewer.until("the dataset's page", lambda: viewer.all("tr.readable"))
    viewer.browser.find_element("link text", "中文").click()
    viewer.until("the page in Chinese", lambda: "完好" in viewer.find("main").text)
    viewer.browser.find_element("link text", "English").click()
    viewer.until("the page in English", lambda: "Intact" in viewer.find("main").text)


def test_the_pages_can_be_walked_with_the_keyboard(viewer, run):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    viewer.go("/redactory-audit/")
    viewer.banner()
    reached = []
    for _ in range(12):
        ActionChains(viewer.browser).send_keys(Keys.TAB).perform()
        focused = viewer.browser.switch_to.active_element
        reached.append(focused.text or focused.get_attribute("class"))
    assert reached[0] == "Skip to the content"
    assert {"Access", "Quarantine", "中文", "Verify now"} <= set(reached)


def test_the_pages_follow_airflows_theme(viewer, run):
    viewer.go("/plugin/redactory-audit")
    viewer.enter_frame()
    colours = {}
    for theme in ("dark", "light"):
        viewer.outer_theme(theme)
        viewer.until(
            theme,
            lambda theme=theme: (
                viewer.browser.execute_script("return document.documentElement.dataset.theme")
                == theme
            ),
        )
        colours[theme] = viewer.find("body").value_of_css_property("background-color")
    assert colours["dark"] != colours["light"]


def test_the_browser_finds_nothing_that_the_policy_forbids(viewer, run):
    for path in ("/redactory-audit/", "/redactory-audit/access", "/redactory-audit/models"):
        viewer.go(path)
        viewer.find("main")
    told = [entry["message"] for entry in viewer.browser.get_log("browser")]
    assert not [message for message in told if "Content Security Policy" in message]


def test_nobody_gets_in_without_logging_in(airflow, run):
    from starlette.routing import Route

    from operators.audit_pages.app import make_app
    from redactory.auditing import AuditDesk, AuditSettings

    routes = [r for r in make_app(AuditDesk(AuditSettings())).routes if isinstance(r, Route)]
    for route in routes:
        path = re.sub(r"\{[^}]+\}", "x", route.path)
        for method in route.methods - {"HEAD"}:
            status, _ = airflow.call(f"/redactory-audit{path}", method=method)
            assert status == 401, f"{method} {path}"
    for path in ("/redactory-audit/docs", "/redactory-audit/openapi.json"):
        assert airflow.call(path)[0] == 401


def test_a_viewer_is_let_in_by_a_token_as_well(airflow, run):
    for user in ("admin", "auditor"):
        assert airflow.call(f"/redactory-audit/run/{DAG}/{quote(run)}", user=user)[0] == 200
        status, text = airflow.call(
            f"/redactory-audit/run/{DAG}/{quote(run, safe='')}/report", user=user
        )
        assert status == 200
        assert "<h1>Run airflow-" in text


PICTURES = os.environ.get("REDACTORY_PICTURES")


def picture(page, name):
    """Keep what the browser shows, if somebody asked for pictures."""
    if PICTURES:
        page.browser.save_screenshot(str(Path(PICTURES) / f"{name}.png"))


@pytest.mark.skipif(not PICTURES, reason="REDACTORY_PICTURES names no folder")
def test_pictures_for_the_documents(admin, airflow, run):
    """Further pictures, of a dataset with a past."""
    admin.go("/plugin/redactory-audit")
    admin.enter_frame()
    admin.banner()
    picture(admin, "audit-overview")
    admin.outer_theme("dark")
    admin.browser.find_element("link text", "中文").click()
    admin.until("the page in Chinese", lambda: "总览" in admin.find("header").text)
    admin.outer_theme("dark")
    picture(admin, "audit-overview-zh-dark")
    admin.browser.find_element("link text", "English").click()


def test_a_tampered_shard_turns_the_banner_red_and_is_named(admin, airflow, run, dataset_copy):
    victim = min((airflow.dataset / "shards").glob("*.parquet"))
    admin.go("/plugin/redactory-audit")
    admin.enter_frame()
    assert admin.banner()[0] == "intact"
    raw = victim.read_bytes()
    victim.chmod(0o600)
    victim.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    admin.button("Verify now").click()
    admin.until("the red banner", lambda: admin.banner()[0] == "broken")
    assert victim.name in admin.banner()[1]
    admin.all(".card.broken a")[0].click()
    faulty = admin.until("the faulty shard", lambda: admin.all("tr.faulty"))
    assert victim.name.partition(".")[0] in faulty[0].text
    picture(admin, "audit-tampered")


@pytest.fixture
def dataset_copy(airflow):
    """Puts the dataset's shards back."""
    kept = {file: file.read_bytes() for file in (airflow.dataset / "shards").glob("*")}
    yield
    for file, raw in kept.items():
        file.write_bytes(raw)
