"""Opening a feature dataset along its trust chain, for dealers and for predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mpc_jobs.features import FeatureRows, feature_rows
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError
from redactory.featurising.document import FEATURES_FILE, FeaturesInfo
from redactory.featurising.writing import recorded_digests
from redactory.reading import Trust, checked_head, open_verified
from sealed_shards.dataset import read_recorded
from sealed_shards.opened import Dataset


@dataclass(frozen=True)
class FeatureDataset:
    """A feature dataset whose access is on record.

    Attributes:
        dataset: its sealed shards.
        info: what the rows are.
    """

    dataset: Dataset
    info: FeaturesInfo

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels, in the order of their places."""
        return self.dataset.info.label_classes

    def rows(self) -> Iterator[FeatureRows]:
        """All rows, some at a time, in a fixed order.

        Raises:
            IntegrityError: a file is not the recorded one, or holds other rows.
        """
        return feature_rows(self.dataset, self.info.spec.d)


def describe_features(path: str, trust: Trust) -> FeaturesInfo:
    """What the rows of a feature dataset are, from its verified log; needs no private key.

    Raises:
        InputError: there is no feature dataset.
        KeyringError: the log is not trusted.
        LedgerError: the log is broken.
        IntegrityError: ``features.json`` is not as recorded.
    """
    checked, head = checked_head(path, trust, trust.keys())
    digest = recorded_digests(checked.log, head).get(FEATURES_FILE) if checked.log else None
    if not digest:
        raise InputError("is no feature dataset", where=path, hint="redactory features build")
    folder = open_folder(path)
    raw = read_recorded(folder, FEATURES_FILE, digest)
    info = FeaturesInfo.decode(raw, where=folder.path(FEATURES_FILE))
    if info.spec.digest != info.spec_digest:
        raise IntegrityError("its spec has another digest", where=folder.path(FEATURES_FILE))
    return info


def open_features(
    path: str, trust: Trust, *, key_file: str | None = None, purpose: str = "train"
) -> FeatureDataset:
    """Open a feature dataset; the access is recorded before any key is used.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        key_file: private key; the user's own reader key by default.
        purpose: one word for the record.

    Raises:
        InputError: there is no feature dataset.
        KeyringError: the log is not trusted, or the key does not fit.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken, or the access cannot be recorded.
    """
    info = describe_features(path, trust)
    opened = open_verified(path, trust, key_file=key_file, purpose=purpose)
    return FeatureDataset(opened.dataset, info)
