"""Keys (drawn once a session), contexts, and small real datasets with a log that is a list."""

import hashlib
import importlib.util
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from redactory.canonical import sha256_hex
from redactory.durable import Folder, open_folder
from redactory.errors import LedgerError
from sealed_shards import DatasetHead, RecordedShard, RsaIdentity, ShardContext, ShardHeader, seal
from sealed_shards.layout import AREAS, DATASET_FILE, manifest_file, shard_files
from sealed_shards.manifest import ColumnField, DatasetInfo, Manifest, ManifestShard
from sealed_shards.pkcs11 import Pkcs11Keyring

POLICY = hashlib.sha256(b"policy").hexdigest()
DATASETS = dict(zip(AREAS, ("letters", "letters/quarantine", "letters/sources"), strict=True))


def _key(bits: int = 3072) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@pytest.fixture(scope="session")
def alice() -> RsaIdentity:
    """The reader."""
    return RsaIdentity(_key())


@pytest.fixture(scope="session")
def bob() -> RsaIdentity:
    """A second reader."""
    return RsaIdentity(_key())


@pytest.fixture(scope="session")
def weak_key() -> rsa.RSAPrivateKey:
    return _key(2048)


@pytest.fixture(scope="session")
def tokens() -> ModuleType:
    """PKCS #11 tokens in software (tokens.py)."""
    path = Path(__file__).with_name("tokens.py")
    spec = importlib.util.spec_from_file_location("tokens", path)
    module = sys.modules["tokens"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Hsm(NamedTuple):
    """A token and the name of a key on it."""

    keyring: Pkcs11Keyring
    name: str


@pytest.fixture(scope="session")
def hsm(tokens, unavailable):
    """A token that can do what is needed, with a key."""
    with (
        tokens.opencryptoki(unavailable) as token,
        Pkcs11Keyring(token.module, token.label, token.pin, write=True) as keyring,
    ):
        name = f"reader-{secrets.token_hex(4)}"
        keyring.create_rsa(name)
        yield Hsm(keyring, name)
        keyring.destroy(name)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return open_folder(tmp_path / "dataset")


def shard_id(number: int) -> str:
    return f"{number:032x}"


@dataclass
class ListLog:
    """An access log that is a list; ``broken`` makes it refuse to record."""

    head_: DatasetHead
    records: list[dict[str, object]] = field(default_factory=list)
    broken: bool = False

    def head(self) -> DatasetHead:
        return self.head_

    def unwrapped(self, **record: object) -> None:
        if self.broken:
            raise LedgerError("the disk is full", where="ledger")
        self.records.append(record)


@dataclass
class CountingIdentity:
    """Counts what it unwraps."""

    inner: RsaIdentity
    asked: list[str] = field(default_factory=list)

    @property
    def kid(self) -> str:
        return self.inner.kid

    @property
    def unwraps(self) -> int:
        return len(self.asked)

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        self.asked.append(where)  # from several threads
        return self.inner.unwrap(wrapped, where=where)


@dataclass
class Maker:
    """Builds a dataset in ``folder`` the way the pipeline does, without the pipeline."""

    folder: Folder
    readers: list[RsaIdentity]
    recorded: dict[tuple[str, str], RecordedShard] = field(default_factory=dict)
    manifests: dict[str, str] = field(default_factory=dict)
    dataset_sha256: str = ""

    def context(self, number: int = 1, *, version: int = 1, area: str = "") -> ShardContext:
        return ShardContext(DATASETS[area], shard_id(number), version, POLICY)

    def shard(
        self,
        table: pa.Table,
        number: int = 1,
        *,
        version: int = 1,
        area: str = "",
        readers: list[RsaIdentity] | None = None,
    ) -> RecordedShard:
        """Seal ``table``, put its four files in place and 'record' it."""
        staged = f"staged-{secrets.token_hex(4)}"
        sealed = seal(
            table,
            context=self.context(number, version=version, area=area),
            recipients=[i.recipient for i in (self.readers if readers is None else readers)],
            folder=self.folder,
            name=staged,
        )
        names = shard_files(area, sealed.header.stem)
        self.folder.move_all([(staged, names["shards"])])
        self.folder.create(names["headers"], sealed.header.encode())
        self.folder.create(names["wraps"], sealed.wraps)
        self.folder.create(names["chunks"], sealed.chunks)
        older = self.recorded.get((area, shard_id(number)))
        replaced = (*older.replaced, older.header.stem) if older else ()
        made = RecordedShard(area, sealed.header, sha256_hex(sealed.wraps), replaced)
        self.recorded[area, shard_id(number)] = made
        return made

    def wraps(self, shard: RecordedShard) -> bytes:
        return self.folder.read(shard_files(shard.area, shard.header.stem)["wraps"])

    def rewrap(self, shard: RecordedShard, wraps: bytes) -> RecordedShard:
        """Put another wraps file in force."""
        self.folder.replace(shard_files(shard.area, shard.header.stem)["wraps"], wraps)
        made = replace(shard, wraps_sha256=sha256_hex(wraps))
        self.recorded[shard.area, shard.header.ctx.shard] = made
        return made

    def publish(
        self,
        run_id: str,
        *shards: RecordedShard,
        supersedes: tuple[str, ...] = (),
        **changes: object,
    ) -> Manifest:
        info = DatasetInfo(
            id="letters",
            fields=(ColumnField(name="text", type="string", role="text"),),
            log_key_fingerprint=POLICY,
            log_origin="tests.log",
        )
        entries = {area: [entry(s) for s in shards if s.area == area] for area in AREAS}
        manifest = Manifest(
            dataset="letters",
            version=len(self.manifests) + 1,
            run_id=run_id,
            policy="test 1",
            policy_digest=POLICY,
            shards=tuple(entries[""]),
            quarantine=tuple(entries["quarantine"]),
            sources=tuple(entries["sources"]),
            supersedes=supersedes,
            records_in=0,
            records_out=0,
            quarantined=0,
            report_sha256=POLICY,
        ).model_copy(update=changes)
        self.folder.create(manifest_file(run_id), manifest.encode())
        self.folder.replace(DATASET_FILE, info.encode())
        self.manifests[run_id] = sha256_hex(manifest.encode())
        self.dataset_sha256 = sha256_hex(info.encode())
        return manifest

    def head(self) -> DatasetHead:
        return DatasetHead(
            dataset="letters",
            version=len(self.manifests),
            dataset_sha256=self.dataset_sha256,
            manifests=dict(self.manifests),
            shards=dict(self.recorded),
        )

    def log(self, *, broken: bool = False) -> ListLog:
        return ListLog(self.head(), broken=broken)


def entry(shard: RecordedShard) -> ManifestShard:
    header: ShardHeader = shard.header
    return ManifestShard(
        shard=header.ctx.shard,
        version=header.ctx.version,
        sha256=header.sha256,
        rows=header.rows,
        segments=(),
    )


@pytest.fixture
def maker(folder: Folder, alice: RsaIdentity) -> Maker:
    return Maker(folder, [alice])


@pytest.fixture
def counting(alice: RsaIdentity) -> CountingIdentity:
    return CountingIdentity(alice)


@pytest.fixture
def flip(folder: Folder) -> Callable[..., None]:
    """Flip one bit of a stored file."""

    def change(name: str, position: int = 0) -> None:
        raw = bytearray(folder.read(name))
        raw[position] ^= 1
        folder.replace(name, bytes(raw))

    return change
