"""Alembic migrations of the tables of a log; run by ``audit_ledger.sql.engine.upgrade``."""
