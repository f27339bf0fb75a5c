"""Reading text: files in, Arrow record batches out, no record lost.

:func:`list_sources` finds the files, :func:`read` streams one of them.
"""

from redactory.sources.listing import Listing, Source, list_sources
from redactory.sources.options import ReadOptions
from redactory.sources.reader import columns_not_carried, read
from redactory.sources.records import Batch, Reason, Unreadable

__all__ = [
    "Batch",
    "Listing",
    "ReadOptions",
    "Reason",
    "Source",
    "Unreadable",
    "columns_not_carried",
    "list_sources",
    "read",
]
