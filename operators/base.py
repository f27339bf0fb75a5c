"""What all operators share: configuration, run id, links, retries, safe failures."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from airflow.sdk import BaseOperator, BaseOperatorLink

from operators.configuration import INGEST, Configuration, Model
from operators.failures import guarded
from operators.identity import pipeline_run_id
from operators.links import AuditPageLink
from operators.retries import RETRY_POLICY
from redactory.config import RunConfig

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConfiguredOperator(BaseOperator, Generic[Model]):
    """One step of a DAG; what it returns is all that goes into XCom.

    The configuration is read from the DAG run's params when the task runs. It is no template
    field, since Airflow stores rendered fields. A subclass that defers wraps its second half in
    :func:`operators.failures.guarded` as well.

    Attributes:
        configuration: of the DAG.
    """

    configuration: ClassVar[Configuration[Any]]
    operator_extra_links: tuple[BaseOperatorLink, ...] = (AuditPageLink(),)

    def __init__(self, **operator_arguments: Any) -> None:
        operator_arguments["retry_policy"] = operator_arguments.get("retry_policy") or RETRY_POLICY
        super().__init__(**operator_arguments)

    def execute(self, context: Context) -> Any:
        """Run the step; its failures leave it with safe messages only."""

        def step() -> Any:
            config = self.configuration.read(context["params"])
            return self.step(config, pipeline_run_id(context), context)

        return guarded(step)

    @abstractmethod
    def step(self, config: Model, run_id: str, context: Context) -> Any:
        """The one call into ``redactory``.

        Args:
            config: of this DAG run.
            run_id: our own id of this DAG run; the same for every task and every try.
            context: Airflow's.
        """


class StepOperator(ConfiguredOperator[RunConfig]):
    """One step of the pipeline."""

    configuration = INGEST
