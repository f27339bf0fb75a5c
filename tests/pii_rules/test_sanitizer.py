"""The front door, and its adapters, as their documentation uses them."""

import pytest

from pii_rules import Sanitizer
from pii_rules.adapters.frames import sanitize_frame
from pii_rules.adapters.hugging_face import sanitizing_map
from pii_rules.sanitizer import key_from_passphrase
from redactory.errors import InputError, KeyringError, LeakError, PolicyError

KEY = bytes(range(32))
TEXTS = ["Mail bob@example.com", "nothing", None, "call 138 0013 8000"]


@pytest.fixture(scope="module")
def sanitizer():
    return Sanitizer.from_policy("gdpr", key=KEY, ner="none")


def test_a_text_and_a_batch(sanitizer):
    alone = sanitizer.sanitize("Mail bob@example.com")
    assert alone.startswith("Mail <EMAIL_ADDRESS:")
    batch = sanitizer.sanitize(TEXTS)
    assert batch[:3] == [alone, "nothing", None]
    assert "138" not in batch[3]
    assert sanitizer.sanitize([]) == []


def test_names_go_too_by_default():
    text = Sanitizer.from_policy("llm-corpus", key=KEY).sanitize("I met John Smith in London.")
    assert "Smith" not in text
    assert "<" not in text


def test_the_key_decides_tokens_and_no_key_gives_others_each_time(sanitizer):
    again = Sanitizer.from_policy("gdpr", key=KEY, ner="none", gate=False)
    assert again.sanitize(TEXTS) == sanitizer.sanitize(TEXTS)
    drawn = Sanitizer.from_policy("gdpr", ner="none", gate=False)
    assert drawn.sanitize(TEXTS) != sanitizer.sanitize(TEXTS)


def test_a_text_that_leaks_is_withheld_by_its_number(sanitizer):
    with pytest.raises(LeakError, match="text 1") as caught:
        sanitizer.sanitize(["fine", "MRN: 48392011. Later 48392011 again, glued48392011"])
    assert "48392011" not in str(caught.value)


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 33])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(KeyringError, match="32 bytes"):
        Sanitizer.from_policy("gdpr", key=key)


def test_an_unknown_policy_is_refused():
    with pytest.raises(PolicyError, match="no such policy"):
        Sanitizer.from_policy("gdrp")


def test_a_passphrase_gives_a_key():
    salt = b"corpus-of-letter"
    assert len(key_from_passphrase("six long words", salt=salt)) == 32
    assert key_from_passphrase("a", salt=salt) != key_from_passphrase("b", salt=salt)
    with pytest.raises(KeyringError):
        key_from_passphrase("", salt=salt)
    with pytest.raises(KeyringError):
        key_from_passphrase("words", salt=b"short")


def test_it_says_what_it_is(sanitizer):
    assert sanitizer.describe()["policy"] == f"sha256:{sanitizer.policy.digest}"


def test_in_a_scikit_learn_pipeline():
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    from pii_rules.adapters.scikit import SanitizingTransformer

    step = SanitizingTransformer("gdpr", key=KEY, ner="none")
    assert clone(step).key == KEY
    assert KEY.hex() not in repr(step)
    assert repr(KEY) not in repr(step)
    vectorizer = CountVectorizer()
    made = make_pipeline(step, vectorizer).fit_transform(["Mail bob@example.com", "nothing"])
    assert made.shape[0] == 2
    assert "bob" not in vectorizer.get_feature_names_out()


def test_as_a_map_over_batches(sanitizer):
    function = sanitizing_map(sanitizer, ["text", "title"])
    done = function({"text": TEXTS, "title": ["a@example.com"] * 4, "n": [1, 2, 3, 4]})
    assert set(done) == {"text", "title"}
    assert done["text"] == sanitizer.sanitize(TEXTS)


def test_with_hugging_face_datasets(sanitizer):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": TEXTS, "n": [1, 2, 3, 4]})
    done = data.map(sanitizing_map(sanitizer), batched=True, new_fingerprint="sanitized")
    assert done["text"][:] == sanitizer.sanitize(TEXTS)
    assert done["n"][:] == [1, 2, 3, 4]


def test_with_pandas(sanitizer):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "n": [1, 2, 3, 4]}, index=list("abcd"))
    done = sanitize_frame(frame, ["text"], sanitizer)
    texts = [None if pandas.isna(value) else value for value in done["text"]]
    assert texts == sanitizer.sanitize(TEXTS)
    assert list(done.index) == list("abcd")
    assert frame["text"].iloc[0] == TEXTS[0]
    with pytest.raises(InputError, match="no column"):
        sanitize_frame(frame, ["body"], sanitizer)
