"""What only a database can get wrong: its schema, rows changed behind the log's back."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit_ledger import Log, verify_log
from audit_ledger.sql.engine import configuration, connect, upgrade
from audit_ledger.sql.schema import METADATA, VERSION_TABLE
from redactory.errors import LedgerError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def log(database, signer, origin, environment):
    return Log.create(database, signer, origin=origin, environment=environment)


def change(database, statement):
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount
    engine.dispose()


def test_migrations_make_exactly_the_tables(database):
    from alembic import command
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = connect(database)
    upgrade(engine)
    upgrade(engine)  # nothing to do
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []
        command.downgrade(configuration(connection), "base")
        assert set(sa.inspect(connection).get_table_names()) <= {VERSION_TABLE}
    engine.dispose()


def test_tables_of_another_version(log, database):
    change(database, f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    with pytest.raises(LedgerError, match="another version"):
        Log.open(database)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM ledger_entries WHERE leaf_index = 5", "as many entries"),
        ("DELETE FROM ledger_entries WHERE leaf_index = 9", "as many entries"),
        (
            """UPDATE ledger_entries SET leaf =
            (SELECT leaf FROM ledger_entries WHERE leaf_index = 4) WHERE leaf_index = 5""",
            "id of another",
        ),
        ("DELETE FROM ledger_tiles", "missing"),
        ("UPDATE ledger_logs SET size = 9", "not part of the log"),
        ("UPDATE ledger_logs SET checkpoint = 'x'", "not a signed note"),
        ("UPDATE ledger_logs SET vkey = 'x'", "verifier key"),
    ],
)
def test_rows_changed_behind_the_logs_back(
    log, database, signer, sealed, provenance, statement, words
):
    log.append([sealed(i) for i in range(10)], provenance)
    change(database, statement)
    verdict = verify_log(database, verifier=signer.verifier)
    assert not verdict.ok
    assert any(words in problem.what for problem in verdict.problems), verdict.problems


def test_rows_beyond_the_checkpoint_are_named_and_then_removed(
    log, database, signer, sealed, provenance
):
    log.append([sealed(i) for i in range(10)], provenance)
    change(
        database,
        "INSERT INTO ledger_entries (log_id, leaf_index, statement_id, leaf)"
        " SELECT log_id, 700, leaf, leaf FROM ledger_entries WHERE leaf_index = 3",
    )
    change(
        database,
        "INSERT INTO ledger_tiles (log_id, level, number, hashes)"
        " SELECT log_id, 0, 2, hashes FROM ledger_tiles",
    )
    assert not verify_log(database, verifier=signer.verifier).ok
    assert Log.open(database, signer).repaired == ["tile/entries/002.p/189", "tile/0/002"]
    assert verify_log(database, verifier=signer.verifier).ok


def test_several_logs_in_one_database(log, database, signer, sealed, provenance):
    from audit_ledger import LogSigner

    other = LogSigner(signer._private_key, "redactory.log/other")
    Log.create(f"{database}#{other.name}", other, origin=other.name)
    with pytest.raises(LedgerError, match="several logs"):
        Log.open(database)
    log.append([sealed(1)], provenance)
    assert Log.open(f"{database}#{signer.name}").checkpoint.size == 1
    assert Log.open(f"{database}#{other.name}").checkpoint.size == 0


WRITER = textwrap.dedent(
    """
    import sys
    from itertools import count
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from audit_ledger import Draft, Log, LogSigner, Provenance

    database, origin = sys.argv[1:]
    signer = LogSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), origin)
    log = Log.open(database, signer)
    who = Provenance(actor_kind="cli", actor_name="w", run_id="w", code_version="0")
    for number in count(log.checkpoint.size):
        body = {"dataset": "d", "shard": str(number), "version": 1}
        log.append([Draft("released", (("x", "ab" * 32),), body)], who)
        print(number, flush=True)
    """
)


def test_a_killed_writer_loses_nothing_it_acknowledged(log, database, origin, signer):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", WRITER, database, origin]
    for _ in range(3):
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        acknowledged = [int(child.stdout.readline()) for _ in range(5)]
        time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().splitlines()]
        child.wait()
        child.stdout.close()
        reopened = Log.open(database, signer)
        assert reopened.repaired == []
        assert reopened.checkpoint.size > acknowledged[-1]
        assert verify_log(database, verifier=signer.verifier).ok
