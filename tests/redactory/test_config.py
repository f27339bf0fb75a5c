"""The one configuration: strict keys, clear errors, and a schema that is current."""

import json

import pytest

from redactory.config import RunConfig, schema_json
from redactory.errors import InputError


def test_one_input_may_be_a_plain_string():
    assert RunConfig.parse({"input": "a.jsonl", "output": "o"}).input == ("a.jsonl",)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"output": "o"}, "input"),
        ({"input": "a"}, "output"),
        ({"input": [], "output": "o"}, "input"),
        ({"input": "a", "output": "o", "worker": 1}, "unknown key worker"),
        ({"input": "a", "output": "o", "workers": -1}, "workers"),
        ({"input": "a", "output": "o", "max_quarantine_share": 2}, "max_quarantine_share"),
        ({"input": "a", "output": "o", "text_unit": "word"}, "text_unit"),
    ],
)
def test_what_is_wrong_is_named_and_its_value_is_not_shown(values, words):
    with pytest.raises(InputError) as error:
        RunConfig.parse(values)
    assert words in str(error.value)
    assert "input_value" not in str(error.value)
    assert "\n" not in str(error.value)


def test_toml_and_overrides(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('input = ["a"]\noutput = "o"\nworkers = 3\n')
    assert RunConfig.from_toml(path).workers == 3
    assert RunConfig.from_toml(path, {"workers": 1}).workers == 1


@pytest.mark.parametrize("content", [b"input = [", b"\xff\xfe"])
def test_not_toml(tmp_path, content):
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a TOML file"):
        RunConfig.from_toml(path)
    with pytest.raises(InputError, match="cannot be read"):
        RunConfig.from_toml(tmp_path / "absent.toml")


def test_the_exported_schema_is_current(repository):
    """Refresh with ``python -m redactory.config > docs/format/run-config.schema.json``."""
    stored = (repository / "docs/format/run-config.schema.json").read_text("utf-8")
    assert stored == schema_json()
    assert json.loads(stored)["additionalProperties"] is False
