"""What the pages say of a dataset with a past."""

import re
import zipfile

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow"),
    pytest.mark.xdist_group("audit_pages"),
]


@pytest.fixture
def client(visit, world):
    return visit(world.letters)


def words(html):
    """The text of a page, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_overview_answers_in_the_order_in_which_an_auditor_asks(client):
    text = words(client.get("/").text)
    order = ["Intact", "Datasets", "What was removed", "What happened lately", "Who opened what"]
    assert sorted(order, key=text.index) == order
    assert "220 records" in re.sub(r"(records) (220)", r"\2 \1", text)
    assert "3 superseded" in text
    assert "1 shredded" in text
    assert re.search(r"waiting in quarantine 5", text)
    assert "EMAIL_ADDRESS 140" in text
    assert "Keys unwrapped : 9 shards, purpose read" in text


def test_the_dataset_page_lists_shards_with_their_state_and_history(client, world):
    text = words(client.get(f"/datasets/{world.dataset}").text)
    for state, count in (("readable", 7), ("superseded", 3), ("shredded", 1)):
        chosen = client.get(f"/datasets/{world.dataset}", params={"state": state}).text
        rows = re.findall(rf'<tr class="{state}">.*?</tr>', chosen, re.DOTALL)
        assert len([row for row in rows if "<td>data</td>" in row]) == count
    assert "gdpr 1" in text
    assert "Access granted" in text
    assert "Keys destroyed" in text
    assert "redactory-rules" in text


def test_a_shard_is_found_by_the_beginning_of_its_id(client, world, worlds):
    path = f"/datasets/{world.dataset}"
    (shard, *_) = re.findall(r"<code>([0-9a-f]{32})</code>", client.get(path).text)
    found = client.get(path, params={"shard": shard[:10]}).text
    assert re.findall(r"<code>([0-9a-f]{32})</code>", found) == [shard]
    assert "No shard is like that" in client.get(path, params={"shard": "zz"}).text


def test_statements_are_browsed_a_page_at_a_time_without_gap_or_repetition(client, world):
    path, seen, address = f"/datasets/{world.dataset}/statements", [], ""
    pages = 0
    while True:
        html = client.get(f"{path}{address}").text
        seen += [int(n) for n in re.findall(r'statements/(\d+)">[\d,]+</a>', html)]
        older = re.search(r'rel="next" href="[^"?]*(\?[^"]*)"', html)
        pages += 1
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
    size = client.desk.watches[0].entries([0])[0].index + len(seen)
    assert seen == list(range(size - 1, -1, -1))
    assert pages == -(-size // 50)


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"kind": "published"}, {"published"}),
        ({"kind": "shredded", "day": "2"}, {"shredded"}),
        ({"actor": "alice"}, {"trained", "predicted", "verified"}),
        ({"kind": "sealed", "before": "0"}, set()),
    ],
)
def test_statements_are_filtered(client, world, asked, kinds):
    html = client.get(f"/datasets/{world.dataset}/statements", params=asked).text
    assert set(re.findall(r'class="kind (\w+)"', html)) == kinds


def test_one_statement_is_shown_as_it_stands(client, world):
    path = f"/datasets/{world.dataset}/statements"
    html = client.get(f"{path}/0").text
    assert "https://in-toto.io/Statement/v1" in html
    assert "Leaf hash" in html
    assert client.get(f"{path}/99999").status_code == 404
    assert client.get(f"{path}/-1").status_code == 404


def test_quarantine_shows_counts_and_reasons_only(client):
    text = words(client.get("/quarantine").text)
    assert re.search(r"waiting for a decision 5", text)
    assert "not_an_object 5" in text or "malformed" in text or re.search(r"[a-z_]+ 5 ", text)


def test_a_release_is_a_decision_on_what_the_run_withheld(world, worlds, altered, visit, home):
    from audit_ledger import Draft

    about = {"dataset": world.dataset, "run_id": world.runs[1], "rows_in": 63, "quarantined": 3}
    subject = (("results", "ab" * 32),)
    copied = worlds.World(world.folder, home, altered)
    body = {**about, "version": 9}
    worlds.append(copied, Draft("released", subject, body, shard_key="r"), actor="carol")
    refused = {**about, "run_id": world.runs[2], "about": "release", "decision": "refused"}
    client = visit(altered)
    text = words(client.get("/quarantine").text)
    assert "waiting for a decision 2" in text
    assert "released , carol" in text
    assert "Release approved" in words(client.get("/").text)
    worlds.append(copied, Draft("decided", subject, refused), actor="carol")
    assert "waiting for a decision 0" in words(visit(altered).get("/quarantine").text)


def test_models_say_whether_they_are_proven(client):
    text = words(client.get("/models").text)
    assert "ε 2 " in text
    assert "parties one, two, three" in text
    assert "without proof" in text
    assert "intact · alice" in text


def test_the_access_page_tells_who_opened_what_and_who_changed_keys(client):
    text = words(client.get("/access").text)
    assert "purpose read" in text
    assert "purpose grant" in text
    assert text.index("purpose read") < text.index("Access granted")


def test_a_dag_run_is_found_by_its_airflow_id(world, worlds, altered, visit, home):
    from operators.audit_pages.routes import _pipeline_run

    run = _pipeline_run("redactory_ingest", "manual/é__1")
    source = worlds.write_lines(altered.parent / "new.jsonl", worlds.records(5000, 45), broken=1)
    changed = worlds.World(world.folder, home, altered)
    worlds.ingest(changed, source, dataset_name="letters", run_id=run)
    client = visit(altered)
    html = client.get("/run/redactory_ingest/manual%2F%C3%A9__1").text
    counts = dict(re.findall(r'data-count="(\w+)">([\d,]+)', html))
    assert counts == {"records_in": "46", "records_out": "45", "quarantined": "1", "removed": "63"}
    assert "gdpr 1" in html
    report = client.get("/run/redactory_ingest/manual%2F%C3%A9__1/report")
    assert report.status_code == 200
    assert "sandbox" in report.headers["content-security-policy"]
    assert run in report.text


def test_a_run_that_stated_nothing_says_so(client):
    assert "This run has stated nothing" in client.get("/run/redactory_ingest/manual__2").text


def test_evidence_verifies_elsewhere(client, world, tmp_path, monkeypatch):
    from redactory.bundle_check import verify_bundle
    from redactory.trust import Expectations, TrustStore, load_log_key

    answer = client.get(f"/datasets/{world.dataset}/evidence.zip")
    assert answer.headers["content-type"] == "application/zip"
    target = tmp_path / "evidence.zip"
    target.write_bytes(answer.content)
    stranger = TrustStore(tmp_path / "trust")
    assert verify_bundle(str(target), stranger, Expectations()).state == "unproven"
    key = load_log_key(world.letters / "ledger" / "log.vkey")
    verdict = verify_bundle(str(target), stranger, Expectations(log_key=key))
    assert (verdict.state, verdict.problems) == ("intact", [])
    with zipfile.ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if "shards/" in name]


def test_pages_speak_chinese_when_asked_and_go_on_doing_so(client):
    assert '<html lang="en">' in client.get("/").text
    assert "完好" in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}).text
    assert "Intact" in client.get("/", headers={"accept-language": "fr, en;q=0.8, zh;q=0.1"}).text
    assert "完好" in client.get("/?lang=zh").text
    assert "隔离区" in client.get("/quarantine").text
    assert "Quarantine" in client.get("/quarantine?lang=en").text
    assert "Overview" in client.get("/?lang=xx").text


def test_every_sentence_is_said_in_chinese_and_none_in_vain(repository):
    from operators.audit_pages.wording import chinese

    folder = repository / "operators" / "audit_pages"
    templates = "".join(f.read_text("utf-8") for f in sorted((folder / "templates").glob("*")))
    said = {found[1] for found in re.findall(r"""\bt\(\s*(["'])(.*?)\1""", templates)}
    assert said <= chinese().keys()
    # What is looked up by a value stands in the templates or the modules as a word of its own.
    source = templates + "".join(f.read_text("utf-8") for f in folder.glob("*.py"))
    states = {"faulty", "readable", "superseded", "shredded", "quarantine", "sources", "identity"}
    assert all(key in said or f'"{key}"' in source or key in states for key in chinese())


def test_every_sentence_keeps_its_values():
    from operators.audit_pages.wording import chinese

    for english, said in chinese().items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", said))


@pytest.mark.parametrize("name", ["audit.css", "audit.js", "shield.svg", "shield-dark.svg"])
def test_style_and_script_come_from_here(client, name):
    assert client.get(f"/static/{name}").status_code == 200
    assert client.get("/static/../app.py").status_code == 404
