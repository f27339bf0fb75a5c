"""Redactory: raw text full of personal data in, sealed and audited data out."""

__version__ = "0.1.0"
