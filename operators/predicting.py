"""The three steps of a prediction run: features up to date, predict and prove, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operators.base import ConfiguredOperator
from operators.configuration import Configuration
from operators.identity import provenance_of
from redactory.proving_config import PredictConfig

if TYPE_CHECKING:
    from airflow.sdk import Context

PREDICT = Configuration(PredictConfig, table="predict")


class UpdateFeaturesOperator(ConfiguredOperator[PredictConfig]):
    """Brings the feature dataset up to date with its texts; needs the reader key."""

    configuration = PREDICT

    def step(self, config: PredictConfig, run_id: str, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Make what is missing; returns counts.

        Raises:
            AirflowSkipException: there is no feature dataset yet; training makes it.
        """
        from redactory.proving_steps import update  # noqa: PLC0415

        return _or_skip(update(config, provenance_of(context)), "there are no features yet")


class PredictOperator(ConfiguredOperator[PredictConfig]):
    """Predicts on what the model has no proofs for, and proves it; needs the reader key."""

    configuration = PREDICT

    def step(self, config: PredictConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Predict; returns the model's id, and counts.

        Raises:
            AirflowSkipException: there is no model yet, or it has proofs for everything.
        """
        from redactory.proving_steps import predict_new  # noqa: PLC0415

        made = predict_new(config, run_id, provenance_of(context))
        return _or_skip(made, "there is no model yet, or nothing new for it")


class VerifyProofsOperator(ConfiguredOperator[PredictConfig]):
    """Verifies the proofs of the run as an auditor would, and records the verdict."""

    configuration = PREDICT

    def step(self, config: PredictConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Verify; returns counts, and fails if anything is not proven."""
        from redactory.proving_steps import verify  # noqa: PLC0415

        return verify(config, run_id, provenance_of(context))


def _or_skip(made: dict[str, Any] | None, why: str) -> dict[str, Any]:
    from airflow.sdk.exceptions import AirflowSkipException  # noqa: PLC0415

    if made is None:
        raise AirflowSkipException(why)
    return made
