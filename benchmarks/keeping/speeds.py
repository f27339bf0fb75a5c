"""Speeds of benchmarks/sealing.py that are measured by the clock, and those of the primitives."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from keeping.data import Sealed, build_dataset

from sealed_shards.recipients import RsaIdentity

MEGABYTE = 1_000_000
_BLOCK = 1 << 20
_PAGE = 1 << 18
_READERS = 8


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of this process and of the children it waited for."""
    before = _busy()
    action()
    return _busy() - before


def _busy() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def primitives() -> dict[str, float]:
    """CPU seconds of what the format cannot do without: a megabyte hashed, one encrypted, RSA."""
    block, page, cipher = os.urandom(_BLOCK), os.urandom(_PAGE), AESGCM(os.urandom(32))
    identity = RsaIdentity(rsa.generate_private_key(public_exponent=65537, key_size=3072))
    wrapped = identity.recipient.wrap(bytes(64))
    jobs: dict[str, tuple[float, Callable[[], object]]] = {
        "sha256_mb": (_BLOCK / MEGABYTE, lambda: sha256(block).digest()),
        "gcm_mb": (_PAGE / MEGABYTE, lambda: cipher.encrypt(bytes(12), page, None)),
        "wrap": (1, lambda: identity.recipient.wrap(bytes(64))),
        "unwrap": (1, lambda: identity.unwrap(wrapped, where="")),
    }
    return {name: _median_of(job) / amount for name, (amount, job) in jobs.items()}


def _median_of(job: Callable[[], object]) -> float:
    times = 40
    return statistics.median(
        cpu_seconds(lambda: [job() for _ in range(times)]) / times for _ in range(5)
    )


def rotation(folder: Path, shards: int) -> tuple[float, float]:
    """(shards a second by the clock, CPU milliseconds a shard) of ``dataset rotate``."""
    from redactory.lifecycle import rotate
    from redactory.reading import Trust

    keys = build_dataset(folder, shards)
    seconds, busy = [], []
    turns = [("reader", "next"), ("next", "reader")]
    for old, new in [*turns, *turns, turns[0]]:
        identity, recipient = keys.identity(old), keys.recipient(new)

        def turn(identity: Any = identity, recipient: Any = recipient) -> None:
            done = rotate(str(folder / "dataset"), Trust(), identity, recipient)
            assert done.shards == shards

        began = time.perf_counter()
        busy.append(cpu_seconds(turn))
        seconds.append(time.perf_counter() - began)
    return shards / statistics.median(seconds), 1000 * statistics.median(busy) / shards


def verification(sealed: Sealed, rounds: int) -> dict[str, float]:
    """Verifying sealed files: cached, beside ``openssl``; then uncached, beside the disk.

    Each round measures both sides one after the other; ratios are medians over the rounds.
    """
    cached, cold, hashing, digests, disk = [], [], [], [], []
    for _ in range(rounds):
        cached.append(_rate(sealed, sealed.problems))
        hashing.append(openssl_speed())
        digests.append(_rate(sealed, lambda: _openssl_digests(sealed)))
        forget(sealed)
        cold.append(_rate(sealed, sealed.problems))
        forget(sealed)
        disk.append(_rate(sealed, lambda: _read_all(sealed)))
    ratios = {
        "verify_mb_per_s": statistics.median(cached),
        "verify_cold_mb_per_s": statistics.median(cold),
        "disk_mb_per_s": statistics.median(disk),
        "verify_cold_vs_disk": _over(cold, disk),
    }
    if all(hashing):
        ratios["verify_vs_sha256"] = _over(cached, hashing)
        ratios["verify_vs_openssl_dgst"] = _over(cached, digests)
    return ratios


def _over(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _rate(sealed: Sealed, action: Callable[[], object]) -> float:
    """MB of ciphertext a second; ``action`` finds nothing."""
    began = time.perf_counter()
    assert not action()
    return sealed.size() / MEGABYTE / (time.perf_counter() - began)


def forget(sealed: Sealed) -> None:
    """Take the dataset's files out of this system's cache."""
    for path in sealed.files():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read_all(sealed: Sealed) -> None:
    with ThreadPoolExecutor(_READERS) as pool:
        list(pool.map(_read, sealed.files()))


def _read(path: Path) -> None:
    block = bytearray(_BLOCK)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def _openssl_digests(sealed: Sealed) -> None:
    """The same files hashed by ``openssl dgst``, one process a core."""
    if shutil.which("openssl") is None:
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_openssl_digest, sealed.files()))


def _openssl_digest(path: Path) -> None:
    subprocess.run(["openssl", "dgst", "-sha256", str(path)], capture_output=True, check=True)


def openssl_speed() -> float:
    """MB/s of SHA-256 over blocks of 1 MiB, one process a core; 0 where there is no openssl."""
    if shutil.which("openssl") is None:
        return 0.0
    command = ["openssl", "speed", "-seconds", "3", "-bytes", str(_BLOCK)]
    command += ["-multi", str(os.cpu_count()), "-mr", "sha256"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    total = [line for line in done.stdout.splitlines() if line.startswith("+F:")]
    return float(total[-1].split(":")[-1]) / MEGABYTE
