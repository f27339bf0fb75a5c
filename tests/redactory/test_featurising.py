"""From sealed texts to a sealed feature dataset, and what happens to it over time."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audit_ledger import Log
from mpc_jobs.features import FeatureSpec, HashedNgrams
from mpc_jobs.features.hashed import HashedFeaturiser
from redactory.config import RunConfig
from redactory.durable import LocalFolder
from redactory.errors import InputError, IntegrityError, KeyringError
from redactory.evidence import Evidence
from redactory.featurising.building import Built, build_features
from redactory.featurising.document import FEATURES_FILE
from redactory.featurising.opening import describe_features, open_features
from redactory.featurising.settings import FeatureBuild
from redactory.keys import KeyStore
from redactory.lifecycle import reseal_shards, shred
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup
from redactory.reading import Trust, open_verified
from redactory.verification import verify_dataset

SPEC = FeatureSpec(d=32)
CANARY = "canary-2718281828"


@pytest.fixture(scope="module")
def _made_once(tmp_path_factory) -> Path:
    """Keys, and a text dataset of two shards with labels and persons."""
    place = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(place / "home"))
        KeyStore(place / "home").ensure("reader", "quarantine", "log")
        write(place, "one", 40)
        sealed(place / "home", place, "one")
    return place


@pytest.fixture
def home(tmp_path, _made_once, monkeypatch) -> Path:
    """A REDACTORY_HOME that made the text dataset."""
    place = tmp_path / "home"
    subprocess.run(["cp", "-a", str(_made_once / "home"), str(place)], check=True)
    monkeypatch.setenv("REDACTORY_HOME", str(place))
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    return place


@pytest.fixture
def texts(home, tmp_path, _made_once) -> Path:
    """A copy of the text dataset."""
    for name in ("texts", "one.jsonl"):
        subprocess.run(["cp", "-a", str(_made_once / name), str(tmp_path / name)], check=True)
    return tmp_path / "texts"


def write(folder: Path, name: str, count: int) -> None:
    """Records as JSON lines."""
    rows = [
        {
            "id": f"{name}-{n}",
            "text": f"The {'pump' if n % 2 else 'lamp'} of {name} no {n} is {CANARY}",
            "label": "water" if n % 2 else "light",
            "who": f"{name}-person-{n // 4}",
        }
        for n in range(count)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(lines)


def sealed(home: Path, folder: Path, *names: str) -> Path:
    """The dataset of these files; a second call adds to it."""
    config = RunConfig.parse(
        {
            "input": [str(folder / f"{name}.jsonl") for name in names],
            "output": str(folder / "texts"),
            "ner": "none",
            "label_column": "label",
            "subject_column": "who",
            "rows_per_shard": 25,
        }
    )
    run(RunSetup(config, KeyStore(home)))
    return folder / "texts"


def made(texts: Path, home: Path, **options) -> Built:
    """Build beside the texts."""
    given = {"spec": SPEC, "output": str(texts.parent / "features"), **options}
    return build_features(FeatureBuild(dataset=str(texts), **given), KeyStore(home))


def test_every_text_becomes_its_row(texts, home):
    built = made(texts, home)
    features = open_features(str(texts.parent / "features"), Trust())
    wanted = {
        row["record_id"]: row for row in open_verified(str(texts), Trust(), purpose="test").rows()
    }
    featuriser = HashedFeaturiser(SPEC)
    seen = 0
    for part in features.rows():
        for place, record in enumerate(part.record_ids):
            text = wanted[record]
            assert np.array_equal(part.features[place], featuriser.rows([text["text"]])[0])
            assert features.classes[part.labels[place]] == text["label"]
            seen += 1
    assert (seen, built.rows, built.made, built.version) == (40, 40, 2, 1)
    assert features.classes == ("light", "water")
    assert features.info.spec == SPEC


def test_persons_are_on_one_side_only(texts, home):
    made(texts, home, held_out_share=0.5)
    people = {
        row["record_id"]: row["subject"]
        for row in open_verified(str(texts), Trust(), purpose="test").rows()
    }
    sides: dict[str, set[bool]] = {}
    for part in open_features(str(texts.parent / "features"), Trust()).rows():
        for record, held_out in zip(part.record_ids, part.held_out, strict=True):
            sides.setdefault(people[record], set()).add(bool(held_out))
    assert all(len(side) == 1 for side in sides.values())
    assert {True, False} == set().union(*sides.values())


def test_the_log_says_where_the_rows_come_from(texts, home):
    built = made(texts, home)
    entries = list(Log.open(texts.parent / "features" / "ledger").entries())
    (body,) = [e.statement.body for e in entries if e.kind == "featurised"]
    text_log = Log.open(texts / "ledger")
    source = Evidence.gather(text_log.entries()).datasets()[0]
    assert (body.derived_from, body.derived_version) == (source, 1)
    assert body.feature_spec_digest == SPEC.digest == built.spec_digest
    # The access that made the rows is before the state they name.
    before = list(text_log.entries())[: body.derived_checkpoint_size]
    assert before[-1].statement.body.purpose == "featurise"
    assert text_log.checkpoint.size == body.derived_checkpoint_size
    assert text_log.checkpoint.root.hex() == body.derived_root
    # There is no commitment yet, and nothing pretends that there is.
    assert not hasattr(body, "commitment_root")
    assert describe_features(str(texts.parent / "features"), Trust()).commitment_root is None


def test_the_dataset_verifies_and_holds_no_text(texts, home):
    made(texts, home)
    verdict = verify_dataset(str(texts.parent / "features"), KeyStore(home))
    assert verdict.state == "intact", verdict.problems
    assert verdict.facts["unfinished_runs"] == 0
    for file in (texts.parent / "features").rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            assert CANARY.encode() not in raw
            assert b"person" not in raw
            assert str(texts).encode() not in raw


def test_again_is_nothing_new_and_more_texts_are_added(texts, home, tmp_path):
    first = made(texts, home)
    again = made(texts, home)
    assert (again.new, again.kept, again.version) == (False, 2, 1)
    write(tmp_path, "two", 10)
    sealed(home, tmp_path, "two")
    grown = made(texts, home)
    assert grown.new
    assert grown.version == 2
    assert grown.rows == 50
    assert grown.dataset == first.dataset
    parts = list(open_features(str(tmp_path / "features"), Trust()).rows())
    assert sum(len(part.record_ids) for part in parts) == 50


def test_places_of_classes_never_change(texts, home, tmp_path):
    made(texts, home)
    (tmp_path / "three.jsonl").write_text(
        json.dumps({"id": "x", "text": "t", "label": "air", "who": "w"}) + "\n"
    )
    sealed(home, tmp_path, "three")
    assert made(texts, home).label_classes == ("light", "water", "air")


def test_rows_of_shredded_texts_leave_the_dataset_and_are_named(texts, home):
    made(texts, home)
    gone = open_verified(str(texts), Trust(), purpose="test").dataset.shards[0].header
    shred(str(texts), Trust(), shard=gone.ctx.shard)
    built = made(texts, home)
    assert len(built.superseded) == 1
    assert built.rows == 40 - gone.rows
    features = texts.parent / "features"
    shred(str(features), Trust(), shard=built.superseded[0])
    assert verify_dataset(str(features), KeyStore(home)).state == "intact"
    assert not made(texts, home).new


def test_texts_that_were_sealed_again_keep_their_rows(texts, home):
    made(texts, home)
    keys = KeyStore(home)
    reseal_shards(str(texts), Trust(), keys.identity("reader"), [keys.recipient("reader")])
    built = made(texts, home)
    assert (built.made, built.kept, built.new, built.rows) == (0, 2, False, 40)


class _CutError(BaseException):
    """Stands for the power going off."""


def test_a_build_that_was_cut_off_is_finished_by_the_next(texts, home):
    """Cut before each step in turn (by default every fourth), until a build gets through."""
    features = texts.parent / "features"
    for step in range(1, 50, 1 if os.environ.get("REDACTORY_FULL") else 4):
        shutil.rmtree(features, ignore_errors=True)
        whole = not cut_off(step, texts, home)
        built = made(texts, home)
        assert (built.rows, built.version) == (40, 1)
        verdict = verify_dataset(str(features), KeyStore(home))
        assert verdict.state == "intact", (step, verdict.problems)
        assert verdict.facts["unfinished_runs"] == 0
        if whole:
            break
    assert step > 15


def cut_off(step: int, texts: Path, home: Path) -> bool:
    """Build until ``step`` writes to the feature dataset were made; whether that cut it off."""
    features = texts.parent / "features"
    left = [step]

    def counted(original, mine):
        def go(self, *arguments, **options):
            if mine(self):
                if left[0] == 0:
                    raise _CutError
                left[0] -= 1
            return original(self, *arguments, **options)

        return go

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "move_all", "move_over"):
            original = getattr(LocalFolder, name)
            patch.setattr(LocalFolder, name, counted(original, lambda f: f.root == features))
        patch.setattr(Log, "append", counted(Log.append, lambda _: features.exists()))
        try:
            made(texts, home)
        except _CutError:
            return True
    return False


def test_another_spec_needs_another_output(texts, home):
    made(texts, home)
    with pytest.raises(InputError, match="another"):
        made(texts, home, spec=FeatureSpec(d=64))
    with pytest.raises(InputError, match="no feature dataset"):
        made(texts, home, output=str(texts))


def test_a_column_that_is_not_there_is_refused_before_anything_is_written(texts, home):
    with pytest.raises(InputError, match="no column"):
        made(texts, home, spec=FeatureSpec(columns=("body",)))
    assert not (texts.parent / "features").exists()


def test_a_changed_document_is_refused(texts, home):
    made(texts, home)
    path = texts.parent / "features" / FEATURES_FILE
    path.write_bytes(path.read_bytes().replace(b'"d":32', b'"d":33'))
    with pytest.raises(IntegrityError):
        open_features(str(path.parent), Trust())


def test_a_text_dataset_is_no_feature_dataset(texts, home):
    with pytest.raises(InputError, match="no feature dataset"):
        open_features(str(texts), Trust())


def test_only_recipients_read_the_rows(texts, home):
    keys = KeyStore(home)
    keys.create_reader("team", bits=3072)
    public = home / "keys" / "team.pub.pem"
    made(texts, home, recipients=(public,))
    with pytest.raises(KeyringError):
        open_features(str(texts.parent / "features"), Trust())
    private = home / "keys" / "team.pem"
    assert open_features(str(texts.parent / "features"), Trust(), key_file=str(private)).classes


@pytest.mark.parametrize("command", [["spec"], ["spec", "--d", "64", "--chars", "0"]])
def test_the_command_prints_a_spec_that_can_be_used(command, tmp_path, home):
    done = _cli(home, "features", *command)
    assert done.returncode == 0, done.stderr
    (tmp_path / "spec.json").write_text(done.stdout)
    spec = FeatureSpec.load(tmp_path / "spec.json")
    assert spec == (FeatureSpec() if len(command) == 1 else _words_only())


def test_the_commands(texts, home, tmp_path):
    done = _cli(home, "features", "build", str(texts), "-o", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 40
    done = _cli(home, "features", "show", str(tmp_path / "out"), "--json")
    assert json.loads(done.stdout)["spec_digest"] == FeatureSpec().digest
    done = _cli(home, "features", "build", str(tmp_path / "nothing"), "-o", str(tmp_path / "x"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    done = _cli(home, "features", "spec", "--chars", "x")
    assert done.returncode == 2


def _words_only() -> FeatureSpec:
    return FeatureSpec(d=64, featuriser=HashedNgrams(chars=None))


def _cli(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from redactory.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"REDACTORY_HOME": str(home), "PATH": "", "COLUMNS": "200"},
    )
