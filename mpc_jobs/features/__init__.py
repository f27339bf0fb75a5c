"""Features: what a model sees of a text, as bounded integers (contracts, "Features").

A :class:`FeatureSpec` says how a text becomes a row of integers; a featuriser does it; the
rows are stored in a sealed feature dataset, and dealer, training and prediction read the
same integers there. Nothing here learns anything from the data it is given: every constant
is public, so a spec's digest can stand in a log.
"""

from mpc_jobs.features.opening import Featuriser, open_featuriser
from mpc_jobs.features.rows import FeatureRows, feature_rows
from mpc_jobs.features.spec import FeatureSpec, HashedNgrams, OnnxEncoder, SpacyVectors
from mpc_jobs.features.split import held_out

__all__ = [
    "FeatureRows",
    "FeatureSpec",
    "Featuriser",
    "HashedNgrams",
    "OnnxEncoder",
    "SpacyVectors",
    "feature_rows",
    "held_out",
    "open_featuriser",
]
