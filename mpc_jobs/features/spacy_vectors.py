"""Mean of word vectors, version 1: any spaCy pipeline that has vectors.

The mean runs over the tokens that have a vector. The digest of a model covers its table of
vectors and the words that point into it, so a pipeline that was updated is another model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.features.optional import load
from mpc_jobs.features.scaling import to_integers, unit_rows
from mpc_jobs.features.spec import FeatureSpec, SpacyVectors
from redactory.errors import InputError


class SpacyFeaturiser:
    """Texts to scaled mean vectors.

    Args:
        spec: whose featuriser is :class:`~mpc_jobs.features.spec.SpacyVectors`.
        model: a pipeline's name or folder.

    Raises:
        InputError: the pipeline is missing, has no vectors, or is not the spec's.
    """

    def __init__(self, spec: FeatureSpec, model: str) -> None:
        self._pipeline = _loaded(model)
        self._scale_bits = spec.scale_bits
        found, width = _measured(self._pipeline)
        if not isinstance(spec.featuriser, SpacyVectors) or found != spec.featuriser.model_sha256:
            raise InputError("the spaCy pipeline is not the one of the spec", where=model)
        if width != spec.d:
            raise InputError(f"its vectors have {width} entries, the spec says {spec.d}")

    def rows(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Integers ``[n, d]``; a text without any known word is a row of zeros."""
        width = self._pipeline.vocab.vectors_length
        means = np.zeros((len(texts), width), np.float64)
        for row, text in enumerate(texts):
            known = [t.vector for t in self._pipeline.make_doc(text) if t.has_vector]
            if known:
                means[row] = np.mean(known, axis=0, dtype=np.float64)
        return unit_rows(to_integers(means), self._scale_bits)


def spacy_spec(model: str, **others: Any) -> FeatureSpec:
    """The spec for a pipeline that is here; ``others`` are fields of the spec.

    Raises:
        InputError: the pipeline is missing or has no vectors.
    """
    digest, width = _measured(_loaded(model))
    return FeatureSpec(featuriser=SpacyVectors(model_sha256=digest), d=width, **others)


def _loaded(model: str) -> Any:
    spacy = load("spacy")
    try:
        return spacy.load(model)
    except (OSError, ValueError):
        raise InputError("there is no such spaCy pipeline", where=model) from None


def _measured(pipeline: Any) -> tuple[str, int]:
    """(digest, number of entries) of the pipeline's vectors."""
    vectors = pipeline.vocab.vectors
    if not vectors.shape[1] or not vectors.n_keys:
        raise InputError("the spaCy pipeline has no vectors")
    keys = np.array(sorted(vectors.key2row.items()), np.uint64)
    table = np.ascontiguousarray(vectors.data, np.float32)
    digest = hashlib.sha256(f"{table.shape}".encode() + keys.tobytes() + table.tobytes())
    return digest.hexdigest(), int(vectors.shape[1])
