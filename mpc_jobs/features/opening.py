"""From a spec to the featuriser that follows it; libraries are loaded when first needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.features.spec import FeatureSpec, HashedNgrams, SpacyVectors
from redactory.errors import InputError


class Featuriser(Protocol):
    """Turns texts into rows of bounded integers."""

    def rows(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Integers ``[n, d]`` of norm at most ``spec.norm_bound`` each."""


def open_featuriser(spec: FeatureSpec, model: str | None = None) -> Featuriser:
    """The featuriser of a spec.

    Args:
        spec: what to do.
        model: where the encoder's files are: a folder, or a spaCy pipeline's name.

    Raises:
        InputError: a model is missing, is not the spec's, or needs a library that is not
            installed.
    """
    kind = spec.featuriser
    if isinstance(kind, HashedNgrams):
        from mpc_jobs.features.hashed import HashedFeaturiser  # noqa: PLC0415 - compiles

        return HashedFeaturiser(spec)
    if model is None:
        raise InputError(f"the spec's featuriser {kind.kind} needs a model", hint="give --model")
    if isinstance(kind, SpacyVectors):
        from mpc_jobs.features.spacy_vectors import SpacyFeaturiser  # noqa: PLC0415 - an extra

        return SpacyFeaturiser(spec, model)
    from mpc_jobs.features.onnx_encoder import OnnxFeaturiser  # noqa: PLC0415 - an extra

    return OnnxFeaturiser(spec, model)
