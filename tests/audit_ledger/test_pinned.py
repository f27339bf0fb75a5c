"""What a checkpoint that somebody kept catches, even from the holder of the log's key.

Each attack rebuilds the whole log with valid hashes; all but the forger and the stranger
sign it with the real key. Without the pinned checkpoint most of these logs are flawless.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Environment, Log, LogSigner, verify_log
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.edge import Edge

SIZE = 300


@pytest.fixture
def honest(log, sealed, provenance, folder):
    """Leaves of a log, the checkpoint that somebody kept of it, and its growth since."""
    log.append([sealed(i) for i in range(SIZE)], provenance)
    pinned = log.checkpoint.note
    log.append([sealed(i) for i in range(SIZE, SIZE + 5)], provenance)
    return [entry.raw for entry in log.entries()], pinned


def rewrite(folder, signer, leaves):
    """The log over other leaves, every hash and the signature in order."""
    for path in sorted(folder.rglob("tile/**/*")):
        if path.is_file():
            path.unlink()
    edge = Edge()
    for tile, data in (dict(edge.extend(leaves)) | dict(edge.partials())).items():
        (folder / tile.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / tile.path).write_bytes(data)
    note = Checkpoint.signed(signer.name, edge.size, edge.root(), signer).note
    (folder / "checkpoint").write_bytes(note)


def caught(folder, pinned, words):
    """The pinned checkpoint must catch it by itself: no other key is given."""
    verdict = verify_log(folder, pinned=pinned)
    assert not verdict.ok
    assert any(words in problem.what for problem in verdict.problems), verdict.problems
    return verdict.problems


def test_the_honest_log_passes(folder, honest):
    verdict = verify_log(folder, pinned=honest[1])
    assert verdict.ok
    assert verdict.origin_proven


def test_rollback(folder, signer, honest):
    leaves, pinned = honest
    rewrite(folder, signer, leaves[: SIZE - 20])
    assert verify_log(folder).ok
    caught(folder, pinned, "rolled back: you pinned it with 300 statements, now it has 280")


def test_fork(folder, signer, honest, tmp_path, sealed, provenance):
    """Another branch that went on longer than the pinned one."""
    leaves, pinned = honest
    rewrite(folder, signer, leaves[: SIZE - 20])
    branch = Log.open(folder, signer)
    branch.append([sealed(i, content="other") for i in range(1000, 1100)], provenance)
    assert verify_log(folder).ok
    caught(folder, pinned, "forked or its history rewritten: the first 300")


def test_rewrite(folder, signer, honest):
    leaves, pinned = honest
    leaves[7] = leaves[7].replace(b'"rows":10', b'"rows":11')
    rewrite(folder, signer, leaves)
    assert verify_log(folder).ok
    caught(folder, pinned, "history rewritten")


def test_deletion(folder, signer, honest):
    leaves, pinned = honest
    rewrite(folder, signer, leaves[:7] + leaves[8:])
    assert verify_log(folder).ok
    caught(folder, pinned, "history rewritten")


def test_reordering(folder, signer, honest):
    leaves, pinned = honest
    leaves[7], leaves[8] = leaves[8], leaves[7]
    rewrite(folder, signer, leaves)
    assert verify_log(folder).ok
    caught(folder, pinned, "history rewritten")


def test_duplicated_leaf(folder, signer, honest):
    leaves, pinned = honest
    rewrite(folder, signer, [*leaves, leaves[7]])
    problems = caught(folder, pinned, "statement 305 has the id of an earlier statement")
    assert len(problems) == 1


def test_forged_signature(folder, honest, signer, origin):
    leaves, pinned = honest
    leaves[7] = leaves[7].replace(b'"rows":10', b'"rows":11')
    rewrite(folder, signer, leaves)
    raw = (folder / "checkpoint").read_bytes()
    edge = Edge()
    edge.extend(leaves)
    forged = Checkpoint(origin, len(leaves), edge.root()).text().encode()
    # The honest signature under another text.
    signature = pinned.rpartition(b"\n\n")[2]
    (folder / "checkpoint").write_bytes(forged + b"\n" + signature)
    assert (folder / "checkpoint").read_bytes() != raw
    caught(folder, pinned, "the log's signature does not verify")


def test_wrong_key(folder, honest, origin):
    """The whole log under a stranger's key, which lies in the folder as if it were the log's."""
    leaves, pinned = honest
    stranger = LogSigner(Ed25519PrivateKey.generate(), origin)
    rewrite(folder, stranger, leaves)
    (folder / "log.vkey").write_text(stranger.verifier.vkey() + "\n")
    assert verify_log(folder).ok
    caught(folder, pinned, "signed by another key than the checkpoint that you pinned")


def test_clock_going_backwards(folder, signer, honest, sealed, provenance, tmp_path, origin):
    leaves, pinned = honest
    past = Environment(clock=lambda: 1_600_000_000 * 10**9)
    other = Log.create(tmp_path / "past", signer, origin=origin, environment=past)
    stale = other.append([sealed(9000)], provenance)[0].raw
    rewrite(folder, signer, [*leaves, stale])
    problems = caught(folder, pinned, "statement 305 is older than the one before it")
    assert len(problems) == 1
