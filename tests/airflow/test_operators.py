"""Configuration, run ids and failures of the operators, without a database."""

import re
import traceback
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

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


def decision_on(error):
    """What the retry policy, and so Airflow, makes of a step that raises ``error``."""
    from operators.retries import RETRY_POLICY

    failure = failure_of(error)
    assert CANARY not in str(failure)
    return RETRY_POLICY.evaluate(failure, 1, 2).action.value


@pytest.mark.parametrize("name", FINAL)
def test_what_a_second_try_cannot_mend_is_final(name):
    error = getattr(errors, name)("is wrong", where=CANARY, hint="mend it")
    assert str(failure_of(error)) == "is wrong (mend it)"
    assert decision_on(error) == "fail"


@pytest.mark.parametrize(
    "error",
    [
        errors.LedgerError("busy", where=CANARY),
        errors.PartyError("gone", where=CANARY),
        OSError(CANARY),
        ConnectionResetError(CANARY),
    ],
)
def test_what_may_pass_is_tried_again(error):
    assert decision_on(error) == "retry"


@pytest.mark.parametrize("error", [errors.RedactoryError("lost", where=CANARY), KeyError(CANARY)])
def test_the_rest_goes_by_the_number_of_tries(error):
    assert decision_on(error) == "default"


def test_every_class_of_the_error_tree_has_a_rule():
    from operators import retries

    tree = set(errors.RedactoryError.__subclasses__())
    assert tree <= {*retries.FINAL, *retries.PASSING}
    assert not {*retries.FINAL} & {*retries.PASSING}


def test_the_policy_is_in_force_whatever_the_dag_says():
    from operators.ingest import ListSourcesOperator
    from operators.retries import RETRY_POLICY

    assert ListSourcesOperator(task_id="list").retry_policy is RETRY_POLICY


@pytest.mark.parametrize("name", ["AirflowSkipException", "AirflowFailException"])
def test_a_decision_of_airflow_passes(name):
    from airflow.sdk import exceptions

    assert type(failure_of(getattr(exceptions, name)("why"))).__name__ == name


def test_links_hold_the_ids_of_dag_and_run_only(monkeypatch):
    from operators.ingest import PublishOperator

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://air.example/flow/")
    key = SimpleNamespace(dag_id="redactory_ingest", run_id="manual__2026-01-01T00:00:00+00:00/é")
    links = {link.name: link for link in PublishOperator.operator_extra_links}
    page = (
        "https://air.example/flow/redactory-audit/run/redactory_ingest/"
        "manual__2026-01-01T00%3A00%3A00%2B00%3A00%2F%C3%A9"
    )
    assert links["Audit"].get_link(None, ti_key=key) == page
    assert links["Report"].get_link(None, ti_key=key) == f"{page}/report"


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
    from operators.configuration import INGEST

    standing = tmp_path / "standing.toml"
    standing.write_text('input = "in.jsonl"\noutput = "out"\nrows_per_shard = 5\n')
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    empty = {name: param.value for name, param in INGEST.form().items()}
    assert set(empty.values()) == {None}
    assert INGEST.read(empty).rows_per_shard == 5
    assert INGEST.read(empty | {"rows_per_shard": 7, "leak_gate": False}).rows_per_shard == 7


def test_every_field_of_the_configuration_is_in_the_form():
    from operators.configuration import INGEST
    from redactory.config import RunConfig

    params = INGEST.form()
    assert set(params) == set(RunConfig.model_fields)
    for param in params.values():
        assert param.resolve() is None
        assert param.schema["type"][1] == "null"
        assert param.description or param.schema["title"]
        assert param.schema["section"]


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

    from operators.configuration import INGEST

    with pytest.raises(ParamValidationError):
        INGEST.form()[field].resolve(value)


@pytest.mark.parametrize("content", [None, b"input = [", b"\xff\xfe"])
def test_a_bad_standing_file_is_an_input_error_without_its_path(tmp_path, monkeypatch, content):
    from operators.configuration import INGEST

    standing = tmp_path / f"{CANARY}.toml"
    if content is not None:
        standing.write_bytes(content)
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    with pytest.raises(errors.InputError) as caught:
        INGEST.read({})
    assert CANARY not in str(caught.value)


class OfAnotherDag(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dataset: str
    ledger: str | None = None
    days: int = Field(default=30, description="How long")


def test_a_table_takes_the_dataset_from_the_top_level(tmp_path, monkeypatch):
    from operators.configuration import INGEST, Configuration

    standing = tmp_path / "standing.toml"
    standing.write_text('input = "in"\noutput = "out"\nledger = "log"\n[retention]\ndays = 7\n')
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    other = Configuration(OfAnotherDag, "retention")
    assert other.read({"days": None}).model_dump() == {"dataset": "out", "ledger": "log", "days": 7}
    assert other.read({"dataset": "else", "days": 1}).dataset == "else"
    assert INGEST.read({}).output == "out"
    assert other.form()["days"].description == "How long (default: 30)"


def test_a_misspelt_table_is_refused(tmp_path, monkeypatch):
    from operators.configuration import INGEST

    standing = tmp_path / "standing.toml"
    standing.write_text('input = "in"\noutput = "out"\n[retenton]\ndays = 7\n')
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    with pytest.raises(errors.InputError, match="unknown key retenton"):
        INGEST.read({})


def test_a_value_where_a_table_belongs_is_refused(tmp_path, monkeypatch):
    from operators.configuration import Configuration

    standing = tmp_path / "standing.toml"
    standing.write_text('output = "out"\nretention = 7\n')
    monkeypatch.setenv("REDACTORY_CONFIG", str(standing))
    with pytest.raises(errors.InputError, match="retention is not a table"):
        Configuration(OfAnotherDag, "retention").read({})
