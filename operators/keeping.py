"""Looking after datasets: the audit, the rotation of keys, retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from operators.base import ConfiguredOperator
from operators.configuration import AUDIT, RETENTION, ROTATION
from operators.identity import provenance_of
from redactory.keeping_config import AuditConfig, RetentionConfig, RotationConfig

if TYPE_CHECKING:
    from airflow.sdk import Context

    from redactory.reading import Trust


class ListPartsOperator(ConfiguredOperator[AuditConfig]):
    """Finds what there is to audit; returns ``[{number, part}]``, no path."""

    configuration = AUDIT

    def step(self, config: AuditConfig, run_id: str, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002
        """The dataset, its identity map if there is one, and its feature datasets."""
        from redactory.inspecting import parts_of  # noqa: PLC0415 - not at parse time

        return [{"number": n, "part": part.name} for n, part in enumerate(parts_of(config))]


class InspectOperator(ConfiguredOperator[AuditConfig]):
    """Verifies one part and states the verdict in its log; fails if anything is wrong.

    Needs the log key. No try mends a digest, so a bad verdict is final at once.

    Args:
        part: one entry of what :class:`ListPartsOperator` returned.
    """

    configuration = AUDIT
    template_fields = ("part",)

    def __init__(self, *, part: dict[str, Any], **operator_arguments: Any) -> None:
        super().__init__(**operator_arguments)
        self.part = part

    def step(self, config: AuditConfig, run_id: str, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Verify; returns counts and digests."""
        from redactory.inspecting import inspect, parts_of  # noqa: PLC0415 - not at parse time

        return inspect(parts_of(config)[self.part["number"]], _trust(config, context)).as_json()


class RotateKeysOperator(ConfiguredOperator[RotationConfig]):
    """Replaces the wraps of one key by those of another; needs that private key and the log key."""

    configuration = ROTATION

    def step(self, config: RotationConfig, run_id: str, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Rotate; returns how many shards changed and which key ids read no more."""
        from redactory.rotating import rotate_keys  # noqa: PLC0415 - not at parse time

        done = rotate_keys(config, _trust(config, context))
        return {"shards": done.shards, "lost": list(done.lost), "settled": len(done.settled)}


class ExpireOperator(ConfiguredOperator[RetentionConfig]):
    """Shreds what is older than it may be; needs the log key, and no key that opens anything."""

    configuration = RETENTION

    def step(self, config: RetentionConfig, run_id: str, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Shred; returns how many shards of each kind were due."""
        from redactory.expiring import expire  # noqa: PLC0415 - not at parse time

        done = expire(config, _trust(config, context))
        if done.dry_run and done.shards:
            self.log.warning("%s shards are due; this was a dry run", done.shards)
        return dict(vars(done))


def _trust(config: Any, context: Context) -> Trust:
    """The log that the worker's user trusts; what is stated there names who started the run."""
    from redactory.reading import Trust  # noqa: PLC0415 - not at parse time

    return Trust(ledger=cast("str | None", config.ledger), by=provenance_of(context))
