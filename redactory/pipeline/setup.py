"""What all steps of a run work out from its configuration in the same way."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from audit_ledger import Log
from audit_ledger.place import is_database
from pii_rules.overlay import Overlay
from pii_rules.policy import Policy, load_policy
from pii_rules.policy_rule import OPERATORS
from pii_rules.surrogates import lists
from redactory import watermark
from redactory.areas import IDENTITY
from redactory.canonical import digest_of
from redactory.config import RunConfig
from redactory.durable import Folder, LocalFolder, open_folder
from redactory.errors import InputError, KeyringError
from redactory.evidence import Evidence
from redactory.exclusive import one_writer
from redactory.extras import require
from redactory.keys import QUARANTINE, READER, KeyStore
from redactory.overlays import load_overlay, overlay_digest
from redactory.pipeline import ids
from redactory.pipeline.dataset_file import refuse_other_columns, refuse_other_log
from redactory.pipeline.identity_names import whole_head
from redactory.pipeline.overlap import refuse_overlap
from redactory.pipeline.planning import Limits, Planner
from redactory.pipeline.sanitise import read_canaries
from redactory.pipeline.sealing import SealContext
from redactory.pseudonym import SUBKEYS
from redactory.sources import Listing, ReadOptions, list_sources
from redactory.trust import has_checkpoint
from redactory.watermark import Watermark
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.key_files import parse_recipient
from sealed_shards.layout import DATASET_FILE, LEDGER_FOLDER
from sealed_shards.manifest import ColumnField, DatasetInfo, ManifestShard, Role
from sealed_shards.settling import settle
from sealed_shards.software import read_key_file

DEFAULT_SCOPE = "default"


class RunSetup:
    """Policy, keys, ids and folders of a run; each is worked out when first needed.

    Args:
        config: the configuration.
        keys: the user's keys; None for those of ``REDACTORY_HOME``.
        describe: names and digests of detectors; None asks ``pii_rules``.
    """

    def __init__(
        self,
        config: RunConfig,
        keys: KeyStore | None = None,
        *,
        describe: Callable[[], dict[str, str]] | None = None,
    ) -> None:
        self.config = config
        self.keys = keys or KeyStore()
        self.folder = open_folder(config.output)
        self._describe = describe

    @cached_property
    def policy(self) -> Policy:
        """The policy in force."""
        return load_policy(self.config.policy)

    @cached_property
    def scope(self) -> str:
        """The pseudonym scope."""
        return self.config.scope or self.policy.scope or DEFAULT_SCOPE

    @property
    def suppress_below(self) -> int:
        """Counts smaller than this stay out of the log: the configuration says, or the policy."""
        limit = self.config.suppress_counts_below
        return self.policy.suppress_counts_below if limit is None else limit

    @cached_property
    def subkeys(self) -> dict[str, bytes]:
        """HKDF subkeys of the scope's pseudonym key, by purpose."""
        key = self.keys.pseudonym_key(self.scope)
        return {purpose: key.subkey(purpose) for purpose in SUBKEYS}

    @cached_property
    def detector(self) -> dict[str, str]:
        """Versions and digests of everything that decides what is found."""
        if self._describe is not None:
            return self._describe()
        require("detect")
        from pii_rules import Detector  # noqa: PLC0415 - loads spaCy and Presidio

        described = Detector(self.policy.languages, self.policy, ner=self.config.ner).describe()
        # Statements in the log hold identifiers only, and a comma is none.
        return {name: value.replace(",", "+") for name, value in described.items()}

    @cached_property
    def config_digest(self) -> str:
        """SHA-256 over policy, detector, key id, shard limits and column roles."""
        return digest_of(
            {
                "policy": self.policy.digest,
                "detector": self.detector,
                "leak_gate": self.config.leak_gate,
                "operators": OPERATORS,
                "surrogate_lists": lists.digest(),
                "identity_map": self.config.identity_map,
                "canaries": self._canaries_id,
                "pseudonym_key": self.keys.pseudonym_key(self.scope).key_id,
                "rows_per_shard": self.config.rows_per_shard,
                "bytes_per_shard": self.config.bytes_per_shard,
                "columns": self.config.column_roles(),
            }
        )

    @property
    def _canaries_id(self) -> str:
        """Keyed digest of the planted values; empty where there are none."""
        planted = sorted(read_canaries(self.config.canaries))
        return ids.keyed_id(self.subkeys["id"], "canaries/v1", planted) if planted else ""

    @cached_property
    def known_dataset(self) -> DatasetInfo | None:
        """``dataset.json`` where the dataset exists already."""
        if not self.folder.exists(DATASET_FILE):
            return None
        return DatasetInfo.decode(
            self.folder.read(DATASET_FILE), where=self.folder.path(DATASET_FILE)
        )

    @cached_property
    def dataset(self) -> str:
        """The dataset's id."""
        if self.known_dataset is not None:
            return self.known_dataset.id
        # An earlier run over other input may have recorded shards and published nothing.
        begun = self.evidence().datasets() if self.config.ledger is None else []
        begun = [name for name in begun if "/" not in name]  # siblings are not it
        if len(begun) == 1:
            return begun[0]
        inputs = [_normalised(given) for given in self.config.input]
        name = self.config.dataset_name or "\n".join(sorted(inputs))
        return ids.dataset_id(self.subkeys["id"], name)

    @cached_property
    def ledger_folder(self) -> Path | str:
        """The log's folder, always local, or the URL of its database.

        Raises:
            InputError: the dataset is remote and no ledger folder was named.
        """
        named = self.config.ledger
        if named is not None:
            return named if is_database(named) else Path(named).absolute()
        if isinstance(self.folder, LocalFolder):
            return self.folder.root / LEDGER_FOLDER
        raise InputError(
            "a dataset on remote storage needs a local folder for its log",
            hint="name one with --ledger",
        )

    def has_log(self) -> bool:
        """Whether the log has been made."""
        return has_checkpoint(self.ledger_folder)

    def evidence(self) -> Evidence:
        """What the log says now; nothing before there is a log."""
        if not self.has_log():
            return Evidence()
        return Evidence.gather(Log.open(self.ledger_folder).entries())

    def settle_keys(self) -> None:
        """Finish changes of keys that an interrupted writer left on record."""
        if self.has_log():
            with one_writer(self.ledger_folder):
                settle(self.folder, self.evidence().head(self.dataset))

    @cached_property
    def published(self) -> list[ManifestShard]:
        """The data shards of the dataset as it is published when this is first asked for."""
        head = self.evidence().head(self.dataset)
        return current_shards(published_manifests(self.folder, head))

    @cached_property
    def listing(self) -> Listing:
        """The input.

        Raises:
            InputError: nothing to read, or input and output overlap.
        """
        listing = list_sources(self.config.input, format=self.config.input_format)
        refuse_overlap(self.config.input, listing.sources, self.folder)
        return listing

    def check_input(self) -> Listing:
        """Find the input, and refuse what can be refused before anything is written.

        Raises:
            InputError: nothing to read, or the dataset has other columns.
            PolicyError: an invalid policy.
            LedgerError: the dataset has another log.
            IntegrityError: the log does not know the dataset.
        """
        listing, _, _ = self.listing, self.policy, self.fields
        if self.known_dataset is not None:
            log = Log.open(self.ledger_folder) if self.has_log() else None
            refuse_other_log(self.known_dataset, log, where=self.folder.path(DATASET_FILE))
        return listing

    @cached_property
    def options(self) -> ReadOptions:
        """How to read."""
        return read_options(self.config, batch_rows=min(1024, self.config.rows_per_shard))

    @cached_property
    def fields(self) -> tuple[ColumnField, ...]:
        """The columns of the dataset.

        Raises:
            InputError: the dataset exists and has others.
        """
        chosen: list[tuple[str, Role]] = [("record_id", "record_id"), ("lang", "lang")]
        if self.config.subject_column is not None:
            chosen.append(("subject", "subject"))
        if self.config.label_column is not None:
            chosen.append(("label", "label"))
        chosen += [(name, "text") for name in self.config.text_columns]
        chosen += [(name, "pass_through") for name in self.options.carried]
        fields = tuple(ColumnField(name=n, type="string", role=role) for n, role in chosen)
        refuse_other_columns(self.known_dataset, fields, where=self.folder.path(DATASET_FILE))
        return fields

    def planner(self) -> Planner:
        """Cuts sources into shards."""
        return Planner(
            self.options,
            Limits(self.config.rows_per_shard, self.config.bytes_per_shard),
            id_key=self.subkeys["id"],
            dataset=self.dataset,
            config_digest=self.config_digest,
            overlay=self.overlay,
        )

    @cached_property
    def overlay(self) -> Overlay:
        """What people decided in review of this dataset."""
        return load_overlay(self.keys.folder, self.subkeys, self.dataset)

    @cached_property
    def rules(self) -> str:
        """Keyed digest of all that decides what an object's records become."""
        decided = overlay_digest(self.subkeys, self.overlay)
        return ids.keyed_id(self.subkeys["id"], "rules/v1", self.config_digest, decided)

    def load_watermark(self) -> Watermark:
        """Which objects earlier runs of this scope have read."""
        return watermark.load(self.folder, *self._watermark_key)

    def store_watermark(self, changed: Watermark) -> None:
        """Keep a watermark; the caller holds the writers' lock."""
        watermark.store(self.folder, changed, *self._watermark_key)

    @property
    def _watermark_key(self) -> tuple[str, bytes, str]:
        return self.keys.pseudonym_key(self.scope).key_id, self.subkeys["work"], self.dataset

    def input_ids(self) -> dict[str, str]:
        """Keyed ids of the inputs, by how they were given."""
        key = self.subkeys["id"]
        return {
            given: ids.keyed_id(key, "input/v1", _normalised(given)) for given in self.config.input
        }

    def ensure_keys(self) -> None:
        """Create at first use those recipients' keys that the configuration does not name."""
        wanted = []
        if not self.config.recipients:
            wanted.append(READER)
        if not self.config.quarantine_recipients and not self.config.same_quarantine_key:
            wanted.append(QUARANTINE)
        if self.config.identity_map and not self.config.identity_recipients:
            wanted.append(IDENTITY)
        self.keys.ensure(*wanted)

    @cached_property
    def recipients(self) -> tuple[bytes, ...]:
        """PEMs of the public keys that may open the data."""
        if self.config.recipients:
            return tuple(read_key_file(Path(path)) for path in self.config.recipients)
        return (self.keys.recipient(READER).to_pem(),)

    @cached_property
    def quarantine_recipients(self) -> tuple[bytes, ...]:
        """PEMs of the public keys that may open quarantine and source names.

        Raises:
            KeyringError: one of them may open the data too, and that was not allowed.
        """
        if self.config.quarantine_recipients:
            pems = tuple(read_key_file(Path(p)) for p in self.config.quarantine_recipients)
        elif self.config.same_quarantine_key:
            pems = self.recipients
        else:
            pems = (self.keys.recipient(QUARANTINE).to_pem(),)
        readers = set(map(_kid, self.recipients))
        shared = any(_kid(pem) in readers for pem in pems)
        if shared and not self.config.same_quarantine_key:
            raise KeyringError(
                "the quarantine would be sealed for a key that also opens the data",
                hint="give another --quarantine-recipient, or allow it with --same-quarantine-key",
            )
        return pems

    @cached_property
    def identity_recipients(self) -> tuple[bytes, ...]:
        """PEMs of the public keys that may open the identity map; none where none is kept.

        Raises:
            KeyringError: one of them may open the data or the quarantine too.
        """
        if not self.config.identity_map:
            return ()
        pems = tuple(read_key_file(Path(path)) for path in self.config.identity_recipients)
        pems = pems or (self.keys.recipient(IDENTITY).to_pem(),)
        others = {_kid(pem) for pem in (*self.recipients, *self.quarantine_recipients)}
        if any(_kid(pem) in others for pem in pems):
            raise KeyringError(
                "the identity map would be sealed for a key that also opens the data",
                hint="give another --identity-recipient",
            )
        return pems

    @property
    def identity_folder(self) -> Folder:
        """Where the identity map lies: a dataset's folder of its own."""
        return open_folder(self.folder.path(IDENTITY))

    def seal_context(self, run_id: str) -> SealContext:
        """What workers need."""
        evidence = self.evidence()
        return SealContext(
            config=self.config,
            safe_columns=tuple(self.policy.safe_columns),
            run_id=run_id,
            dataset=self.dataset,
            config_digest=self.config_digest,
            recipients=self.recipients,
            quarantine_recipients=self.quarantine_recipients,
            identity_recipients=self.identity_recipients,
            subkeys=self.subkeys,
            recorded=whole_head(evidence, self.dataset).shards,
            counts=evidence.counts.get(self.dataset, {}),
            reasons=evidence.reasons.get(self.dataset, {}),
            overlay=self.overlay,
        )

    def run_facts(self) -> dict[str, Any]:
        """What identifies the run's configuration; stored with its state."""
        inputs = sorted(_normalised(given) for given in self.config.input)
        return {
            "dataset": self.dataset,
            "config_digest": self.config_digest,
            "input": ids.keyed_id(self.subkeys["id"], "input/v1", inputs),
        }


def read_options(config: RunConfig, *, batch_rows: int) -> ReadOptions:
    """How ``config`` reads."""
    return ReadOptions(
        text_columns=config.text_columns,
        id_column=config.id_column,
        lang_column=config.lang_column,
        subject_column=config.subject_column,
        label_column=config.label_column,
        pass_through=config.pass_through,
        text_unit=config.text_unit,
        encoding=config.encoding,
        max_record_bytes=config.max_record_bytes,
        batch_rows=batch_rows,
        batch_bytes=min(1 << 20, config.bytes_per_shard),
    )


def _kid(pem: bytes) -> str:
    return parse_recipient(pem, where="recipient").kid


def _normalised(given: str) -> str:
    filesystem, path = fsspec.core.url_to_fs(given)
    if isinstance(filesystem, LocalFileSystem):
        return str(path)
    return str(filesystem.unstrip_protocol(path))
