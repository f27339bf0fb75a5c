"""What a consumer of sealed datasets starts with: the event that woke it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

from operators.assets import SEALED_DATASET

if TYPE_CHECKING:
    from airflow.sdk import Context


class AnnounceDatasetOperator(BaseOperator):
    """Logs which version of which dataset was published; trains nothing."""

    def execute(self, context: Context) -> list[int]:
        """Log every event that started this run; returns the versions, oldest first."""
        versions = []
        for event in context["triggering_asset_events"][SEALED_DATASET]:
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
