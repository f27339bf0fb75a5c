"""Kinds of :class:`~redactory.errors.PartyError`, told apart to say the right thing to peers.

::

    PartyError
    ├── LostPeerError        a peer's process or network ended
    ├── MalformedError       a peer sent what the protocol does not allow
    ├── InconsistentError    redundant shares or commitments do not fit together
    └── DealDiffersError     the parties hold shares of different deals
"""

from __future__ import annotations

from redactory.errors import PartyError


class LostPeerError(PartyError):
    """The connection to a peer ended: its process died, or the network did."""


class MalformedError(PartyError):
    """A peer sent what the protocol does not allow."""


class InconsistentError(PartyError):
    """What the parties sent lies on no polynomial of the right degree."""


class DealDiffersError(PartyError):
    """The parties hold shares of different deals."""
