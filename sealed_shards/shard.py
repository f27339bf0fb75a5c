"""Sealing one table into one encrypted Parquet file, and opening it again.

Parquet Modular Encryption through pyarrow's direct-key interface: AES-256-GCM, encrypted
footer, uniform key, associated data that is not stored in the file. The reasons against
pyarrow's ``CryptoFactory``, plaintext footers and GCM-CTR are in design page 20 and in
``docs/format/sealed-shard-v1.md``.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from redactory.durable import Folder
from redactory.errors import IntegrityError
from sealed_shards.chunks import CheckedFile, HashingSink, chunks_root, split_leaves
from sealed_shards.context import DATA_KEY_BYTES, ShardContext, derive_key_and_commitment
from sealed_shards.header import ShardHeader
from sealed_shards.layout import shard_file
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.wraps import unwrap_with, wrap_for

_FIRST_ROWS, _SAMPLED_ROWS = 64, 1024


@dataclass(frozen=True)
class SealedShard:
    """What sealing leaves behind beside the ciphertext: its header, wraps and chunk digests."""

    header: ShardHeader
    wraps: bytes
    chunks: bytes


def seal(
    table: pa.Table,
    *,
    context: ShardContext,
    recipients: Iterable[Recipient],
    folder: Folder,
    name: str,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> SealedShard:
    """Write ``table`` encrypted to ``name`` in ``folder`` and wrap its data key.

    Args:
        table: the rows of the shard.
        context: what the ciphertext is bound to.
        recipients: who may open it; public keys only.
        folder: where to write.
        name: the file's name there; must be free.
        random_bytes: source of the data key.

    Raises:
        KeyringError: no recipients.
    """
    data_key = random_bytes(DATA_KEY_BYTES)
    wraps = wrap_for(data_key, context, recipients)
    key, commitment = derive_key_and_commitment(data_key, context.aad())
    properties = pe.create_encryption_properties(
        key, aad_prefix=context.aad(), store_aad_prefix=False
    )
    with folder.writing(name) as file:
        sink = HashingSink(file)
        with pq.ParquetWriter(
            pa.PythonFile(sink, mode="w"),
            table.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=repetitive_columns(table),
            encryption_properties=properties,
        ) as writer:
            writer.write_table(table)
        digest, leaves = sink.digests()
    header = ShardHeader.model_validate(
        {
            "ctx": context.as_json(),
            "sha256": digest.hex(),
            "bytes": sink.size,
            "rows": table.num_rows,
            "commit": commitment.hex(),
            "chunks_root": chunks_root(leaves).hex(),
            "extensions": {},
        }
    )
    return SealedShard(header, wraps, b"".join(leaves))


def repetitive_columns(table: pa.Table) -> list[str]:
    """Columns worth a dictionary: trying one on texts that never repeat costs time and space."""
    sample = table.slice(0, _SAMPLED_ROWS)
    return [
        field.name
        for field in table.schema
        if not pa.types.is_nested(field.type) and _repeats(sample.column(field.name))
    ]


def _repeats(values: pa.ChunkedArray) -> bool:
    first = values.slice(0, _FIRST_ROWS)
    if len(first.unique()) == len(first):
        return False  # such as long texts, of which comparing more would take time
    return bool(2 * len(values.unique()) <= len(values))


def unwrap_data_key(
    folder: Folder, area: str, header: ShardHeader, wraps: bytes, identity: Identity
) -> bytes:
    """The data key of a shard, checked against the header's commitment.

    Raises:
        KeyringError: the identity is not a recipient.
        IntegrityError: the wrap is for another shard, or for another key than the file's.
    """
    where = folder.path(shard_file(area, "wraps", header.stem))
    data_key = unwrap_with(wraps, header.context, identity, where=where)
    _, commitment = derive_key_and_commitment(data_key, header.context.aad())
    if not hmac.compare_digest(commitment, bytes.fromhex(header.commit)):
        raise IntegrityError("the wrapped key is not the key of this shard", where=where)
    return data_key


def open_shard(folder: Folder, area: str, header: ShardHeader, data_key: bytes) -> pq.ParquetFile:
    """A reader over the decrypted shard; every byte is checked before it is used.

    The header must come from a verified log: a header that lies beside the file proves
    nothing, since anybody can seal a shard for a public key.

    Raises:
        IntegrityError: the file is not the recorded one.
    """
    name = shard_file(area, "shards", header.stem)
    where = folder.path(name)
    sidecar_name = shard_file(area, "chunks", header.stem)
    try:
        size, sidecar = folder.size(name), folder.read(sidecar_name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise IntegrityError("a file of the shard is missing", where=where) from error
    if size != header.size:
        raise IntegrityError("the shard has another length than recorded", where=where)
    leaves = split_leaves(
        sidecar,
        root=bytes.fromhex(header.chunks_root),
        size=header.size,
        where=folder.path(sidecar_name),
    )
    key, _ = derive_key_and_commitment(data_key, header.context.aad())
    properties = pe.create_decryption_properties(
        key, aad_prefix=header.context.aad(), allow_plaintext_files=False
    )
    checked = CheckedFile(folder.open(name), leaves, header.size, where=where)
    try:
        file = pq.ParquetFile(pa.PythonFile(checked, mode="r"), decryption_properties=properties)
    except (pa.ArrowException, OSError, IntegrityError) as error:
        checked.close()
        if isinstance(error, IntegrityError):
            raise
        raise IntegrityError("the shard does not decrypt", where=where) from None
    if file.metadata.num_rows != header.rows:
        file.close(force=True)
        raise IntegrityError("the shard has another number of rows than recorded", where=where)
    return file


def read_shard(
    folder: Folder,
    area: str,
    header: ShardHeader,
    data_key: bytes,
    *,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a shard as record batches.

    Raises:
        IntegrityError: the file is not the recorded one.
    """
    with _opened(folder, area, header, data_key) as file:
        yield from file.iter_batches(columns=list(columns) if columns is not None else None)


def read_table(
    folder: Folder,
    area: str,
    header: ShardHeader,
    data_key: bytes,
    *,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """All rows of a shard at once.

    Raises:
        IntegrityError: the file is not the recorded one.
    """
    with _opened(folder, area, header, data_key) as file:
        wanted = list(columns) if columns is not None else file.schema_arrow.names
        schema = pa.schema([file.schema_arrow.field(name) for name in wanted])
        # One thread, as batches go: several would wait for each other's checked bytes.
        return pa.Table.from_batches(file.iter_batches(columns=wanted), schema=schema)


@contextmanager
def _opened(
    folder: Folder, area: str, header: ShardHeader, data_key: bytes
) -> Iterator[pq.ParquetFile]:
    where = folder.path(shard_file(area, "shards", header.stem))
    file = open_shard(folder, area, header, data_key)
    try:
        yield file
    except (pa.ArrowException, OSError):
        raise IntegrityError("the shard does not decrypt", where=where) from None
    finally:
        file.close(force=True)
