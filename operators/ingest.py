"""The four steps of an ingest run: list, seal (mapped), record, publish."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from operators.assets import SEALED_DATASET
from operators.base import StepOperator
from operators.identity import provenance_of
from operators.links import AuditPageLink, ReportLink

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from redactory.config import RunConfig


class ListSourcesOperator(StepOperator):
    """Finds the input; returns at most 1024 batches ``{batch_id, manifest_path, sha256}``."""

    def step(self, config: RunConfig, run_id: str, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002
        """List the sources of this run."""
        from redactory.pipeline import list_batches  # noqa: PLC0415

        return list_batches(config, run_id)


class SealBatchOperator(StepOperator):
    """Redacts and seals one batch; meant to be mapped over the output of the list step.

    Args:
        batch: one entry of what the list step returned.
    """

    template_fields = ("batch",)

    def __init__(self, *, batch: dict[str, Any], **operator_arguments: Any) -> None:
        super().__init__(**operator_arguments)
        self.batch = batch

    def step(self, config: RunConfig, run_id: str, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Seal the batch; returns paths, digests and counts."""
        from redactory.pipeline import seal_batch  # noqa: PLC0415

        return seal_batch(config, run_id, self.batch)


class RecordOperator(StepOperator):
    """Puts the sealed shards in place and states them in the log; needs the log key.

    Args:
        results: what the seal steps returned.
    """

    template_fields = ("results",)

    def __init__(
        self, *, results: XComArg | Iterable[dict[str, Any]], **operator_arguments: Any
    ) -> None:
        super().__init__(**operator_arguments)
        self.results: Any = results  # an XComArg until Airflow renders it into the list

    def step(self, config: RunConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Record every batch; returns ``{run_id, checkpoint_size, root}``."""
        from redactory.pipeline import record_run  # noqa: PLC0415

        return record_run(config, run_id, list(self.results), provenance_of(context))


class PublishOperator(StepOperator):
    """Publishes the recorded run and says so through the asset; needs the log key.

    Args:
        results: what the seal steps returned.
    """

    template_fields = ("results",)
    operator_extra_links = (AuditPageLink(), ReportLink())

    def __init__(
        self, *, results: XComArg | Iterable[dict[str, Any]], **operator_arguments: Any
    ) -> None:
        super().__init__(outlets=[SEALED_DATASET], **operator_arguments)
        self.results: Any = results  # an XComArg until Airflow renders it into the list

    def step(self, config: RunConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Publish; returns counts, digests and the dataset's version, as in the asset event.

        Raises:
            AirflowSkipException: the dataset held everything already; no event wakes anybody.
        """
        from airflow.sdk.exceptions import AirflowSkipException  # noqa: PLC0415

        from redactory.pipeline import publish_run  # noqa: PLC0415

        published = publish_run(config, run_id, list(self.results), provenance_of(context))
        if not published["new"]:
            raise AirflowSkipException("nothing new to publish")
        context["outlet_events"][SEALED_DATASET].extra = dict(published)
        return published
