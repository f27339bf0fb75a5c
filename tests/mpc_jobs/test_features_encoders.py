"""Encoders by configuration: a spaCy pipeline with vectors, an ONNX model with its tokenizer."""

import struct

import numpy as np
import pytest

from mpc_jobs.features import FeatureSpec, open_featuriser
from mpc_jobs.features.onnx_encoder import MODEL_FILE, TOKENIZER_FILE, onnx_spec
from mpc_jobs.features.spacy_vectors import spacy_spec
from redactory.errors import InputError

TABLE = np.array([[0, 0, 0], [3, 4, 0], [0, 0, 5], [1, 1, 1]], np.float32)
VOCABULARY = {"[UNK]": 0, "north": 1, "up": 2, "all": 3}


def _number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    raw = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(raw)) + raw


def _tensor_info(name: str, kind: int, *dims: str) -> bytes:
    shape = b"".join(_field(1, _field(2, dim)) for dim in dims)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _embedding_model() -> bytes:
    """ONNX: ``Gather(table, input_ids)``, so each token's vector is its row of the table."""
    table = _field(1, 4) + _field(1, 3) + _field(2, 1) + _field(8, "table")
    table += _field(9, b"".join(struct.pack("<f", x) for x in TABLE.reshape(-1)))
    node = _field(1, "table") + _field(1, "input_ids") + _field(2, "out") + _field(4, "Gather")
    graph = _field(1, node) + _field(2, "g") + _field(5, table)
    graph += _field(11, _tensor_info("input_ids", 7, "rows", "tokens"))
    graph += _field(12, _tensor_info("out", 1, "rows", "tokens", "d"))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


@pytest.fixture
def encoder(tmp_path):
    """A folder with a tiny encoder."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / MODEL_FILE).write_bytes(_embedding_model())
    (tmp_path / TOKENIZER_FILE).write_text(tokenizer.to_str())
    return tmp_path


@pytest.fixture
def pipeline(tmp_path):
    """A spaCy pipeline with two words in its vectors."""
    import spacy

    made = spacy.blank("en")
    made.vocab.set_vector("north", np.array([3, 4, 0], np.float32))
    made.vocab.set_vector("up", np.array([0, 0, 5], np.float32))
    made.to_disk(tmp_path / "pipeline")
    return str(tmp_path / "pipeline")


def test_the_mean_of_an_encoders_token_vectors_scaled_to_one(encoder):
    spec = onnx_spec(str(encoder), d=3, scale_bits=10)
    rows = open_featuriser(spec, str(encoder)).rows(["north", "north up", "", "unknown"])
    assert np.abs(rows / 1024 - [[0.6, 0.8, 0], [0.424, 0.566, 0.707], [0] * 3, [0] * 3]).max() < (
        0.002
    )


def test_the_first_token_can_stand_for_the_text(encoder):
    spec = onnx_spec(str(encoder), d=3)
    rules = spec.featuriser.model_copy(update={"pooling": "first"})
    rows = open_featuriser(spec.model_copy(update={"featuriser": rules}), str(encoder)).rows(
        ["up north north"]
    )
    assert rows.tolist() == [[0, 0, 2**20]]


def test_a_long_text_is_cut(encoder):
    spec = onnx_spec(str(encoder), d=3)
    rules = spec.featuriser.model_copy(update={"max_tokens": 8})
    rows = open_featuriser(spec.model_copy(update={"featuriser": rules}), str(encoder)).rows(
        ["up " * 8 + "north " * 50]
    )
    assert rows.tolist() == [[0, 0, 2**20]]


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
def test_an_exchanged_encoder_is_refused(encoder, name):
    spec = onnx_spec(str(encoder), d=3)
    (encoder / name).write_bytes((encoder / name).read_bytes() + b" ")
    with pytest.raises(InputError, match="not those of the spec"):
        open_featuriser(spec, str(encoder))


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
def test_a_broken_encoder_is_refused(encoder, name):
    (encoder / name).write_bytes(b"\x00\x01")
    with pytest.raises(InputError):
        open_featuriser(onnx_spec(str(encoder), d=3), str(encoder))
    (encoder / name).unlink()
    with pytest.raises(InputError, match="holds no"):
        onnx_spec(str(encoder), d=3)


def test_an_encoder_of_another_width_is_refused(encoder):
    with pytest.raises(InputError, match="4 entries"):
        open_featuriser(onnx_spec(str(encoder), d=4), str(encoder)).rows(["up"])


def test_the_mean_of_spacy_vectors(pipeline):
    spec = spacy_spec(pipeline, scale_bits=10)
    assert spec.d == 3
    rows = open_featuriser(spec, pipeline).rows(["north", "up and north", "nothing known"])
    assert np.abs(rows / 1024 - [[0.6, 0.8, 0], [0.424, 0.566, 0.707], [0] * 3]).max() < 0.002


def test_another_spacy_pipeline_is_refused(pipeline, tmp_path):
    import spacy

    spec = spacy_spec(pipeline)
    other = spacy.load(pipeline)
    other.vocab.set_vector("up", np.array([5, 0, 0], np.float32))
    other.to_disk(tmp_path / "other")
    with pytest.raises(InputError, match="not the one of the spec"):
        open_featuriser(spec, str(tmp_path / "other"))
    with pytest.raises(InputError, match="no such spaCy pipeline"):
        spacy_spec("no-such-pipeline")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(InputError, match="no vectors"):
        spacy_spec(str(tmp_path / "blank"))
    with pytest.raises(InputError, match="spec says 8"):
        open_featuriser(FeatureSpec(featuriser=spec.featuriser, d=8), pipeline)
