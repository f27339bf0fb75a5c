"""What a run would find and cost, from a sample; writes nothing, not even a key."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from redactory.config import RunConfig
from redactory.pipeline.listing import columns_left_out
from redactory.pipeline.sanitise import PolicySanitiser
from redactory.pipeline.setup import read_options
from redactory.pseudonym import PseudonymKey
from redactory.sources import Source, list_sources, read


@dataclass
class DryRun:
    """Findings in the sample, and what they say about the whole."""

    records: int
    sampled_bytes: int
    seconds: float
    input_bytes: int
    files: int
    exact: bool
    entities: dict[str, int]
    reasons: dict[str, int]
    columns_not_carried: list[str]

    @property
    def bytes_per_second(self) -> float:
        """Speed of one core on the sample."""
        return self.sampled_bytes / max(self.seconds, 1e-6)

    def estimate(self) -> str:
        """Core time for the whole input, in words."""
        if not self.exact or not self.sampled_bytes:
            return "unknown: the input is compressed"
        seconds = self.input_bytes / self.bytes_per_second
        if seconds < 120:
            return f"about {max(seconds, 1):.0f} core seconds"
        return f"about {seconds / 60:,.0f} core minutes"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return dict(vars(self)) | {"bytes_per_second": self.bytes_per_second}


def dry_run(config: RunConfig, sample: int) -> DryRun:
    """Detect and redact the first ``sample`` records in memory.

    Args:
        config: the run's configuration; its output is not touched.
        sample: how many records to look at.

    Raises:
        InputError: nothing to read.
        PolicyError: an invalid policy.
    """
    listing = list_sources(config.input, format=config.input_format)
    options = read_options(config, batch_rows=min(sample, 1024))
    sanitiser = PolicySanitiser(config, PseudonymKey.ephemeral().redaction_keys())
    entities: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    records = size = 0
    began = time.perf_counter()
    for number, source in enumerate(listing.sources):
        for batch in read(source, options, source_id=str(number)):
            rows = batch.records.slice(0, sample - records)
            unreadable = batch.unreadable[: sample - records - rows.num_rows]
            taken = rows.num_rows + len(unreadable)
            done = sanitiser.sanitise(rows)
            entities.update(done.entities)
            reasons.update(reason for _, reason in done.refused)
            reasons.update(str(record.reason) for record in unreadable)
            records += taken
            size += batch.bytes_read * taken // (batch.records.num_rows + len(batch.unreadable))
            if records >= sample:
                break
        if records >= sample:
            break
    return DryRun(
        records=records,
        sampled_bytes=size,
        seconds=time.perf_counter() - began,
        input_bytes=sum(source.size for source in listing.sources),
        files=len(listing.sources),
        exact=all(_is_plain(source) for source in listing.sources),
        entities=dict(entities),
        reasons=dict(reasons),
        columns_not_carried=columns_left_out(listing.sources, options),
    )


def _is_plain(source: Source) -> bool:
    return source.compression is None and source.format != "parquet"
