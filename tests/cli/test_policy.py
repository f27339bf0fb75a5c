"""``redactory policy``: what a person reads, and what a program gets."""

import json
from datetime import date

import pytest

from pii_rules.policy import load_policy
from redactory.policies import remarks

HEAD = 'name = "ours"\nversion = "1.0.0"\n'


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(HEAD + '[entities.URL]\noperator = "keep"\n')
    return path


def test_without_a_name_all_policies_are_listed(cli):
    done = cli("policy", "show")
    assert done.returncode == 0
    for name in ("gdpr", "hipaa-safe-harbor", "llm-corpus", "pci-dss", "pipl"):
        assert name in done.stdout


def test_a_policy_is_shown_type_by_type(cli):
    done = cli("policy", "show", "hipaa-safe-harbor")
    assert "zip3" in done.stdout
    assert "earliest_year = 1940" in done.stdout
    shown = json.loads(cli("policy", "show", "gdpr", "--json").stdout)
    assert shown["entities"]["PASSWORD"]["with"] == "<SECRET>"


def test_a_valid_policy_is_called_valid_and_a_wrong_key_is_named(cli, ours, tmp_path):
    assert cli("policy", "check", ours).returncode == 0
    (tmp_path / "bad.toml").write_text(HEAD + "[default]\noperater = 1\n")
    done = cli("policy", "check", tmp_path / "bad.toml")
    assert done.returncode == 4
    assert "default.operater" in done.stderr
    assert "allowed" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_difference_is_told_by_key(cli, ours):
    found = json.loads(cli("policy", "diff", "gdpr", ours, "--json").stdout)
    assert {"key": "entities.URL.operator", "old": "replace", "new": "keep"} in found
    assert {"key": "entities.IMEI.operator", "old": "token", "new": "replace"} in found
    assert "no difference" in cli("policy", "diff", ours, ours).stderr


@pytest.mark.parametrize(("day", "due"), [(date(2029, 12, 31), False), (date(2030, 1, 1), True)])
def test_years_that_tell_of_great_age_go_out_of_date(day, due):
    told = " ".join(remarks(load_policy("hipaa-safe-harbor"), today=day))
    assert ("raise it to 1941" in told) is due
