"""What importing and running must not do: load much, reach out, write caches."""

import os
import subprocess
import sys

OFFLINE = """
import socket, sys
def refuse(*_, **__):
    raise AssertionError("network")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
from pii_rules import Detector
texts = {"a": "mail bob@example.com, https://example.org, +44 20 7946 0958, x@y.internal"}
texts["b"] = "张伟病了"
print(len(Detector().detect_record(texts)))
"""
LAZY = """
import sys
import pii_rules
from pii_rules.policy import load_policy
from pii_rules import Span, Refused
load_policy("gdpr").digest
heavy = {"spacy", "presidio_analyzer", "presidio_anonymizer", "phonenumbers", "tldextract",
    "onnxruntime", "tokenizers"}
print(sorted(heavy & set(sys.modules)))
"""


def run(code, home):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_policy_and_spans_need_neither_presidio_nor_spacy(tmp_path):
    assert run(LAZY, tmp_path) == "[]"


def test_detection_needs_no_network_and_leaves_its_screen_only(tmp_path):
    assert run(OFFLINE, tmp_path) == "5"
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert all(name.startswith("screen-") for name in left)
    assert len(left) <= 1
