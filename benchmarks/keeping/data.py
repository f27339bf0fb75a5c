"""The table of benchmarks/sealing.py, and sealed datasets made of it without the pipeline."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from audit_ledger import Draft, Log
from redactory.canonical import sha256_hex
from redactory.demo_corpus.generate import generate
from redactory.durable import Folder, open_folder
from redactory.keys import LOG, READER, KeyStore
from redactory.provenance import cli_provenance
from redactory.trust import TrustStore, new_origin, remember
from sealed_shards import DatasetHead, RecordedShard, ShardContext, open_dataset, seal
from sealed_shards.layout import DATASET_FILE, LEDGER_FOLDER, manifest_file, shard_files
from sealed_shards.manifest import ColumnField, DatasetInfo, Manifest, ManifestShard
from sealed_shards.recipients import RsaIdentity
from sealed_shards.verify import Problem, verify_files

_DOCUMENTS = 3000
_DATASET = "benchmark"
_POLICY = "0" * 64


@cache
def _corpus() -> list[dict[str, Any]]:
    return list(generate(7, _DOCUMENTS))


def documents(size: int, *, first: int) -> pa.Table:
    """About ``size`` bytes of documents, no two alike.

    The generator's 3,000 documents come round again, each with a number of its own; that is
    far beyond the megabyte of a Parquet page, so compression does not see it.
    """
    rows, written = [], 0
    numbers = itertools.count(first * 10_000_000)
    while written < size:
        number = next(numbers)
        document = _corpus()[number % _DOCUMENTS]
        text = f"No. {number}\n{document['text']}"
        rows.append(
            {
                "record_id": f"r{number}",
                "text": text,
                "lang": document["lang"],
                "label": document["label"],
                "n": number,
            }
        )
        written += len(text)
    return pa.Table.from_pylist(rows)


def noise(size: int) -> pa.Table:
    """``size`` bytes that no compression makes smaller."""
    block = 1 << 16
    return pa.table({"raw": pa.array([os.urandom(block) for _ in range(size // block)])})


class Sealed:
    """The tables as a sealed dataset; opening it, with its unwraps, is part of reading."""

    def __init__(
        self,
        folder: Path,
        tables: list[pa.Table],
        *,
        name: str = "sealed shards",
        key: str = "sealed",
        base: str = "plain",
    ) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        self.name = name
        self.key = key
        self.base = base
        self.tables = tables
        self._root = folder
        self._reader = RsaIdentity(rsa.generate_private_key(public_exponent=65537, key_size=3072))
        self._turns = itertools.count()
        self._folder: Folder
        self._head: DatasetHead

    def write(self) -> None:
        """All shards, with headers, wraps and chunk digests; then the manifest."""
        self._folder = open_folder(self._root / str(next(self._turns)))
        recipients = [self._reader.recipient]
        with self._folder.batch() as batch:
            made = [
                put_shard(batch, table, number, recipients)
                for number, table in enumerate(self.tables)
            ]
        self._head = publish(self._folder, made)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows."""
        return open_dataset(self._folder.url, self._reader, log=_Silent(self._head)).to_table(
            columns
        )

    def size(self) -> int:
        """Bytes of the ciphertexts."""
        return sum(shard.header.size for shard in self._head.shards.values())

    def files(self) -> list[Path]:
        """Where the ciphertexts lie."""
        return sorted((self._root / self._folder.url).rglob("*.parquet"))

    def problems(self) -> list[Problem]:
        """What verification finds."""
        return list(verify_files(self._folder, self._head))


class _Silent:
    """A log that is only asked what it holds: recording is measured with rotation."""

    def __init__(self, head: DatasetHead) -> None:
        self._head = head

    def head(self) -> DatasetHead:
        return self._head

    def unwrapped(self, **_: object) -> None:
        pass


def put_shard(folder: Folder, table: pa.Table, number: int, recipients: list[Any]) -> RecordedShard:
    """Seal a table and put its four files in place."""
    context = ShardContext(_DATASET, f"{number:032x}", 1, _POLICY)
    staged = f"staged-{number}"
    sealed = seal(table, context=context, recipients=recipients, folder=folder, name=staged)
    names = shard_files("", sealed.header.stem)
    folder.move_all([(staged, names["shards"])])
    folder.create(names["headers"], sealed.header.encode())
    folder.create(names["wraps"], sealed.wraps)
    folder.create(names["chunks"], sealed.chunks)
    return RecordedShard("", sealed.header, sha256_hex(sealed.wraps))


def publish(folder: Folder, shards: list[RecordedShard]) -> DatasetHead:
    """Write the manifest and ``dataset.json``; what a log would say of them."""
    info = DatasetInfo(
        id=_DATASET,
        fields=(ColumnField(name="text", type="string", role="text"),),
        log_key_fingerprint=_POLICY,
        log_origin="benchmark",
    )
    rows = sum(shard.header.rows for shard in shards)
    manifest = Manifest(
        dataset=_DATASET,
        version=1,
        run_id="run",
        policy="none 1",
        policy_digest=_POLICY,
        shards=tuple(_entry(shard) for shard in shards),
        quarantine=(),
        sources=(),
        records_in=rows,
        records_out=rows,
        quarantined=0,
        report_sha256=_POLICY,
    )
    folder.create(manifest_file("run"), manifest.encode())
    folder.replace(DATASET_FILE, info.encode())
    return DatasetHead(
        dataset=_DATASET,
        version=1,
        dataset_sha256=sha256_hex(info.encode()),
        manifests={"run": sha256_hex(manifest.encode())},
        shards={("", shard.header.ctx.shard): shard for shard in shards},
    )


def build_dataset(folder: Path, shards: int) -> KeyStore:
    """A dataset of small shards with a real log, and the home that made it."""
    home = folder / "home"
    os.environ["REDACTORY_HOME"] = str(home)
    keys = KeyStore(home)
    keys.draw_passphrase()
    keys.ensure(READER, LOG)
    keys.create_reader("next", bits=3072)
    place = open_folder(folder / "dataset")
    table = documents(10_000, first=0)
    recipients = [keys.recipient(READER)]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: put_shard(place, table, n, recipients), range(shards)))
    head = publish(place, made)
    origin = new_origin()
    log = Log.create(folder / "dataset" / LEDGER_FOLDER, keys.log_signer(origin), origin=origin)
    drafts = [_sealed(shard, keys.recipient(READER).kid) for shard in made]
    log.append([*drafts, _published(head, len(made))], cli_provenance("run"))
    remember(TrustStore(home / "trust"), log)
    return keys


def _entry(shard: RecordedShard) -> ManifestShard:
    header = shard.header
    return ManifestShard(
        shard=header.ctx.shard, version=1, sha256=header.sha256, rows=header.rows, segments=()
    )


def _sealed(shard: RecordedShard, kid: str) -> Draft:
    header = shard.header
    name = shard_files("", header.stem)["shards"]
    body = {
        **header.ctx.model_dump(),
        "header": header.as_json(),
        "keyring_sha256": shard.wraps_sha256,
        "kids": (kid,),
        "replaces": None,
    }
    return Draft(kind="sealed", subject=((name, header.sha256),), body=body)


def _published(head: DatasetHead, shards: int) -> Draft:
    manifest = head.manifests["run"]
    body = {
        "dataset": head.dataset,
        "version": 1,
        "run_id": "run",
        "manifest_sha256": manifest,
        "dataset_sha256": head.dataset_sha256,
        "shards": shards,
        "records": 0,
        "quarantined": 0,
        "report_sha256": None,
        "supersedes_count": 0,
    }
    subject = ((manifest_file("run"), manifest),)
    return Draft(kind="published", subject=subject, body=body, shard_key="head")
