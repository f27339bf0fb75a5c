"""A log in a database (SQLite, PostgreSQL) through SQLAlchemy; an extra.

Many writers on many machines can append to one log. The schema is made and brought up to
date by Alembic migrations; ``audit_ledger.place`` chooses this store by the form of the URL.
"""
