"""The files and statements of a feature dataset, in an order that a crash cannot spoil.

A shard's files are durable in their place before its ``sealed`` leaf; ``features.json`` and
``dataset.json`` wait in the run's folder until ``published`` and ``featurised`` name them.
Whatever the log does not know is removed by the next build, which holds the writers' lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from audit_ledger import Draft, Log, Provenance
from redactory.canonical import sha256_hex
from redactory.durable import Folder
from redactory.errors import InputError
from redactory.evidence import Evidence
from redactory.featurising.document import FEATURES_FILE, FeaturesInfo
from redactory.keys import LOG, KeyStore
from redactory.trust import (
    TrustStore,
    claimed_origin,
    has_checkpoint,
    new_origin,
    refuse_rollback,
    remember,
)
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.context import ShardContext
from sealed_shards.layout import (
    DATA,
    DATASET_FILE,
    MANIFESTS_FOLDER,
    RUNS_FOLDER,
    manifest_file,
    shard_files,
    shard_folders,
)
from sealed_shards.manifest import DatasetInfo, Manifest
from sealed_shards.recipients import Recipient
from sealed_shards.settling import settle
from sealed_shards.shard import seal

FEATURISED = "featurised"
# A folder with dataset.json is known for a feature dataset by features.json.
_IN_THIS_ORDER = (FEATURES_FILE, DATASET_FILE)


def open_log(place: Path | str, keys: KeyStore) -> Log:
    """The feature dataset's log, for writing; made at first use, then trusted by its maker.

    Raises:
        KeyringError: the log key is not here.
        LedgerError: the log was rolled back, or is of another key.
    """
    store = TrustStore(keys.folder / "trust")
    keys.ensure(LOG)
    if has_checkpoint(place):
        reader = Log.open(place)
        refuse_rollback(store, reader)
        return Log.open(place, keys.log_signer(reader.origin))
    origin = claimed_origin(place) or new_origin()
    log = Log.create(place, keys.log_signer(origin), origin=origin)
    remember(store, log)
    return log


@dataclass
class FeatureWriter:
    """Writes one run of a feature dataset.

    Attributes:
        folder: of the dataset.
        log: for writing.
        dataset: the dataset's id.
        run_id: of this build.
        provenance: who builds.
    """

    folder: Folder
    log: Log
    dataset: str
    run_id: str
    provenance: Provenance

    def head(self) -> DatasetHead:
        """What the log says now."""
        return Evidence.gather(self.log.entries()).head(self.dataset)

    def repair(self) -> DatasetHead:
        """Finish what an interrupted build published, and remove what it did not record."""
        head = self.head()
        settle(self.folder, head)
        self._put_in_place(recorded_digests(self.log, head))
        self.folder.delete_tree(RUNS_FOLDER)
        known = {manifest_file(run) for run in head.manifests}
        for shard in head.shards.values():
            for stem in (shard.header.stem, *shard.replaced):
                known |= set(shard_files(shard.area, stem).values())
        for place in (*shard_folders(DATA), MANIFESTS_FOLDER):
            for name in self.folder.names(place):
                if name not in known:
                    self.folder.delete(name)
        return head

    def add(
        self, table: pa.Table, context: ShardContext, recipients: Sequence[Recipient]
    ) -> RecordedShard:
        """Seal a shard, put its files in place and record it."""
        staged = self._staged(f"{context.shard}.parquet")
        sealed = seal(
            table, context=context, recipients=recipients, folder=self.folder, name=staged
        )
        names = shard_files(DATA, sealed.header.stem)
        self.folder.move_all([(staged, names["shards"])])
        self.folder.replace(names["headers"], sealed.header.encode())
        self.folder.replace(names["wraps"], sealed.wraps)
        self.folder.replace(names["chunks"], sealed.chunks)
        body = {
            **sealed.header.ctx.model_dump(),
            "header": sealed.header.as_json(),
            "keyring_sha256": sha256_hex(sealed.wraps),
            "kids": tuple(sorted(recipient.kid for recipient in recipients)),
            "replaces": None,
        }
        subject = ((names["shards"], sealed.header.sha256),)
        self.log.append([Draft(kind="sealed", subject=subject, body=body)], self.provenance)
        return RecordedShard(DATA, sealed.header, sha256_hex(sealed.wraps))

    def publish(self, manifest: Manifest, info: DatasetInfo, features: FeaturesInfo) -> None:
        """Make the run a new version of the dataset."""
        files = {FEATURES_FILE: features.encode(), DATASET_FILE: info.encode()}
        for name, raw in files.items():
            self.folder.replace(self._staged(name), raw)
        self.folder.replace(manifest_file(self.run_id), manifest.encode())
        digests = {name: sha256_hex(raw) for name, raw in files.items()}
        self.log.append(_statements(manifest, features, digests), self.provenance)
        self._put_in_place(digests)
        self.folder.delete_tree(RUNS_FOLDER)

    def _staged(self, name: str) -> str:
        return f"{RUNS_FOLDER}/{self.run_id}/{name}"

    def _put_in_place(self, recorded: dict[str, str]) -> None:
        waiting = list(self.folder.names(RUNS_FOLDER))
        for name in _IN_THIS_ORDER:
            for staged in waiting:
                if PurePosixPath(staged).name != name:
                    continue
                if sha256_hex(self.folder.read(staged)) == recorded.get(name):
                    self.folder.move_over(staged, name)


def recorded_digests(log: Log, head: DatasetHead) -> dict[str, str]:
    """SHA-256 of the two documents, as the log has them; empty before the first version."""
    if not head.version:
        return {}
    newest = ""
    for entry in log.entries(kind=FEATURISED):
        if entry.statement.body.dataset == head.dataset:
            newest = entry.statement.body.features_sha256
    return {DATASET_FILE: head.dataset_sha256, FEATURES_FILE: newest}


def refuse_other_kind(folder: Folder) -> None:
    """Make sure that the output is free, or a feature dataset.

    Raises:
        InputError: another dataset lies there.
    """
    if folder.exists(DATASET_FILE) and not folder.exists(FEATURES_FILE):
        raise InputError(
            "holds a dataset that is no feature dataset",
            where=folder.url,
            hint="choose another --output",
        )


def _statements(manifest: Manifest, features: FeaturesInfo, digests: dict[str, str]) -> list[Draft]:
    name = manifest_file(manifest.run_id)
    manifest_sha256 = sha256_hex(manifest.encode())
    about = {"dataset": manifest.dataset, "run_id": manifest.run_id, "version": manifest.version}
    published = {
        **about,
        "manifest_sha256": manifest_sha256,
        "dataset_sha256": digests[DATASET_FILE],
        "shards": len(manifest.shards),
        "records": manifest.records_out,
        "quarantined": manifest.quarantined,
        "report_sha256": None,
        "supersedes_count": len(manifest.supersedes),
    }
    source = features.derived_from
    featurised = {
        **about,
        "derived_from": source.dataset,
        "derived_version": source.version,
        "derived_log": source.log,
        "derived_checkpoint_size": source.checkpoint_size,
        "derived_root": source.root,
        "feature_spec_digest": features.spec_digest,
        "features_sha256": digests[FEATURES_FILE],
        "manifest_sha256": manifest_sha256,
    }
    return [
        Draft("published", ((name, manifest_sha256),), published, shard_key="head"),
        Draft(
            FEATURISED,
            ((FEATURES_FILE, digests[FEATURES_FILE]), (name, manifest_sha256)),
            featurised,
            shard_key="head",
        ),
    ]
