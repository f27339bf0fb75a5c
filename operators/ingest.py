"""The steps of an ingest run: list, seal (mapped), record, publish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

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

    Needs recipients' public keys and the scope's pseudonym key only. In ``map_index_template``
    the names of the shards that it sealed are ``shards``, once there are any.

    Args:
        batch: one entry of what the list step returned.
    """

    template_fields = ("batch",)

    def __init__(self, *, batch: dict[str, Any], **operator_arguments: Any) -> None:
        super().__init__(**operator_arguments)
        self.batch = batch

    def step(self, config: RunConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Seal the batch; returns paths, digests and counts."""
        from operators.metrics import emit  # noqa: PLC0415
        from redactory.pipeline import counts_of_batch, seal_batch  # noqa: PLC0415

        _skip_published(config, run_id)
        result = seal_batch(config, run_id, self.batch)
        counts = counts_of_batch(config, run_id, result)
        emit(counts)
        cast("dict[str, Any]", context)["shards"] = _named(counts.shards)
        return result


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

        _skip_published(config, run_id)
        return record_run(config, run_id, list(self.results), provenance_of(context))


class PublishOperator(StepOperator):
    """Publishes the recorded run and says so through the asset; needs the log key.

    Every run is announced once. When an earlier try published and could not say so, this one
    does; when it could, there is no second event.

    Args:
        results: what the seal steps returned.
    """

    template_fields = ("results",)
    operator_extra_links = (AuditPageLink(), ReportLink())

    def __init__(
        self, *, results: XComArg | Iterable[dict[str, Any]], **operator_arguments: Any
    ) -> None:
        super().__init__(inlets=[SEALED_DATASET], outlets=[SEALED_DATASET], **operator_arguments)
        self.results: Any = results  # an XComArg until Airflow renders it into the list

    def step(self, config: RunConfig, run_id: str, context: Context) -> dict[str, Any]:
        """Publish; returns counts, digests and the dataset's version, as in the asset event.

        Raises:
            AirflowSkipException: the dataset held everything already, or the run was announced
                before; no event wakes anybody.
        """
        from airflow.sdk.exceptions import AirflowSkipException  # noqa: PLC0415

        from redactory.pipeline import is_published, publish_run  # noqa: PLC0415

        before = is_published(config, run_id)
        published = publish_run(
            config, run_id, list(self.results), provenance_of(context), asked=True
        )
        if published["departed"]:
            self.log.warning("%s sources were deleted or emptied", published["departed"])
        if not published["new"]:
            raise AirflowSkipException("nothing new to publish")
        if before and _is_announced(run_id, context):
            raise AirflowSkipException("this run was announced before")
        context["outlet_events"][SEALED_DATASET].extra = dict(published)
        return published


def _skip_published(config: RunConfig, run_id: str) -> None:
    """A task that somebody clears after its run was published has nothing left to do.

    Raises:
        AirflowSkipException: so it is.
    """
    from airflow.sdk.exceptions import AirflowSkipException  # noqa: PLC0415

    from redactory.pipeline import is_published  # noqa: PLC0415

    if is_published(config, run_id):
        raise AirflowSkipException("this run was published before")


def _is_announced(run_id: str, context: Context) -> bool:
    """Whether the asset has an event of this run; the oldest there can be is as old as the run.

    Airflow 3.3 cannot tell as long as a run that an event woke has not begun: the task then
    fails, and the next try asks again.
    """
    dag_run: Any = context["dag_run"]
    events = context["inlet_events"][SEALED_DATASET].after(dag_run.run_after.isoformat())
    return any((event.extra or {}).get("run_id") == run_id for event in events)


def _named(shards: Sequence[str]) -> str:
    """The first shard, short as in the audit pages, and how many others there are."""
    if not shards:
        return ""
    others = f" and {len(shards) - 1} more" if len(shards) > 1 else ""
    return f"{shards[0][:12]}{others}"
