"""A verified prefix grows with the log, and believes nothing that was not signed."""

import pytest

from audit_ledger.prefix import VerifiedPrefix
from redactory.errors import LedgerError


def grown(folder, taken=None):
    prefix = VerifiedPrefix(folder)
    prefix.grow((taken if taken is not None else []).append)
    return prefix


def test_it_takes_every_entry_once_in_order(log, folder, sealed, provenance):
    taken, prefix = [], VerifiedPrefix(folder)
    assert prefix.grow(taken.append) == 0
    for first, count in ((0, 3), (3, 600), (603, 1)):
        log.append([sealed(n) for n in range(first, first + count)], provenance)
        assert prefix.grow(taken.append) == count
        assert (prefix.size, prefix.root) == (log.checkpoint.size, log.checkpoint.root)
    assert [entry.index for entry in taken] == list(range(604))
    assert [entry.raw for entry in taken] == [entry.raw for entry in log.entries()]


@pytest.mark.parametrize("steps", [(1, 255, 1), (256, 256), (255, 2, 255), (300, 1, 212)])
def test_any_steps_lead_to_the_signed_root(log, folder, sealed, provenance, steps):
    prefix, done = VerifiedPrefix(folder), 0
    for step in steps:
        log.append([sealed(n) for n in range(done, done + step)], provenance)
        done += step
        prefix.grow(lambda _: None)
        assert prefix.root == log.checkpoint.root


def test_entries_are_compared_with_what_was_verified(log, folder, sealed, provenance):
    log.append([sealed(n) for n in range(300)], provenance)
    prefix = grown(folder)
    assert [entry.index for entry in prefix.entries([299, 0, 256])] == [299, 0, 256]
    bundle = folder / "tile" / "entries" / "000"
    raw = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(raw.replace(b'"rows":10', b'"rows":11', 1))
    with pytest.raises(LedgerError, match="changed since it was verified"):
        prefix.entries([0])
    assert prefix.entries([1])[0].index == 1


@pytest.mark.parametrize("change", [b'"rows":11', b'"rows":1x'])
def test_a_changed_entry_is_not_believed(log, folder, sealed, provenance, change):
    log.append([sealed(n) for n in range(5)], provenance)
    (bundle,) = (folder / "tile" / "entries" / "000.p").iterdir()
    raw = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(raw.replace(b'"rows":10', change, 1))
    with pytest.raises(LedgerError):
        grown(folder)


def test_another_key_than_the_trusted_one_is_refused(log, folder, origin):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit_ledger import LogSigner

    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    with pytest.raises(LedgerError, match="not the key that was expected"):
        VerifiedPrefix(folder, other.verifier)
    assert VerifiedPrefix(folder, log.verifier).size == 0


def test_a_rollback_is_noticed(log, folder, sealed, provenance):
    log.append([sealed(0)], provenance)
    older = (folder / "checkpoint").read_bytes()
    log.append([sealed(1)], provenance)
    prefix = grown(folder)
    (folder / "checkpoint").chmod(0o600)
    (folder / "checkpoint").write_bytes(older)
    with pytest.raises(LedgerError, match="rolled back"):
        prefix.grow(lambda _: None)
