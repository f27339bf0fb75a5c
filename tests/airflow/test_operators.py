"""Configuration, run ids and failures of the operators, without a database."""

import re
import traceback
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory import errors

# Airflow's own warnings are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:::airflow")

FINAL = ["InputError", "IntegrityError", "KeyringError", "LeakError", "PolicyError", "ProofError"]
CANARY = "Zebulon Quill 999-12-3456"


class Dag:
    dag_id = "redactory_ingest"


def context(run_id):
    return {"dag": Dag, "run_id": run_id}


@pytest.mark.parametrize(
    ("user", "actor"),
    [
        ("jdoe", "jdoe"),
        ("j doe/张", "j-doe-"),
        ("x" * 200, "x" * 100),
        (None, "redactory_ingest"),
        ("", "redactory_ingest"),
    ],
)
def test_the_actor_is_who_triggered_the_run_or_the_schedule(user, actor):
    from operators.identity import provenance_of

    run = SimpleNamespace(triggering_user_name=user)
    made = provenance_of(context("manual") | {"dag_run": run, "ti": SimpleNamespace(try_number=2)})
    assert (made.actor_kind, made.actor_name, made.try_number) == ("airflow", actor, 2)


def failure_of(error):
    from operators.failures import guarded

    def step():
        raise error

    with pytest.raises(Exception) as caught:
        guarded(step)
    return caught.value


@pytest.mark.parametrize("name", FINAL)
def test_what_a_second_try_cannot_mend_is_final(name):
    from airflow.sdk.exceptions import AirflowFailException

    failure = failure_of(getattr(errors, name)("is wrong", where=CANARY, hint="mend it"))
    assert isinstance(failure, AirflowFailException)
    assert str(failure) == f"{name}: is wrong (mend it)"


@pytest.mark.parametrize(
    "error",
    [errors.LedgerError("busy", where=CANARY), errors.RedactoryError("lost"), OSError(CANARY)],
)
def test_the_rest_may_be_tried_again(error):
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    failure = failure_of(error)
    assert isinstance(failure, AirflowException)
    assert not isinstance(failure, AirflowFailException)


@given(st.text(min_size=8))
def test_no_message_of_a_strange_exception_gets_out(text):
    failure = failure_of(ValueError(f"<<{text}>>"))
    shown = "".join(traceback.format_exception(failure))
    assert re.fullmatch(r"ValueError in \w+\.py:\d+, message withheld", str(failure))
    assert f"<<{text}>>" not in shown
    assert failure.__context__ is None
    assert failure.__cause__ is None


def test_the_result_of_a_step_comes_through():
    from operators.failures import guarded

    assert guarded(lambda: {"rows_in": 3}) == {"rows_in": 3}


@given(st.text(), st.text())
def test_run_ids_are_safe_names_and_differ(first, second):
    from operators.identity import pipeline_run_id

    made = pipeline_run_id(context(first))
    assert re.fullmatch(r"airflow-[0-9a-f]{32}", made)
    assert made == pipeline_run_id(context(first))
    assert (made == pipeline_run_id(context(second))) == (first == second)


def test_an_empty_form_is_the_standing_file(tmp_path, monkeypatch):
    from operators.configuration import run_config, run_params

    standing = tmp_path / "standing.toml"
    standing.write_text('input = "in.jsonl"\noutput = "out"\nrows_per_shard = 5\n')
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    empty = {name: param.value for name, param in run_params().items()}
    assert set(empty.values()) == {None}
    assert run_config(empty).rows_per_shard == 5
    assert run_config(empty | {"rows_per_shard": 7, "leak_gate": False}).rows_per_shard == 7


def test_every_field_of_the_configuration_is_in_the_form():
    from operators.configuration import run_params
    from redactory.config import RunConfig

    params = run_params()
    assert set(params) == set(RunConfig.model_fields)
    for param in params.values():
        assert param.resolve() is None
        assert param.schema["type"][1] == "null"
        assert param.description or param.schema["title"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rows_per_shard", 0),
        ("rows_per_shard", "many"),
        ("input", "a.jsonl"),
        ("text_unit", "page"),
        ("leak_gate", "perhaps"),
        ("max_quarantine_share", 1.5),
        ("ner", "presidio:os:abort"),
        ("ner", "spacy:some_pipeline"),
    ],
)
def test_the_form_refuses_what_the_configuration_refuses(field, value):
    from airflow.sdk.exceptions import ParamValidationError

    from operators.configuration import run_params

    with pytest.raises(ParamValidationError):
        run_params()[field].resolve(value)


@pytest.mark.parametrize("content", [None, b"input = [", b"\xff\xfe"])
def test_a_bad_standing_file_is_an_input_error_without_its_path(tmp_path, monkeypatch, content):
    from operators.configuration import run_config

    standing = tmp_path / f"{CANARY}.toml"
    if content is not None:
        standing.write_bytes(content)
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    with pytest.raises(errors.InputError) as caught:
        run_config({})
    assert CANARY not in str(caught.value)
