"""``redactory features build``: the rows of a text dataset, sealed and recorded.

1. The text dataset is opened along its trust chain, which records the access.
2. Each of its shards becomes one feature shard with an id that follows from the shard's id
   and the build's settings: what an earlier build recorded is not made again.
3. New shards, and those whose texts are gone, make a new version of the feature dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit_ledger import Log
from mpc_jobs.features import FeatureRows, Featuriser, held_out, open_featuriser
from mpc_jobs.features.rows import fields
from redactory.canonical import digest_of
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, IntegrityError
from redactory.evidence import Evidence
from redactory.exclusive import one_writer
from redactory.featurising.document import FeaturesInfo
from redactory.featurising.settings import FeatureBuild
from redactory.featurising.source import TextSource, label_places
from redactory.featurising.writing import FeatureWriter, open_log, refuse_other_kind
from redactory.keys import READER, KeyStore
from redactory.pipeline import ids
from redactory.pipeline.run import new_run_id
from redactory.provenance import cli_provenance, under_rules_of
from redactory.trust import TrustStore, remember
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.context import ShardContext
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.key_files import parse_recipient
from sealed_shards.layout import DATA, DATASET_FILE
from sealed_shards.manifest import DatasetInfo, Manifest, ManifestShard, Segment
from sealed_shards.recipients import Recipient
from sealed_shards.software import read_key_file


@dataclass(frozen=True)
class Built:
    """What a build did, in counts and digests.

    Attributes:
        rows: in the feature dataset now.
        made: shards that this build made.
        kept: shards that earlier builds made.
        superseded: ids of shards whose texts are gone. They can still be read: shred them.
        new: whether there is a new version.
    """

    dataset: str
    version: int
    run_id: str
    spec_digest: str
    rows: int
    made: int
    kept: int
    superseded: tuple[str, ...]
    label_classes: tuple[str, ...]
    new: bool

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return dict(vars(self))


def build_features(build: FeatureBuild, keys: KeyStore) -> Built:
    """Make a feature dataset, or bring it up to date with its texts.

    Args:
        build: what to make.
        keys: the user's keys.

    Raises:
        InputError: the spec, the model or the output cannot be used.
        KeyringError: a key is missing.
        IntegrityError: something is not as recorded.
        LedgerError: a log is broken or cannot be written.
    """
    featuriser = open_featuriser(build.spec, build.model)
    folder = open_folder(build.output)
    refuse_other_kind(folder)
    recipients = _recipients(build, keys)
    source = TextSource.open(build)
    log = open_log(build.ledger_place, keys)
    with one_writer(build.ledger_place):
        made = _Build(build, keys, source, featuriser, recipients, folder, log).run()
    remember(TrustStore(keys.folder / "trust"), log)
    return made


@dataclass
class _Build:
    build: FeatureBuild
    keys: KeyStore
    source: TextSource
    featuriser: Featuriser
    recipients: Sequence[Recipient]
    folder: Folder
    log: Log

    def __post_init__(self) -> None:
        key = self.keys.pseudonym_key(self.build.scope)
        self.id_key = key.subkey("id")
        self.config_digest = digest_of(
            {
                "feature_spec": self.build.spec.digest,
                "held_out_share": self.build.held_out_share,
                "pseudonym_key": key.key_id,
                "derived_from": self.source.derived_from.dataset,
            }
        )
        name = f"features\n{self.source.derived_from.dataset}\n{self.config_digest}"
        self.dataset = ids.dataset_id(self.id_key, name)

    def run(self) -> Built:
        """Everything, under the writers' lock."""
        run_id = new_run_id()
        rules = under_rules_of(
            self.build.trust.by or cli_provenance(run_id),
            self.source.log,
            self.source.derived_from.dataset,
        )
        writer = FeatureWriter(self.folder, self.log, self.dataset, run_id, rules)
        self._refuse_other_settings()
        head = writer.repair()
        classes = self._classes(head)
        wanted = list(self._shards(writer, head, classes))
        return self._publish(writer, head, wanted, classes)

    def _refuse_other_settings(self) -> None:
        known = Evidence.gather(self.log.entries()).datasets()
        if known and known != [self.dataset]:
            raise InputError(
                "was made from another dataset, by another spec, share or scope",
                where=self.folder.url,
                hint="choose another --output",
            )

    def _classes(self, head: DatasetHead) -> tuple[str, ...]:
        """Classes in an order that never changes: rows hold their places."""
        earlier: tuple[str, ...] = ()
        if head.version:
            raw = self.folder.read(DATASET_FILE)
            earlier = DatasetInfo.decode(raw, where=DATASET_FILE).label_classes
        new = set(self.source.dataset.info.label_classes) - set(earlier)
        return (*earlier, *sorted(new))

    def _shards(
        self, writer: FeatureWriter, head: DatasetHead, classes: Sequence[str]
    ) -> list[tuple[RecordedShard, Segment, bool]]:
        """(feature shard, what it was made from, whether it is new) for every text shard."""
        found = []
        count = len(self.source.dataset.shards)
        for place, text in self.source.shards():
            # Every version of a text shard has the same records in the same order.
            shard = ids.keyed_id(
                self.id_key, "features/v1", self.dataset, text.header.ctx.shard, self.config_digest
            )
            recorded = head.shards.get((DATA, shard))
            made = recorded or writer.add(
                self._rows(place, classes).table(),
                ShardContext(self.dataset, shard, 1, self.config_digest),
                self.recipients,
            )
            if made.header.rows != text.header.rows:
                raise IntegrityError("a feature shard lacks rows", where=f"shard {shard}")
            segment = Segment(
                source_id=text.header.ctx.shard,
                first=0,
                last=max(text.header.rows - 1, 0),
                input_digest=text.header.sha256,
            )
            found.append((made, segment, recorded is None))
            self.build.progress(place + 1, count)
        return found

    def _rows(self, place: int, classes: Sequence[str]) -> FeatureRows:
        texts = self.source.read(place)
        return FeatureRows(
            record_ids=texts.record_ids,
            features=self.featuriser.rows(texts.texts),
            labels=label_places(texts.labels, classes),
            held_out=held_out(self.id_key, texts.groups, self.build.held_out_share),
        )

    def _publish(
        self,
        writer: FeatureWriter,
        head: DatasetHead,
        wanted: Sequence[tuple[RecordedShard, Segment, bool]],
        classes: tuple[str, ...],
    ) -> Built:
        current = {entry.shard for entry in current_shards(published_manifests(self.folder, head))}
        entries = [_entry(made, segment) for made, segment, _ in wanted]
        added = [entry for entry in entries if entry.shard not in current]
        superseded = tuple(sorted(current - {entry.shard for entry in entries}))
        built = Built(
            dataset=self.dataset,
            version=head.version,
            run_id=writer.run_id,
            spec_digest=self.build.spec.digest,
            rows=sum(entry.rows for entry in entries),
            made=sum(new for *_, new in wanted),
            kept=sum(not new for *_, new in wanted),
            superseded=superseded,
            label_classes=classes,
            new=bool(added or superseded),
        )
        if not built.new:
            return built
        features = _features_info(self.build, self.source)
        rows = sum(entry.rows for entry in added)
        manifest = Manifest(
            dataset=self.dataset,
            version=head.version + 1,
            run_id=writer.run_id,
            policy=f"features {self.build.spec.featuriser.kind}",
            policy_digest=self.config_digest,
            shards=tuple(added),
            quarantine=(),
            sources=(),
            supersedes=superseded,
            records_in=rows,
            records_out=rows,
            quarantined=0,
            # A build writes no page; the document that explains the rows stands in its place.
            report_sha256=digest_of(features.model_dump(mode="json")),
        )
        info = DatasetInfo(
            id=self.dataset,
            fields=fields(self.build.spec.d),
            label_classes=classes,
            log_key_fingerprint=self.log.verifier.fingerprint,
            log_origin=self.log.origin,
        )
        writer.publish(manifest, info, features)
        return Built(**{**vars(built), "version": manifest.version})


def _features_info(build: FeatureBuild, source: TextSource) -> FeaturesInfo:
    return FeaturesInfo(
        spec=build.spec,
        spec_digest=build.spec.digest,
        derived_from=source.derived_from,
        held_out_share=build.held_out_share,
    )


def _entry(made: RecordedShard, segment: Segment) -> ManifestShard:
    header = made.header
    return ManifestShard(
        shard=header.ctx.shard,
        version=header.ctx.version,
        sha256=header.sha256,
        rows=header.rows,
        segments=(segment,),
    )


def _recipients(build: FeatureBuild, keys: KeyStore) -> list[Recipient]:
    if build.recipients:
        return [parse_recipient(read_key_file(p), where=str(p)) for p in build.recipients]
    keys.ensure(READER)
    return [keys.recipient(READER)]
