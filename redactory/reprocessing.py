"""A dataset made again from its sources under another policy: old shards are superseded.

The sealed list of sources says which files the shards in force came from. They are read again and
sealed under the new configuration; the run's manifest supersedes the old shards, which stay
readable for who opens an old version, until they are shredded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redactory.config import RunConfig
from redactory.durable import open_folder
from redactory.errors import InputError
from redactory.reading import Trust, open_verified
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.layout import SOURCES
from sealed_shards.manifest import DatasetInfo

# Roles that do not say which column of the source they were.
_ASKED = {"subject": "subject_column", "label": "label_column"}


def reprocess_config(
    path: str, trust: Trust, given: Mapping[str, Any], *, key_file: str | None = None
) -> RunConfig:
    """The configuration of a run that makes the dataset at ``path`` again.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        given: the new policy, and whatever else is to hold; the columns of text and those
            carried are the dataset's own unless they are given.
        key_file: private key that opens the list of sources; default the user's own.

    Raises:
        InputError: nothing is published, or a column must be named.
        KeyringError: the key does not fit, or the log is not trusted.
        IntegrityError: something is not as recorded.
    """
    opened = open_verified(path, trust, area=SOURCES, key_file=key_file, purpose="reprocess")
    dataset = opened.dataset
    current = current_shards(published_manifests(open_folder(path), dataset.head))
    wanted = {segment.source_id for entry in current for segment in entry.segments}
    rows = {row["uri"]: row["format"] for row in opened.rows() if row["source_id"] in wanted}
    if not rows:
        raise InputError("no shard in force names a source", where=path)
    formats = set(rows.values())
    same = {"input_format": formats.pop()} if len(formats) == 1 else {}
    values = {**_columns(dataset.info, given, path), **same, **given}
    return RunConfig.parse({**values, "input": tuple(sorted(rows)), "output": path})


def _columns(info: DatasetInfo, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    by_role: dict[str, list[str]] = {}
    for field in info.fields:
        by_role.setdefault(field.role, []).append(field.name)
    for role, option in _ASKED.items():
        if role in by_role and option not in given:
            raise InputError(
                f"the dataset has a {role} column, and does not say which one of the source it was",
                where=path,
                hint=f"name it with --{role}",
            )
    return {
        "text_columns": tuple(by_role.get("text", ())),
        "pass_through": tuple(by_role.get("pass_through", ())),
    }
