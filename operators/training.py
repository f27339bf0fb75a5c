"""The steps of unattended training: features, plan, deal, parties, reveal, record.

Shares and keys never pass through Airflow: a step returns digests, counts and names of parties.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from operators.assets import SEALED_DATASET, TRAINED_MODEL
from operators.base import ConfiguredOperator
from operators.configuration import Configuration
from operators.failures import guarded
from operators.identity import pipeline_run_id, provenance_of
from operators.party_trigger import ReceiptsTrigger
from redactory.training_config import TrainConfig

if TYPE_CHECKING:
    from airflow.sdk import Context

TRAIN = Configuration(
    TrainConfig,
    table="train",
    # The folder with a party's keys is the business of whoever runs the party.
    narrower={"party": {"enum": []}},
)
OWN_PARTIES_VARIABLE = "REDACTORY_OWN_PARTIES"
Facts = dict[str, Any]


def own_parties() -> range:
    """Numbers of the parties that this deployment has a queue for: three unless it says more."""
    return range(1, int(os.environ.get(OWN_PARTIES_VARIABLE, "3")) + 1)


class TrainingOperator(ConfiguredOperator[TrainConfig]):
    """One step of a training run."""

    configuration = TRAIN


class AnnounceDatasetOperator(TrainingOperator):
    """Says what woke the run, and goes on only if there is something to train on."""

    def step(self, config: TrainConfig, run_id: str, context: Context) -> list[int]:  # noqa: ARG002
        """Log every event that started this run; returns the versions, oldest first."""
        versions = []
        for event in context["triggering_asset_events"].get(SEALED_DATASET, ()):
            published = event.extra
            self.log.info(
                "Dataset %s was published in version %s with %s shards and %s records",
                published["dataset"],
                published["dataset_version"],
                published["shards"],
                published["records"],
            )
            versions.append(int(published["dataset_version"]))
        return versions


class BuildFeaturesOperator(TrainingOperator):
    """Brings the feature dataset up to date; reads the texts, which their log records."""

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts | None:  # noqa: ARG002
        """Build; returns counts and digests, or None where ready-made features are configured.

        Raises:
            AirflowSkipException: there are no classes to tell apart, so the whole run is skipped.
        """
        from redactory.training_steps import build, classes_of  # noqa: PLC0415

        if len(classes_of(config)) < 2:
            raise AirflowSkipException("nothing to train on: the records have no classes")
        return build(config, provenance_of(context)) if config.dataset else None


class PlanJobOperator(TrainingOperator):
    """Writes the job description; its bounds are proven before anything is shared."""

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:
        """Plan; returns the job's digest and the parties' names."""
        from redactory.training_steps import plan  # noqa: PLC0415

        return plan(config, run_id, provenance_of(context))


class DealOperator(TrainingOperator):
    """Signs the job as its owner, and seals shares of the rows to the parties."""

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:
        """Deal; returns counts and the job's digest."""
        from redactory.training_steps import deal  # noqa: PLC0415

        return deal(config, run_id, provenance_of(context))


class PartyOperator(TrainingOperator):
    """Is one compute party until the job is done; all parties must run at the same time.

    Args:
        number: of the party in the job, from 1.
    """

    def __init__(self, *, number: int, **operator_arguments: Any) -> None:
        super().__init__(**operator_arguments)
        self.number = number

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:  # noqa: ARG002
        """Take part; started again, it resumes from the last checkpoint.

        Raises:
            AirflowSkipException: the job has no such party, or somebody else runs it.
        """
        from redactory.training_steps import serve  # noqa: PLC0415

        told = serve(config, run_id, self.number, self.log.info)
        if told is None:
            raise AirflowSkipException("this party is run by somebody else, or there is none")
        return told


class AwaitPartiesOperator(TrainingOperator):
    """Waits for the parties that others run, without holding a slot, and counts who finished.

    Args:
        poll_seconds: how often the job's folder is looked at.
    """

    def __init__(self, *, poll_seconds: float = 10.0, **operator_arguments: Any) -> None:
        super().__init__(**operator_arguments)
        self.poll_seconds = poll_seconds

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:
        """Names of the parties that have finished, or a wait for those who have not.

        Raises:
            PartyError: too few have finished, and all of them run here.
        """
        from redactory.training_steps import awaits_others, quorum  # noqa: PLC0415

        if awaits_others(config, run_id):
            self.defer(
                trigger=ReceiptsTrigger(
                    params=dict(context["params"]),
                    run_id=run_id,
                    poll_seconds=self.poll_seconds,
                    wait_seconds=config.others_seconds,
                ),
                method_name=self.resume.__name__,
                timeout=timedelta(seconds=config.others_seconds + 60),
            )
        return quorum(config, run_id)

    def resume(self, context: Context, event: Facts) -> Facts:
        """Count again, once everybody has finished or the time is up."""
        from redactory.training_steps import quorum  # noqa: PLC0415

        self.log.info("%s parties have finished", len(event["finished"]))

        def step() -> Facts:
            return quorum(TRAIN.read(context["params"]), pipeline_run_id(context))

        return guarded(step)


class RevealModelOperator(TrainingOperator):
    """Rebuilds the model from the parties' shares; only its recipient's worker can."""

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:  # noqa: ARG002
        """Reveal; returns digests and the number of epochs, never a weight."""
        from redactory.training_steps import reveal  # noqa: PLC0415

        return reveal(config, run_id)


class RecordModelOperator(TrainingOperator):
    """Puts the model's card beside the rows and its digest into their log; needs the log key."""

    def __init__(self, **operator_arguments: Any) -> None:
        super().__init__(outlets=[TRAINED_MODEL], **operator_arguments)

    def step(self, config: TrainConfig, run_id: str, context: Context) -> Facts:
        """Record; returns digests, as in the asset event."""
        from redactory.training_steps import record  # noqa: PLC0415

        recorded = record(config, run_id, provenance_of(context))
        context["outlet_events"][TRAINED_MODEL].extra = dict(recorded)
        return recorded
