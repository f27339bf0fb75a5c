"""Policies: the built-in one, and one line for every way to get one wrong."""

import pytest
from pydantic import ValidationError

from pii_rules.entities import TYPE_ORDER
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
        (HEAD + '[default]\noperator = "fpe"\n', ["default.operator", "FF1", "surrogate"]),
        (HEAD + '[entities.AGE]\noperator = "mask"\nto = "year"\n', ["to", "generalise"]),
        (HEAD + '[entities.AGE]\nto = "decade"\noperator = "generalise"\n', ["'age_band'"]),
        (HEAD + '[default]\noperator = "reversible"\n', ["allow_worker_reversible = true"]),
        (
            HEAD + "[quasi_identifiers]\nkk = 2\n",
            ["quasi_identifiers.kk", "columns, k, max_share_below_k"],
        ),
        (HEAD + "[residual_limits]\nall = 2\n", ["residual_limits.all", "default, entities"]),
        (HEAD + "[residual_limits.entities]\nURL = 2\n", ["URL", "less than or equal to 1"]),
        (HEAD + '[entities.URL.fr]\noperator = "mask"\n', ["entities.URL.fr", "allowed:", "zh"]),
        (HEAD + "[entities.URL.zh]\nthreshhold = 1\n", ["entities.URL.zh.threshhold", "allowed"]),
        (HEAD + "[entities.URL]\nzh = {threshold = 0.1}\n", ["URL", "not be below"]),
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


BUILT_IN = ["gdpr", "hipaa-safe-harbor", "llm-corpus", "pci-dss", "pipl"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_policy_names_only_types_that_exist_and_says_what_it_is(name):
    assert built_in_policies() == BUILT_IN
    policy = load_policy(name)
    assert policy.name == name
    assert policy.description
    assert policy.safe_columns == ()
    assert not policy.allow_worker_reversible
    assert set(policy.entities) <= set(TYPE_ORDER)
    assert set(policy.residual_limits.entities) <= set(TYPE_ORDER)


def test_safe_harbor_names_the_eighteen_identifiers_and_keeps_none():
    policy = load_policy("hipaa-safe-harbor")
    assert policy.operators() == {"replace", "generalise"}
    assert policy.rule("LOCATION").to == "zip3"
    assert policy.rule("DATE_TIME").to == "year"
    assert policy.rule("DATE_OF_BIRTH").earliest_year == 1940
    assert policy.rule("DATE_TIME").earliest_year == 1940
    assert policy.rule("AGE").to == "age_band"
    named = {"PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "MEDICAL_RECORD_NUMBER"}
    named |= {"INSURANCE_NUMBER", "ACCOUNT_ID", "MEDICAL_LICENSE", "VIN", "LICENSE_PLATE", "IMEI"}
    assert named | {"URL", "IP_ADDRESS"} <= set(policy.entities)


def test_a_language_has_a_rule_of_its_own(load):
    policy = load(
        HEAD + '[entities.PERSON]\noperator = "token"\nthreshold = 0.5\n'
        '[entities.PERSON.zh]\noperator = "surrogate"\n'
    )
    rule = policy.rule("PERSON")
    assert rule.in_language("en").operator == "token"
    assert rule.in_language("zh").operator == "surrogate"
    assert rule.in_language("zh").threshold == 0.5
    assert policy.keys_needed() == {"token", "surrogate"}


def test_common_words_are_those_of_the_list_and_of_the_policy(load):
    policy = load(HEAD + 'common_words = ["Reading"]\n')
    assert policy.is_common("READING")
    assert policy.is_common("Monday")
    assert not policy.is_common("Smith")


def test_gdpr_keeps_nothing():
    policy = load_policy("gdpr")
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
