"""All connections of one party, and the exchange that every round of the protocol is.

In an exchange every party sends one frame to every other and gets one from each. A party that
is lost is left out from then on, as long as enough are left; what a peer says that is not in
the protocol ends the run at once, everywhere: the last thing a party sends is why it stops.

A slow party is not a dead party: the step's deadline is long, and dead hosts are noticed by the
kernel's probes, which a busy process need not answer itself.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Mapping

from mpc_jobs.faults import LostPeerError
from mpc_jobs.frames import NO_SESSION, Expected, Kind, Reason, pack
from mpc_jobs.link import Link
from redactory.errors import PartyError

Payloads = Mapping[int, bytes]


class Mesh:
    """The links of party ``me``.

    Args:
        me: this party's number.
        links: one for each peer that is present.
        quorum: the fewest parties, ``me`` included, that can go on.
        step_seconds: how long an exchange may take.
        notice: gets one line when a party is lost.

    Attributes:
        rounds: exchanges so far.
    """

    def __init__(
        self,
        me: int,
        links: Mapping[int, Link],
        *,
        quorum: int,
        step_seconds: float,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.me = me
        self.rounds = 0
        self._links = dict(links)
        self._gone: list[Link] = []
        self._quorum = quorum
        self._step_seconds = step_seconds
        self._notice = notice
        self._session = NO_SESSION
        self._step = 0

    @property
    def present(self) -> list[int]:
        """Numbers of the parties that are still here, ``me`` included."""
        return sorted([self.me, *self._links])

    @property
    def sent(self) -> int:
        """Bytes sent so far, over all links."""
        return sum(link.sent for link in (*self._links.values(), *self._gone))

    def enter(self, session: bytes) -> None:
        """Name the session that all later frames belong to; steps count from 0 again."""
        self._session, self._step = session, 0

    def broadcast(self, payload: bytes, *, length: int | None = None) -> dict[int, bytes]:
        """Send the same to every peer and get theirs; own payload included in the result.

        Args:
            payload: what to send.
            length: greatest length to accept; None: exactly as long as ``payload``.

        Raises:
            PartyError: too few parties are left, a deadline passed, or a peer broke the protocol.
        """
        return self.exchange(dict.fromkeys(self._links, payload), length=length, own=payload)

    def exchange(
        self, payloads: Payloads, *, own: bytes, length: int | None = None
    ) -> dict[int, bytes]:
        """The same with a payload of its own for each peer."""
        for number, link in self._links.items():
            payload = payloads[number]
            expected = Expected(
                Kind.DATA,
                number,
                self._session,
                self._step,
                len(payload) if length is None else length,
                exact=length is None,
            )
            link.begin(pack(Kind.DATA, self.me, self._session, self._step, payload), expected)
        received = self._run()
        self._step += 1
        self.rounds += 1
        return {self.me: own, **received}

    def _run(self) -> dict[int, bytes]:
        waiting = dict(self._links)
        received: dict[int, bytes] = {}
        deadline = time.monotonic() + self._step_seconds
        while waiting:
            poll = select.poll()
            for number, link in list(waiting.items()):
                payload = self._advance(link)
                if number not in self._links:
                    del waiting[number]
                elif payload is not None:
                    received[number] = bytes(payload)
                    del waiting[number]
                else:
                    poll.register(link.descriptor, link.waits_for)
            left = deadline - time.monotonic()
            if (
                waiting
                and (left <= 0 or not poll.poll(left * 1000))
                and time.monotonic() > deadline
            ):
                self._give_up_on(waiting)
        return received

    def _advance(self, link: Link) -> bytearray | None:
        try:
            return link.advance()
        except LostPeerError as error:
            self._lose(link, error)
        return None

    def _give_up_on(self, waiting: dict[int, Link]) -> None:
        for number, link in list(waiting.items()):
            slow = PartyError(
                f"did not answer within {self._step_seconds:.0f} seconds", where=f"party {number}"
            )
            del waiting[number]
            self._lose(link, slow)

    def _lose(self, link: Link, error: PartyError) -> None:
        del self._links[link.number]
        self._gone.append(link)
        link.close()
        if len(self._links) + 1 < self._quorum:
            raise PartyError(
                f"{error.what}, and the others are too few to go on",
                where=error.where,
                hint="start all parties again; they resume from the last checkpoint",
            ) from None
        self._notice(f"{error.where} {error.what}; going on with {len(self._links) + 1} parties")

    def abort(self, reason: Reason) -> None:
        """Tell every peer that this party stops, and close."""
        frame = pack(Kind.ABORT, self.me, self._session, self._step, bytes([reason]))
        for link in self._links.values():
            link.say_last(frame)
        self.close()

    def close(self) -> None:
        """End all connections."""
        for link in self._links.values():
            link.close()
