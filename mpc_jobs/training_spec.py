"""What a job trains and how: the part of the job description that the model needs."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]

AUC_PAIRS: Final = 4096
"""Public random pairs of validation rows that the AUC is estimated from."""

Metric = Literal["squared_error", "accuracy", "confusion", "auc"]


class Strict(BaseModel):
    """Unknown keys are refused; nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Features(Strict):
    """The integers that are shared: a projection of the FeatureSpec.

    Attributes:
        columns: features of a row, without the constant.
        fraction_bits: an integer v stands for v / 2^fraction_bits.
        largest: no integer is beyond ±largest.
        norm: no row's Euclidean norm (of the numbers that its integers stand for) is beyond it.
        spec_digest: digest of the FeatureSpec; empty for integers that were given as they are.
    """

    columns: int = Field(ge=1, le=1 << 20)
    fraction_bits: int = Field(ge=0, le=30)
    largest: int = Field(ge=1, lt=1 << 40)
    norm: Positive
    spec_digest: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class Labels(Strict):
    """What is predicted.

    Attributes:
        outputs: 1 for two classes or a number; k for one column a class, 0 or 1.
        fraction_bits: 0 for classes.
        largest: no label is beyond ±largest.
        classes: their names, where there are classes; two share one output.
    """

    outputs: int = Field(default=1, ge=1, le=1024)
    fraction_bits: int = Field(default=0, ge=0, le=20)
    largest: int = Field(default=1, ge=1, lt=1 << 40)
    classes: tuple[str, ...] = Field(default=(), max_length=1024)


class EarlyStopping(Strict):
    """Stop when the opened metric has not become better for ``patience`` epochs."""

    metric: Literal["squared_error", "accuracy"] = "squared_error"
    patience: int = Field(default=2, ge=1, le=1000)
    least_gain: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Privacy(Strict):
    """A budget: the model is (ε, δ)-differentially private for every training row."""

    epsilon: float = Field(gt=0, le=1e3, allow_inf_nan=False)
    delta: float = Field(gt=0, lt=1, allow_inf_nan=False)


class Training(Strict):
    """Model, optimisation, precision, and what is opened.

    Attributes:
        model: ``logistic`` (two classes), ``softmax`` (one-vs-rest), ``linear`` (least squares,
            ridge with ``l2``), ``network`` (one hidden layer, square activation).
        sigmoid_degree: of the polynomial; unused for ``linear``.
        batch_rows: rows of a mini-batch of one owner; a last batch may have fewer.
        l2: λ of λ/2 · ‖w‖².
        class_weights: what an example of each output's class counts; empty: 1.
        hidden: units of the hidden layer of a ``network``.
        seed: of the order of rows and of a network's first weights; public.
        weight_bits: fractional bits of weights and scores.
        model_bits: fractional bits of the weights that are revealed and committed to.
        model_range: β: revealed weights are integers below 2^(β−1) in magnitude.
        score_bound: bound on the magnitude of a score; None: where the sigmoid is usable.
        hidden_bound: bound on the magnitude of a hidden unit.
        assume_range: the owners vouch that scores stay in their bound where that is not proven.
        epoch_metrics: opened after every epoch, on the validation rows.
        metrics: opened at the end, on the validation rows.
        privacy: a budget; needs a proven range of scores, and opens no metric.
    """

    model: Literal["logistic", "softmax", "linear", "network"] = "logistic"
    sigmoid_degree: Literal[3, 5, 7] = 3
    epochs: int = Field(default=5, ge=1, le=10_000)
    batch_rows: int = Field(default=256, ge=1, le=1 << 20)
    learning_rate: Positive = 0.5
    l2: float = Field(default=0.0, ge=0, le=1e3, allow_inf_nan=False)
    class_weights: tuple[Positive, ...] = ()
    hidden: int = Field(default=16, ge=1, le=4096)
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    weight_bits: int = Field(default=20, ge=8, le=30)
    model_bits: int = Field(default=12, ge=0, le=30)
    model_range: int = Field(default=24, ge=2, le=40)
    score_bound: Positive | None = None
    hidden_bound: Positive = 4.0
    assume_range: bool = False
    early_stopping: EarlyStopping | None = None
    epoch_metrics: tuple[Literal["squared_error", "accuracy"], ...] = ()
    metrics: tuple[Metric, ...] = ()
    privacy: Privacy | None = None

    @model_validator(mode="after")
    def _sound(self) -> Training:
        stop = self.early_stopping
        if stop is not None and stop.metric not in self.epoch_metrics:
            raise ValueError("early stopping needs its metric among epoch_metrics")
        if self.model == "linear" and {*self.metrics, *self.epoch_metrics} - {"squared_error"}:
            raise ValueError("least squares has no metric but the squared error")
        if self.class_weights and self.model == "linear":
            raise ValueError("class weights need classes")
        if self.privacy is not None and (self.metrics or self.epoch_metrics):
            raise ValueError("metrics on private rows are not within the privacy budget")
        if self.model_bits > self.weight_bits:
            raise ValueError("the revealed weights cannot be finer than those trained")
        return self
