"""``features.json``: what the rows of a feature dataset are, and what they were made from.

Its digest stands in the ``featurised`` statement and in the run's manifest. A feature dataset
without commitments to its rows says so by having no ``commitment_root``; nothing can be proved
about predictions on it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from mpc_jobs.features.spec import FeatureSpec
from sealed_shards.header import Hex64
from sealed_shards.manifest import Count, Document

FEATURES_FILE: Final = "features.json"


class DerivedFrom(Document):
    """The text dataset, as its log stood when the rows were made."""

    dataset: str
    version: Annotated[int, Field(ge=1)]
    log: str
    checkpoint_size: Count
    root: Hex64


class FeaturesInfo(Document):
    """What a reader of the rows must know.

    Attributes:
        spec: how a text became a row.
        spec_digest: its digest, for readers without the program.
        derived_from: the text dataset.
        held_out_share: of the records (or persons) that are kept from training.
        commitment_root: over the commitments to all rows; None where there are none.
    """

    format: Literal["redactory-feature-dataset/v1"] = "redactory-feature-dataset/v1"
    # JSON has no tuples: a strict parent must let the spec read lists.
    spec: Annotated[FeatureSpec, Field(strict=False)]
    spec_digest: Hex64
    derived_from: DerivedFrom
    held_out_share: Annotated[float, Field(ge=0, lt=1)]
    commitment_root: Hex64 | None = None
