"""Sentence encoder, version 1: any ONNX model that takes token ids and gives token vectors.

A folder with ``model.onnx`` and ``tokenizer.json``, as exports of sentence encoders have
them. Inputs are ``input_ids``, and ``attention_mask`` and ``token_type_ids`` where the model
asks for them; its first output is ``float[rows, tokens, d]``. Each text runs by itself, on one
thread, so that its row does not depend on the texts beside it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.features.optional import load
from mpc_jobs.features.scaling import to_integers, unit_rows
from mpc_jobs.features.spec import FeatureSpec, OnnxEncoder
from redactory.canonical import sha256_hex
from redactory.errors import InputError

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"


class OnnxFeaturiser:
    """Texts to scaled sentence vectors.

    Args:
        spec: whose featuriser is :class:`~mpc_jobs.features.spec.OnnxEncoder`.
        model: the folder.

    Raises:
        InputError: a file is missing, broken, or not the spec's.
    """

    def __init__(self, spec: FeatureSpec, model: str) -> None:
        rules = spec.featuriser
        if not isinstance(rules, OnnxEncoder):
            raise TypeError("the spec is of another featuriser")
        graph, tokens = _files(Path(model))
        if (sha256_hex(graph), sha256_hex(tokens)) != (rules.model_sha256, rules.tokenizer_sha256):
            raise InputError("the encoder's files are not those of the spec", where=model)
        self._spec = spec
        self._rules = rules
        self._session = _session(graph, where=model)
        self._tokenizer = _tokenizer(tokens, rules.max_tokens, where=model)
        self._inputs = {each.name for each in self._session.get_inputs()}

    def rows(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Integers ``[n, d]``; a text without any token is a row of zeros.

        Raises:
            InputError: the model's vectors have another length than the spec says.
        """
        vectors = np.zeros((len(texts), self._spec.d), np.float64)
        for row, text in enumerate(texts):
            ids = self._tokenizer.encode(text).ids
            if ids:
                vectors[row] = self._vector(ids)
        return unit_rows(to_integers(vectors), self._spec.scale_bits)

    def _vector(self, ids: list[int]) -> NDArray[np.float64]:
        shape = (1, len(ids))
        given = {
            "input_ids": np.array([ids], np.int64),
            "attention_mask": np.ones(shape, np.int64),
            "token_type_ids": np.zeros(shape, np.int64),
        }
        found = self._session.run(None, {k: v for k, v in given.items() if k in self._inputs})[0]
        if found.ndim != 3 or found.shape[2] != self._spec.d:
            raise InputError(f"the encoder's vectors do not have {self._spec.d} entries")
        tokens = found[0].astype(np.float64)
        pooled: NDArray[np.float64] = (
            tokens[0] if self._rules.pooling == "first" else tokens.mean(axis=0)
        )
        return pooled


def onnx_spec(model: str, *, d: int, **others: Any) -> FeatureSpec:
    """The spec for an encoder that is here; ``others`` are fields of the spec.

    Raises:
        InputError: a file is missing.
    """
    graph, tokens = _files(Path(model))
    rules = OnnxEncoder(model_sha256=sha256_hex(graph), tokenizer_sha256=sha256_hex(tokens))
    return FeatureSpec(featuriser=rules, d=d, **others)


def _files(folder: Path) -> tuple[bytes, bytes]:
    try:
        return (folder / MODEL_FILE).read_bytes(), (folder / TOKENIZER_FILE).read_bytes()
    except OSError:
        raise InputError(
            f"holds no {MODEL_FILE} with a {TOKENIZER_FILE}", where=str(folder)
        ) from None


def _session(graph: bytes, *, where: str) -> Any:
    # From 1.29 on the wheels report to their vendor when imported, unless this stands before.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    runtime = load("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - its errors have no common base, and may quote the file
        raise InputError("is not an ONNX model", where=where) from None


def _tokenizer(raw: bytes, longest: int, *, where: str) -> Any:
    tokenizers = load("tokenizers")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(raw.decode("utf-8"))
    except Exception:  # noqa: BLE001 - the library raises bare Exception
        raise InputError("is not a tokenizer", where=where) from None
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    return tokenizer
