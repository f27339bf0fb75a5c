"""Offline verification: every damage to every file is seen, and the file is named."""

# pytest passes fixtures by name, never by position

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Log, LogSigner, verify_log
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.edge import Edge
from audit_ledger.tiles import decode_bundle, encode_bundle

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def small(log, folder, sealed, unwrapped, provenance):
    log.append([sealed(0)], provenance)
    log.append([unwrapped()], provenance)
    return folder


@pytest.fixture
def large(log, folder, sealed, provenance):
    """Full and partial bundles, two levels of tiles."""
    log.append([sealed(i) for i in range(520)], provenance)
    return folder


def files(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file())


def named(folder, verifier=None, pinned=None):
    verdict = verify_log(folder, verifier=verifier, pinned=pinned)
    assert verdict.ok == (not verdict.problems)
    return [problem.file for problem in verdict.problems]


@pytest.mark.parametrize("trusted", [True, False])
def test_every_flipped_byte_of_every_file_is_seen(small, signer, trusted):
    verifier = signer.verifier if trusted else None
    assert named(small, verifier) == []
    signed_files = [small / "checkpoint", small / "log.vkey"]
    for path in files(small) if trusted else signed_files:
        name = path.relative_to(small).as_posix()
        raw = path.read_bytes()
        for position in range(len(raw)):
            damaged = bytearray(raw)
            damaged[position] ^= 1 << position % 8
            path.write_bytes(damaged)
            assert named(small, verifier) == [name], position
        path.write_bytes(raw)
    assert named(small, verifier) == []


def test_flips_in_a_larger_log_name_their_file(large, signer):
    for path in files(large):
        name = path.relative_to(large).as_posix()
        raw = path.read_bytes()
        for position in {0, 1, 2, len(raw) // 2, len(raw) - 1} if raw else ():
            damaged = bytearray(raw)
            damaged[position] ^= 0x80
            path.write_bytes(damaged)
            assert named(large, signer.verifier) == [name], position
        path.write_bytes(raw)


def test_cut_grown_or_missing_files_are_named(large, signer):
    for path in files(large):
        name = path.relative_to(large).as_posix()
        raw = path.read_bytes()
        damages = [raw + b"\0", raw + b"\n"]
        if raw:
            damages += [raw[:-1], raw[: len(raw) // 2], b""]
        for damaged in damages:
            path.write_bytes(damaged)
            assert named(large, signer.verifier) == [name], len(damaged)
        path.unlink()
        # The empty lock file records nothing: a copy may leave it out.
        assert named(large, signer.verifier) == ([] if name == ".lock" else [name])
        path.write_bytes(raw)


def test_swapped_bundles(large, signer):
    first, second = large / "tile/entries/000", large / "tile/entries/001"
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert {"tile/entries/000", "tile/entries/001"} <= set(named(large, signer.verifier))


def test_stray_files_are_named(small, signer):
    (small / "outside").mkdir()
    for name in (
        "notes.md",
        ".tmp-0",
        "tile/0/000.p/1",
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/001.p/1",
        "tile/entries/0",
    ):
        (small / name).parent.mkdir(parents=True, exist_ok=True)
        (small / name).write_bytes(b"x")
        assert named(small, signer.verifier) == [name]
        (small / name).unlink()
    (small / "link").symlink_to(small / "outside")
    assert named(small, signer.verifier) == ["link"]


def test_a_link_in_place_of_a_file_is_named(small, signer, tmp_path):
    path = small / "tile/0/000.p/2"
    shutil.move(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert named(small, signer.verifier) == ["tile/0/000.p/2"]


def test_a_sound_log(small, log, signer, origin):
    verdict = verify_log(small, verifier=signer.verifier)
    assert verdict.ok
    assert verdict.origin_proven
    assert (verdict.size, verdict.root) == (2, log.checkpoint.root)
    assert (verdict.origin, verdict.fingerprint) == (origin, signer.verifier.fingerprint)


def test_without_a_trusted_key_the_origin_is_unproven(small):
    verdict = verify_log(small)
    assert verdict.ok
    assert not verdict.origin_proven


def test_an_empty_log_verifies(log, folder, signer):
    assert verify_log(folder, verifier=signer.verifier).ok


def test_no_log_at_all(tmp_path):
    assert named(tmp_path / "nowhere") == ["log.vkey"]


def test_verification_changes_nothing_and_needs_no_write(small, signer):
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files(small)}
    assert named(small, signer.verifier) == []
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files(small)} == before


def test_a_whole_log_signed_by_another_key(small, tmp_path, sealed, origin, provenance, signer):
    impostor = LogSigner(Ed25519PrivateKey.generate(), origin)
    fake = Log.create(tmp_path / "fake", impostor, origin=origin)
    fake.append([sealed(0)], provenance)
    assert named(tmp_path / "fake") == []
    verdict = verify_log(tmp_path / "fake", verifier=signer.verifier)
    assert {p.file for p in verdict.problems} == {"checkpoint", "log.vkey"}
    assert not verdict.origin_proven


def test_growth_from_a_pinned_checkpoint(log, folder, sealed, signer, provenance):
    pins = [log.checkpoint.note]
    for start, end in ((0, 3), (3, 256), (256, 257), (257, 600)):
        log.append([sealed(i) for i in range(start, end)], provenance)
        pins.append(log.checkpoint.note)
    for pinned in pins:
        assert named(folder, signer.verifier, pinned) == []


def test_rollback_behind_the_pinned_checkpoint(log, folder, sealed, signer, provenance, tmp_path):
    log.append([sealed(0)], provenance)
    shutil.copytree(folder, tmp_path / "old")
    log.append([sealed(1)], provenance)
    verdict = verify_log(tmp_path / "old", verifier=signer.verifier, pinned=log.checkpoint.note)
    assert [p.file for p in verdict.problems] == ["checkpoint"]
    assert "rolled back: you pinned it with 2 statements" in verdict.problems[0].what
    assert not verdict.origin_proven


@pytest.mark.parametrize("extra", [0, 1, 400])
def test_fork_off_the_pinned_checkpoint(extra, log, folder, sealed, signer, provenance, tmp_path):
    log.append([sealed(0)], provenance)
    shutil.copytree(folder, tmp_path / "fork")
    log.append([sealed(1)], provenance)
    fork = Log.open(tmp_path / "fork", signer)
    fork.append([sealed(2 + i) for i in range(1 + extra)], provenance)
    assert named(tmp_path / "fork", signer.verifier) == []
    verdict = verify_log(tmp_path / "fork", verifier=signer.verifier, pinned=log.checkpoint.note)
    assert [p.file for p in verdict.problems] == ["checkpoint"]
    assert "forked" in verdict.problems[0].what


def test_a_pinned_checkpoint_of_another_log(small, signer, origin):
    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    pinned = Checkpoint.signed(origin, 1, bytes(32), other).note
    assert named(small, signer.verifier, pinned) == ["checkpoint"]
    assert named(small, signer.verifier, b"no note") == ["checkpoint"]


def resigned(folder, signer, leaves):
    """Write a whole log over these leaves, as only the holder of the key could."""
    for path in files(folder / "tile"):
        path.unlink()
    edge = Edge()
    stored = dict(edge.extend(leaves)) | dict(edge.partials())
    for tile, data in stored.items():
        (folder / tile.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / tile.path).write_bytes(data)
    signed = Checkpoint.signed(signer.name, edge.size, edge.root(), signer)
    (folder / "checkpoint").write_bytes(signed.note)


@pytest.mark.parametrize(
    ("rewrite", "words"),
    [
        (lambda leaves: [*leaves, leaves[0]], "statement 2 has the id of an earlier statement"),
        (lambda leaves: [leaves[0], b"{}"], "statement 1 is not a canonical statement"),
        (lambda leaves: [leaves[0].replace(b":", b": ", 1)], "statement 0 is not a canonical"),
        (lambda leaves: [leaves[0], leaves[1].replace(b"2026-", b"2025-")], "statement 1 is older"),
    ],
)
def test_the_key_holder_too_is_held_to_the_rules(small, signer, rewrite, words):
    leaves = decode_bundle((small / "tile/entries/000.p/2").read_bytes())
    resigned(small, signer, leaves)
    assert named(small, signer.verifier) == []
    resigned(small, signer, rewrite(leaves))
    verdict = verify_log(small, verifier=signer.verifier)
    assert any(words in problem.what for problem in verdict.problems)


def test_entries_and_tiles_rewritten_together(large, signer):
    leaves = []
    for name in ("000", "001", "002.p/8"):
        leaves += decode_bundle((large / "tile/entries" / name).read_bytes())
    checkpoint = (large / "checkpoint").read_bytes()
    leaves[300] = leaves[300].replace(b'"rows":10', b'"rows":11')
    resigned(large, signer, leaves)
    (large / "checkpoint").write_bytes(checkpoint)
    assert named(large, signer.verifier) == ["checkpoint"]


def test_messages_hold_nothing_of_a_leaf(small, signer):
    canary = b"Maria Schmidt"
    bundle = small / "tile/entries/000.p/2"
    leaves = decode_bundle(bundle.read_bytes())
    bundle.write_bytes(encode_bundle([canary, leaves[1]]))
    verdict = verify_log(small, verifier=signer.verifier)
    assert verdict.problems
    assert "Maria" not in repr(verdict)


def test_the_package_needs_the_core_only():
    heavy = ["spacy", "presidio_analyzer", "onnxruntime", "numba", "numpy", "pyarrow", "airflow"]
    code = f"import sys, audit_ledger; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=True
    )
    assert ast.literal_eval(done.stdout.decode()) == []
