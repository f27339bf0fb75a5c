"""Small counts left out of the log and of reports (disclosure control by a threshold).

A count of one or two of a rare type can point at a person. Leaving that count out alone is
not enough where its table has a known sum, so then the tables that would give it away go
as well.
"""

from __future__ import annotations

from collections.abc import Mapping

Tables = Mapping[str, Mapping[str, int]]


def suppressed(tables: Tables, limit: int) -> dict[str, dict[str, int]]:
    """The tables without what would reveal a count below ``limit``.

    The tables count the same events in different ways, so they have one sum. Where any
    count is below the limit, the first of several tables keeps the counts that reach it
    and the others are left empty, so that nothing can be subtracted from their sum. A table
    that is alone has its sum elsewhere (records in quarantine, say) and is left empty.

    Args:
        tables: counts by name.
        limit: counts from here on are shown; 0 or 1 shows all.
    """
    if all(count >= limit for table in tables.values() for count in table.values()):
        return {name: dict(table) for name, table in tables.items()}
    shown: dict[str, dict[str, int]] = {name: {} for name in tables}
    if len(tables) > 1:
        first = next(iter(tables))
        shown[first] = {name: count for name, count in tables[first].items() if count >= limit}
    return shown
