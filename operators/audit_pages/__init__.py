"""The audit pages in Airflow's UI: verified facts of the ledger, for an auditor to read.

:mod:`~operators.audit_pages.app` is the application, :mod:`~operators.audit_pages.routes` its
pages, :mod:`redactory.auditing` where every fact comes from. Pages are rendered here, on the
server; a browser needs no script for them.
"""
