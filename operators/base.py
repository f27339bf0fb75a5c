"""What the operators of the pipeline share: configuration, run id, safe failures."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from operators.configuration import run_config
from operators.failures import guarded
from operators.identity import pipeline_run_id

if TYPE_CHECKING:
    from airflow.sdk import Context

    from redactory.config import RunConfig


class StepOperator(BaseOperator):
    """One step of the pipeline; what it returns is all that goes into XCom.

    The configuration is read from the DAG run's params when the task runs. It is no template
    field, since Airflow stores rendered fields.
    """

    def execute(self, context: Context) -> Any:
        """Run the step; its failures leave it with safe messages only."""

        def step() -> Any:
            config = run_config(context["params"])
            return self.step(config, pipeline_run_id(context), context)

        return guarded(step)

    @abstractmethod
    def step(self, config: RunConfig, run_id: str, context: Context) -> Any:
        """The one call into ``redactory.pipeline``.

        Args:
            config: of this DAG run.
            run_id: the pipeline's id of this DAG run.
            context: Airflow's.
        """
