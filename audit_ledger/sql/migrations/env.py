"""Alembic's entry: runs the migrations on the connection that the caller passes."""

from __future__ import annotations

from alembic import context

from audit_ledger.sql.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
