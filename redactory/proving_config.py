"""The configuration of unattended predictions: the ``[predict]`` table, and the DAG's form."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PredictConfig(BaseModel):
    """Which rows are predicted on, with which model, and where things go.

    Unknown keys are refused: a misspelt key would silently not apply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str | None = Field(default=None, description="The text dataset's folder")
    ledger: str | None = Field(default=None, description="Its log, if it is not inside the dataset")
    scope: str | None = Field(default=None, description="Pseudonym scope of its records")
    features: str | None = Field(
        default=None, description="The feature dataset's folder; default: DATASET.features"
    )
    feature_ledger: str | None = Field(
        default=None, description="Log of the feature dataset, if it is not inside it"
    )
    encoder: str | None = Field(
        default=None,
        description="Folder or spaCy pipeline of the features' encoder, if they have one",
    )
    model: str | None = Field(
        default=None,
        description="Folder with model.json and opening.json; default: what was trained last",
    )
    models: str | None = Field(
        default=None, description="Folder of the trained models; FEATURES.models"
    )
    labels: str | None = Field(
        default=None, description="Folder of the labels, by run; FEATURES.labels"
    )
    shown_scores: Literal["hidden", "revealed"] = Field(
        default="hidden", description="What the proofs show of scores"
    )
    shown_labels: Literal["public", "committed"] = Field(
        default="public", description="What the proofs show of labels"
    )

    @property
    def features_folder(self) -> str | None:
        """The feature dataset; None if nothing was configured."""
        return self.features or (f"{self.dataset}.features" if self.dataset else None)
