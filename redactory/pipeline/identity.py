"""The identity map of a run: a sealed sibling dataset below ``identity/``, with its own recipients.

Every data shard has one shard of entries. It is recorded and published in the same log under the
dataset's name with ``/identity`` behind it, so whoever may open the data learns nothing from it,
and the commands for a dataset (grant, rotate, reseal, shred, verify) work on it as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from audit_ledger import Draft, Log, Provenance
from redactory.areas import IDENTITY, IDENTITY_SCHEMA
from redactory.canonical import sha256_hex
from redactory.evidence import Evidence
from redactory.pipeline.identity_names import identity_dataset, identity_shard
from redactory.pipeline.outcome import BatchResult, SealedFile
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from sealed_shards.access import DatasetHead
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.layout import DATASET_FILE, manifest_file
from sealed_shards.manifest import ColumnField, DatasetInfo, Manifest, ManifestShard, Role

_ROLES: Final[Mapping[str, Role]] = {"record_id": "record_id", "subject": "subject"}


def publish_identity(
    setup: RunSetup,
    state: RunState,
    log: Log,
    batches: Sequence[BatchResult],
    *,
    superseded: Sequence[str],
    report_sha256: str,
    provenance: Provenance,
) -> None:
    """Make the run's entries a version of the identity map; what was published stays.

    Comes before the data's own statement: a map without its data harms nobody, data that should
    have had a map and has none could never be undone.
    """
    head = Evidence.gather(log.entries()).head(identity_dataset(setup.dataset))
    files = [o.identity for batch in batches for o in batch.outcomes if o.identity is not None]
    if state.run_id in head.manifests or not files:
        return
    manifest = _manifest(
        setup, state, head, files=files, superseded=superseded, report_sha256=report_sha256
    )
    if not (manifest.shards or manifest.supersedes):
        return
    info = _info(setup, log).encode()
    name = f"{IDENTITY}/{manifest_file(state.run_id)}"
    for path, raw in ((name, manifest.encode()), (f"{IDENTITY}/{DATASET_FILE}", info)):
        state.store(state.name(path), raw)
        state.folder.move_over(state.name(path), path)
    digest = sha256_hex(manifest.encode())
    draft = Draft(
        kind="published",
        subject=((name, digest),),
        body={
            "dataset": manifest.dataset,
            "version": manifest.version,
            "run_id": state.run_id,
            "manifest_sha256": digest,
            "dataset_sha256": sha256_hex(info),
            "shards": len(manifest.shards),
            "records": manifest.records_out,
            "quarantined": 0,
            "supersedes_count": len(manifest.supersedes),
        },
        shard_key="head",
    )
    log.append([draft], provenance)


def _manifest(
    setup: RunSetup,
    state: RunState,
    head: DatasetHead,
    *,
    files: Sequence[SealedFile],
    superseded: Sequence[str],
    report_sha256: str,
) -> Manifest:
    folder = setup.identity_folder
    current = {entry.shard: entry for entry in current_shards(published_manifests(folder, head))}
    recorded = {shard: found.header for (_, shard), found in head.shards.items()}
    headers = [recorded[file.header.ctx.shard] for file in files]
    new = [
        ManifestShard(
            shard=header.ctx.shard,
            version=header.ctx.version,
            sha256=header.sha256,
            rows=header.rows,
            segments=(),
        )
        for header in headers
        if header.ctx.shard not in current
        or current[header.ctx.shard].version != header.ctx.version
    ]
    gone = [identity_shard(setup.subkeys["id"], shard) for shard in superseded]
    rows = sum(entry.rows for entry in new)
    return Manifest(
        dataset=head.dataset,
        version=head.version + 1,
        run_id=state.run_id,
        policy=f"{setup.policy.name} {setup.policy.version}",
        policy_digest=setup.config_digest,
        shards=tuple(new),
        quarantine=(),
        sources=(),
        supersedes=tuple(shard for shard in gone if shard in current),
        records_in=rows,
        records_out=rows,
        quarantined=0,
        report_sha256=report_sha256,
    )


def _info(setup: RunSetup, log: Log) -> DatasetInfo:
    fields = tuple(
        ColumnField(
            name=field.name, type=str(field.type), role=_ROLES.get(field.name, "pass_through")
        )
        for field in IDENTITY_SCHEMA
    )
    return DatasetInfo(
        id=identity_dataset(setup.dataset),
        fields=fields,
        log_key_fingerprint=log.verifier.fingerprint,
        log_origin=log.origin,
    )
