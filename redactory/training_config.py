"""The configuration of unattended training: the ``[train]`` table, and the DAG's form."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Measured = Literal["squared_error", "accuracy"]


class TrainConfig(BaseModel):
    """Which rows are trained on, by which parties, how, and where things go.

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
    spec: str = Field(default="default", description="Feature spec (TOML or JSON), or 'default'")
    encoder: str | None = Field(
        default=None,
        description="Folder or spaCy pipeline of the features' encoder, if they have one",
    )
    held_out: float = Field(
        default=0.2, ge=0, lt=1, description="Share of the records kept from training"
    )
    jobs: str | None = Field(default=None, description="Folder of the jobs; FEATURES.jobs")
    models: str | None = Field(default=None, description="Folder of the models; FEATURES.models")

    owner: str = Field(default="owner", description="Your name in the job")
    cards: tuple[str, ...] = Field(
        default=(), description="Cards of the parties, in order; none: three parties here"
    )
    party: str | None = Field(default=None, description="Folder of the party that runs here")
    threshold: int = Field(
        default=1, ge=1, le=3, description="How many parties together learn nothing"
    )
    connect_seconds: float = Field(
        default=600.0, gt=0, le=86_400, description="How long parties wait for each other"
    )
    others_seconds: float = Field(
        default=86_400.0, gt=0, description="How long parties run by others are waited for"
    )

    training: str | None = Field(
        default=None, description="TOML with a training section; what follows goes over it"
    )
    model: Literal["logistic", "softmax", "network"] | None = Field(
        default=None, description="Default: logistic for two classes, else softmax"
    )
    epochs: int | None = Field(default=None, ge=1, le=10_000, description="Passes over the rows")
    batch_rows: int | None = Field(default=None, ge=1, description="Rows of a mini-batch")
    learning_rate: Positive | None = Field(default=None, description="Step length")
    l2: float | None = Field(default=None, ge=0, description="Penalty on the weights")
    assume_range: bool | None = Field(
        default=None, description="Vouch that scores stay in range where it is not proven"
    )
    epoch_metrics: tuple[Measured, ...] | None = Field(
        default=None, description="Opened after every epoch; squared_error, without a budget"
    )
    metrics: tuple[str, ...] | None = Field(
        default=None, description="Opened at the end; accuracy and confusion, without a budget"
    )
    commit: bool = Field(default=True, description="Commit to the model, for proofs of predictions")

    @property
    def features_folder(self) -> str | None:
        """The feature dataset; None if nothing was configured."""
        return self.features or (f"{self.dataset}.features" if self.dataset else None)

    def learning(self) -> dict[str, Any]:
        """What goes over the training section."""
        names = {"model", "epochs", "batch_rows", "learning_rate", "l2", "assume_range"}
        return self.model_dump(include=names | {"epoch_metrics", "metrics"})
