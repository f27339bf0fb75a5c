"""Policies: the built-in one, and one line for every way to get one wrong."""

import pytest
from pydantic import ValidationError

from pii_rules.policy import built_in_policies, load_policy
from redactory.errors import PolicyError

HEAD = 'name = "p"\nversion = "1.0.0"\n'


@pytest.fixture
def load(tmp_path):
    def write(text):
        path = tmp_path / "p.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_policy(path)

    return write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "speed = 1\n", ["unknown key speed", "allowed:", "entities"]),
        (
            HEAD + '[entities.PHONE_NUMBER]\noperater = "mask"\n',
            ["operater", "operator", "keep_last"],
        ),
        (HEAD + '[entities.PHONE_NUMBER]\noperator = "shred"\n', ["operator", "'mask'", "'token'"]),
        (HEAD + '[default]\noperator = "hash"\n', ["default.operator", "not keyed", "token"]),
        (HEAD + '[default]\noperator = "encrypt"\n', ["without authentication", "token"]),
        (HEAD + "[default]\nthreshold = 2\n", ["default.threshold", "less than or equal to 1"]),
        (HEAD + "[entities.URL]\nkeep_last = 4\n", ["entities.URL", "keep_last", "mask"]),
        (HEAD + '[entities.URL]\noperator = "mask"\nwith = "x"\n', ["with", "replace", "mask"]),
        (HEAD + "[entities.url]\n", ["entities.url", "pattern"]),
        (HEAD + 'languages = ["fr"]\n', ["languages", "'en'", "'zh'"]),
        (HEAD + "languages = []\n", ["languages", "en, zh"]),
        (HEAD + "max_quarantine_share = -1\n", ["max_quarantine_share", "greater than"]),
        (HEAD + 'scope = "a b"\n', ["scope", "pattern"]),
        ('name = "p"\n', ["key version is missing"]),
        ("name = \n", ["not a TOML file"]),
        (b"name = '\xff'\n", ["not a TOML file", "UTF-8"]),
    ],
)
def test_a_wrong_policy_is_named_in_one_line(load, text, words):
    with pytest.raises(PolicyError) as caught:
        load(text)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_an_unknown_name_lists_the_built_in_ones():
    with pytest.raises(PolicyError, match="gdpr"):
        load_policy("gdrp")


def test_gdpr_is_built_in_and_keeps_nothing():
    assert built_in_policies() == ["gdpr"]
    policy = load_policy("gdpr")
    assert policy.name == "gdpr"
    assert policy.safe_columns == ()
    assert policy.max_quarantine_share == 0.01
    assert "keep" not in {rule.operator for rule in policy.entities.values()}
    assert policy.rule("EMAIL_ADDRESS").operator == "token"
    assert policy.rule("NEVER_HEARD_OF").operator == "replace"


def test_a_type_without_threshold_takes_the_default(load):
    policy = load(HEAD + '[default]\nthreshold = 0.7\n[entities.URL]\noperator = "keep"\n')
    assert policy.rule("URL").threshold == 0.7


def test_digest_follows_content_only(load):
    one = load(HEAD + '[entities.URL]\noperator = "keep"\n[entities.UUID]\noperator = "mask"\n')
    same = load(
        HEAD + '# why\n[entities.UUID]\noperator = "mask"\n[entities.URL]\noperator="keep"\n'
    )
    other = load(HEAD + '[entities.URL]\noperator = "keep"\n')
    assert one.digest == same.digest != other.digest
    assert len(one.digest) == 64


def test_a_policy_is_immutable(policy):
    with pytest.raises(ValidationError):
        policy.name = "x"
    with pytest.raises(TypeError):
        policy.entities["URL"] = policy.default
