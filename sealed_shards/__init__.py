"""Sealed shards: encrypted Parquet files, each with its own data key wrapped for its readers.

The format is specified in ``docs/format/sealed-shard-v1.md``. Start reading at
:mod:`sealed_shards.context` (what a shard is bound to), :mod:`sealed_shards.recipients`
(who may open it) and :mod:`sealed_shards.shard` (sealing and opening).
"""

from sealed_shards.access import AccessLog, DatasetHead, RecordedShard
from sealed_shards.context import FORMAT, ShardContext
from sealed_shards.dataset import open_dataset
from sealed_shards.delegated import DelegatedIdentity
from sealed_shards.header import ShardHeader
from sealed_shards.hybrid import HybridIdentity, HybridRecipient
from sealed_shards.key_files import load_identity, load_recipient
from sealed_shards.opened import Dataset
from sealed_shards.pkcs11 import Pkcs11Keyring
from sealed_shards.recipients import Identity, Recipient, RsaIdentity, RsaRecipient
from sealed_shards.shard import SealedShard, open_shard, read_shard, seal
from sealed_shards.software import SoftwareKeyring
from sealed_shards.training import RowStream, to_hugging_face, to_torch

__all__ = [
    "FORMAT",
    "AccessLog",
    "Dataset",
    "DatasetHead",
    "DelegatedIdentity",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "Pkcs11Keyring",
    "Recipient",
    "RecordedShard",
    "RowStream",
    "RsaIdentity",
    "RsaRecipient",
    "SealedShard",
    "ShardContext",
    "ShardHeader",
    "SoftwareKeyring",
    "load_identity",
    "load_recipient",
    "open_dataset",
    "open_shard",
    "read_shard",
    "seal",
    "to_hugging_face",
    "to_torch",
]
