"""Empty, broken, unproven, unreachable: each state is told apart, and none looks like another."""

import re
import shutil
import time

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow"),
    pytest.mark.xdist_group("audit_pages"),
]


def banner(html):
    """State of the page's banner."""
    return re.search(r'class="banner (\w+)"', html)[1]


def test_without_a_dataset_the_page_says_what_to_do(visit, monkeypatch):
    html = visit().get("/").text
    assert banner(html) == "empty"
    assert "REDACTORY_AUDIT" in html


def test_a_dataset_that_is_not_there_yet_is_empty_and_not_an_error(visit, tmp_path):
    html = visit(tmp_path / "later").get("/").text
    assert banner(html) == "empty"
    assert str(tmp_path) not in html


def test_a_tampered_shard_turns_the_banner_red_and_is_named(visit, world, altered, worlds):
    client = visit(altered)
    assert banner(client.get("/").text) == "intact"
    victim = min((altered / "shards").glob("*.parquet"))
    shard = victim.name.partition(".")[0]
    worlds.flip(victim)
    answer = client.post(f"/datasets/{world.dataset}/verify")
    assert answer.status_code == 200
    assert banner(answer.text) == "broken"
    assert victim.name in answer.text
    rows = re.findall(r'<tr class="faulty">.*?</tr>', answer.text, re.DOTALL)
    assert len(rows) == 1
    assert shard in rows[0]
    overview = client.get("/").text
    assert banner(overview) == "broken"
    assert victim.name in overview
    assert "1 faulty" in overview


def test_of_two_copies_the_broken_one_is_shown(visit, world, altered, worlds):
    worlds.flip(min((altered / "shards").glob("*.parquet")))
    client = visit(world.letters, altered)
    overview = client.get("/").text
    assert banner(overview) == "broken"
    assert re.findall(r'<li class="card (\w+)">', overview) == ["intact", "broken"]
    assert banner(client.get(f"/datasets/{world.dataset}").text) == "broken"


def test_tampering_is_noticed_without_anybody_asking(visit, altered, worlds):
    client = visit(altered, recheck_seconds=0.01)
    stem = min((altered / "shards").glob("*.parquet")).stem
    worlds.flip(altered / "headers" / f"{stem}.json")
    end = time.monotonic() + 60
    while banner(client.get("/").text) != "broken":
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_changed_statement_is_named_and_nothing_of_the_log_believed(
    visit, world, altered, worlds
):
    client = visit(altered)
    entries = altered / "ledger" / "tile" / "entries"
    (bundle,) = [file for file in entries.rglob("*") if file.is_file()]
    raw = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(
        raw.replace(b'"records":90', b'"records":91').replace(b'"actor"', b'"aktor"', 1)
    )
    # A process that has verified the log before notices when it reads the statement again.
    assert client.get(f"/datasets/{world.dataset}/statements/0").status_code == 503
    client.post("/verify")
    for visitor in (client, visit(altered)):
        html = visitor.get("/").text
        assert banner(html) == "broken"
        assert "ledger/tile/entries" in html


def test_a_log_cut_short_is_a_rollback(visit, world, altered, worlds, home):
    from audit_ledger import Log

    before = worlds.copy(altered / "ledger", altered.parent / "older")
    client = visit(altered)
    copied = worlds.World(world.folder, home, altered, world.dataset)
    worlds.append(copied, *worlds._models(copied)[2:])
    assert banner(client.get("/").text) in ("intact", "checking")
    client.desk.watches[0].settle()
    assert Log.open(altered / "ledger").checkpoint.size > Log.open(before).checkpoint.size
    shutil.rmtree(altered / "ledger")
    worlds.copy(before, altered / "ledger")
    client.get("/")
    client.desk.watches[0].settle()
    html = client.get("/").text
    assert banner(html) == "broken"
    assert "rolled back" in html


def test_a_dataset_without_its_log_is_broken(visit, altered):
    shutil.rmtree(altered / "ledger")
    html = visit(altered).get("/").text
    assert banner(html) == "broken"
    assert "no ledger" in html


def test_a_dataset_that_went_away_is_broken(visit, altered):
    client = visit(altered)
    shutil.rmtree(altered)
    client.post("/verify")
    assert banner(client.get("/").text) == "broken"


def test_without_a_trusted_key_it_is_never_green(visit, altered, home, tmp_path, monkeypatch):
    from redactory.auditing import AuditDesk, AuditSettings, Watched

    stranger = tmp_path / "stranger"
    desk = AuditDesk(AuditSettings(dataset=(Watched(path=str(altered)),)), stranger)
    with desk.look(60) as (look,):
        assert look.state == "unproven"
    client = visit(altered)
    client.app.state.desk = desk
    html = client.get("/").text
    assert banner(html) == "unproven"
    assert "Consistent, but its origin is unproven" in html
    assert 'class="banner intact"' not in html
    assert not (stranger / "trust").exists()  # a look pins nothing


def test_a_named_key_proves_the_origin_and_a_wrong_one_refutes_it(visit, altered, worlds, tmp_path):
    from redactory.auditing import Watched

    key = altered / "ledger" / "log.vkey"
    right = Watched(path=str(altered), log_key=str(key))
    assert banner(visit(right).get("/").text) == "intact"
    other = tmp_path / "other.vkey"
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit_ledger import LogSigner

    signer = LogSigner(Ed25519PrivateKey.generate(), "redactory.log/other")
    other.write_text(f"{signer.verifier.vkey()}\n")
    wrong = Watched(path=str(altered), log_key=str(other))
    assert banner(visit(wrong).get("/").text) == "broken"


def test_while_the_check_runs_the_page_says_so_and_comes_back(visit, world, monkeypatch):
    client = visit(world.letters)
    watch = client.desk.watches[0]
    watch._check.result = None
    monkeypatch.setattr(watch, "_check", watch._check)
    monkeypatch.setattr(watch._check, "wait", lambda seconds: False)
    monkeypatch.setattr(watch._check, "start", lambda: None)
    html = client.get("/").text
    assert banner(html) == "checking"
    assert 'http-equiv="refresh"' in html


def test_a_check_that_fails_does_not_leave_the_old_verdict(visit, altered, monkeypatch):
    client = visit(altered)

    def fail(*arguments, **options):
        raise RuntimeError("s3cret")

    monkeypatch.setattr("redactory.auditing.watch.verify_dataset", fail)
    html = client.post("/verify").text
    assert banner(html) == "broken"
    assert "RuntimeError" in html
    assert "s3cret" not in html


def test_pages_go_on_where_pins_cannot_be_moved(visit, world, altered, worlds, tmp_path):
    """The trust store of the API server may be mounted read-only."""
    from unittest import mock

    with mock.patch("redactory.auditing.watch.os.access", return_value=False):
        assert banner(visit(altered).get("/").text) == "intact"


def test_settings_come_from_the_environment(tmp_path, monkeypatch):
    from redactory.auditing import AuditSettings
    from redactory.errors import InputError

    audit, run = tmp_path / "audit.toml", tmp_path / "run.toml"
    audit.write_text('[[dataset]]\npath = "a"\nname = "A"\n[[dataset]]\npath = "b"\n')
    run.write_text('input = ["x"]\noutput = "c"\nledger = "sqlite:///d"\n')
    names = {"REDACTORY_AUDIT": str(audit), "REDACTORY_CONFIG": str(run)}
    settings = AuditSettings.from_environment(names)
    assert [one.path for one in settings.dataset] == ["a", "b", "c"]
    assert settings.dataset[2].ledger == "sqlite:///d"
    assert AuditSettings.from_environment({}).dataset == ()
    audit.write_text('[[dataset]]\npath = "a"\ncolour = "red"\n')
    with pytest.raises(InputError, match="colour"):
        AuditSettings.from_environment(names)
    with pytest.raises(InputError, match="cannot be read"):
        AuditSettings.from_environment({"REDACTORY_AUDIT": str(tmp_path / "none")})


def test_a_wrong_setting_is_said_on_the_page(home, tmp_path, monkeypatch):
    from fastapi.testclient import TestClient

    from operators.audit_pages.access import signed_in
    from operators.audit_pages.app import make_app

    monkeypatch.setenv("REDACTORY_AUDIT", str(tmp_path / "none.toml"))
    app = make_app()
    app.dependency_overrides[signed_in] = lambda: None
    html = TestClient(app).get("/").text
    assert "REDACTORY_AUDIT" in html
    assert "cannot be read" in html
    assert str(tmp_path) not in html
