"""The leak gate: what redaction leaves behind is caught, its own writing is not."""

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules import Detector, LeakGate, Policy, Redactor, Refused, Replacement, Span
from pii_rules.forms import places_of
from pii_rules.gate import Leak
from redactory.errors import InputError


@pytest.fixture(scope="module")
def gate(detector):
    return LeakGate(detector)


def rows(*texts):
    return pa.RecordBatch.from_pydict({"text": list(texts)})


def written(start, end, kind="PHONE_NUMBER"):
    return Replacement("text", start, end, kind, 1.0, "r", None, "replace")


def test_clean_rows_pass(gate):
    assert gate.check(rows("call <PHONE_NUMBER> now"), [[written(5, 19)]], [{"13800138000"}]) == {}


def test_a_finding_inside_a_replacement_is_ours(gate):
    text = "call 13800138000 now"
    assert gate.check(rows(text), [[written(5, 16)]], [set()]) == {}


@pytest.mark.parametrize("place", [(5, 10), (10, 16), (7, 12), (0, 8)])
def test_a_straddler_is_a_leak(gate, place):
    text = "call 13800138000 now"
    assert gate.check(rows(text), [[written(*place)]], [set()]) == {0: Leak("leak", [])}


def test_a_finding_over_two_replacements_is_a_leak(gate):
    text = "call 13800138000 now"
    assert gate.check(rows(text), [[written(5, 10), written(10, 16)]], [set()]) == {
        0: Leak("leak", [])
    }


def test_a_finding_outside_is_a_leak(gate):
    texts = rows("fine", "bob@example.com <URL>", "fine")
    assert gate.check(texts, [[], [written(16, 21)], []], [set()] * 3) == {1: Leak("leak", [])}


def test_a_surface_form_left_over_is_a_leak_even_when_glued(gate):
    text = "ref <ACCOUNT_ID> xAB-1234y"
    assert gate.check(rows(text), [[written(4, 16)]], [{"AB-1234"}]) == {0: Leak("leak", [])}
    assert gate.check(rows(text), [[written(4, 16)]], [set()]) == {}


def test_kept_types_are_no_leaks(detector):
    policy = Policy(name="p", version="1.0.0", entities={"URL": {"operator": "keep"}})
    gate = LeakGate(detector, policy)
    assert gate.check(rows("see https://example.com"), [[]], [set()]) == {}
    assert gate.check(rows("see bob@example.com"), [[]], [set()]) == {0: Leak("leak", [])}


def test_a_row_the_second_pass_cannot_read_is_refused(detector):
    class Blind(Detector):
        def __init__(self):
            """Nothing to build."""

        def detect(self, batch, columns=("text",)):
            return [Refused("detector_error")] * batch.num_rows

    assert LeakGate(Blind()).check(rows("a"), [[]], [set()]) == {0: Leak("detector_error", [])}


def test_the_redactor_refuses_what_the_gate_finds(detector, policy, keys):
    batch = rows("mail bob@example.com", "mail amy@example.com", "none")
    found = detector.detect(batch)
    found[1] = []  # a detector that overlooked something
    done = Redactor(policy, keys, gate=LeakGate(detector, policy)).redact(batch, found)
    assert done.refused == [(1, "leak")]
    assert done.kept == [0, 2]
    assert done.report.entities == {"EMAIL_ADDRESS": 1}
    assert "amy" not in str(done.batch.to_pylist())


class Keen(Detector):
    """Finds one name more than its score allows."""

    def __init__(self, detector, word):
        self._whole, self._word = detector, word

    def detect(self, batch, columns=("text",)):
        found = self._whole.detect(batch, columns)
        for spans, text in zip(found, batch.column("text").to_pylist(), strict=True):
            start = text.find(self._word)
            if start >= 0:
                spans.append(Span("text", start, start + len(self._word), "PERSON", 0.3, "keen"))
        return found


def test_a_name_that_only_the_keen_second_look_sees_is_redacted_too(detector, policy, keys):
    gate = LeakGate(Keen(detector, "Fenwick"), policy)
    batch = rows("Mail amy@example.com, says Fenwick, bob@example.com")
    done = Redactor(policy, keys, gate=gate).redact(batch, detector.detect(batch))
    assert done.refused == []
    [text] = done.batch.column("text").to_pylist()
    assert "Fenwick" not in text
    assert text.count("<EMAIL_ADDRESS:") == 2
    assert "says <PERSON>, <EMAIL_ADDRESS:" in text


def test_a_value_in_two_places_is_gone_from_both(detector, policy, keys):
    batch = rows("MRN: 48392011. Later 48392011 again, glued48392011")
    done = Redactor(policy, keys, gate=LeakGate(detector, policy)).redact(
        batch, detector.detect(batch)
    )
    assert done.refused == [(0, "leak")]
    batch = rows("MRN: 48392011. Later 48392011 again, 又48392011")
    done = Redactor(policy, keys, gate=LeakGate(detector, policy)).redact(
        batch, detector.detect(batch)
    )
    assert done.refused == []
    assert "48392011" not in done.batch.column("text")[0].as_py()


PIECES = ["bob@example.com", "138 0013 8000", "SSN 219-09-9999", "4111111111111111", "phone "]
PIECES += ["account ", "账号", "2024-03-12", "https://example.com/x", "192.0.2.1", " 12345678 "]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from([" ", "，", "\n", ", "]))
def test_what_was_found_never_comes_out(detector, policy, keys, pieces, joint):
    text = joint.join(pieces)
    batch = rows(text)
    spans = detector.detect(batch)
    done = Redactor(policy, keys, gate=LeakGate(detector, policy)).redact(batch, spans)
    assert len(done.kept) + len(done.refused) == 1
    for row in done.batch.column("text").to_pylist():
        assert not any(text[s.start : s.end] in row for s in spans[0] if isinstance(s, Span))


@pytest.mark.parametrize("shown", ["ZX-QUOKKA-7731", "zx quokka 7731", "ＺＸＱＵＯＫＫＡ７７３１"])
def test_a_canary_is_seen_however_it_is_written_even_in_a_replacement(detector, shown):
    gate = LeakGate(detector, canaries=["zx-quokka-7731"])
    assert gate.check(rows(f"a {shown} b"), [[]], [set()]) == {0: Leak("canary", [])}
    inside = [written(2, 2 + len(shown))]
    assert gate.check(rows(f"a {shown} b"), [inside], [set()]) == {0: Leak("canary", [])}
    assert gate.check(rows("nothing here"), [[]], [set()]) == {}


def test_a_canary_that_any_text_could_hold_is_refused(detector):
    with pytest.raises(InputError, match="6 letters") as caught:
        LeakGate(detector, canaries=["a-b-c"])
    assert "a-b-c" not in str(caught.value)


def test_what_an_earlier_pass_wrote_is_no_leak(gate):
    texts = rows(
        "password: <PASSWORD>, <AGE:90+> years old", "mail <EMAIL_ADDRESS:0123456789abcdef>"
    )
    assert gate.check(texts, [[], []], [set(), set()]) == {}


def test_many_forms_in_a_long_record_take_one_pass():
    forms = {f"code-{n:06}" for n in range(20_000)}
    text = " ".join(sorted(forms))
    began = time.monotonic()
    assert len(list(places_of(forms, text))) == len(forms)
    assert time.monotonic() - began < 5
