"""Opening a session: who is here, its name, and the keys of the sets.

1. Parties that are connected agree on who is present.
2. The session's name is the digest of the job and of every present party's fresh nonce.
3. Every party draws 32 bytes for each set it is in and sends them to that set's members, each
   over the mutual TLS connection that is bound to the member's certificate. The set's key is
   HKDF-SHA-256 of all members' contributions, the set, and the job's digest. No launcher and no
   dealer ever has it; it is as good as the best of the members' randomness.
4. Each member confirms each key by a MAC before it is used.
5. The session and the keys' fingerprints are put on disk; a session that is there already is
   refused, so no stream is ever used twice, whatever crashed in between.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mpc_jobs.mesh import Mesh
from mpc_jobs.prss import CommonRandomness, KeySet
from mpc_jobs.sharing import RandomBytes, Scheme
from mpc_jobs.stream_log import StreamLog
from redactory.errors import PartyError

_KEY_BYTES = _MAC_BYTES = 32
_LABEL = b"redactory-mpc/v1 "


def open_session(
    scheme: Scheme,
    mesh: Mesh,
    *,
    job_digest: bytes,
    nonces: dict[int, bytes],
    log: StreamLog,
    random_bytes: RandomBytes = os.urandom,
) -> CommonRandomness:
    """The common randomness of a new session among the parties that are present.

    Raises:
        PartyError: the parties see different parties, keys differ, or the session is not new.
    """
    present = _agree_on_presence(mesh)
    session = hashlib.sha256(
        _LABEL + b"session\0" + job_digest + b"".join(bytes([n]) + nonces[n] for n in present)
    ).digest()
    mesh.enter(session[:12])
    mine = {a: random_bytes(_KEY_BYTES) for a in scheme.key_sets if mesh.me in a}
    received = mesh.exchange(
        {n: b"".join(mine[a] for a in mine if n in a) for n in present if n != mesh.me},
        own=b"",
    )
    keys = _combine(mine, received, mesh.me, present, job_digest)
    _confirm(mesh, keys, session, present)
    log.enter(job_digest, session, keys)
    return CommonRandomness(scheme, mesh.me, keys, session)


def _agree_on_presence(mesh: Mesh) -> list[int]:
    present = mesh.present
    views = mesh.broadcast(sum(1 << n for n in present).to_bytes(4, "big"))
    if len(set(views.values())) != 1:
        raise PartyError(
            "the parties do not all see each other",
            hint="look at the network between them, then start all of them again",
        )
    return present


def _combine(
    mine: dict[KeySet, bytes],
    received: dict[int, bytes],
    me: int,
    present: list[int],
    job_digest: bytes,
) -> dict[KeySet, bytes]:
    """Keys of my sets, out of my contributions and those of each set's present members."""
    position = dict.fromkeys(present, 0)
    keys = {}
    for key_set, own in mine.items():
        parts = []
        for member in (m for m in key_set if m in position):
            if member == me:
                parts.append(own)
                continue
            start = position[member]
            parts.append(received[member][start : start + _KEY_BYTES])
            position[member] += _KEY_BYTES
        keys[key_set] = HKDF(
            algorithm=hashes.SHA256(),
            length=_KEY_BYTES,
            salt=job_digest,
            info=_LABEL + b"set key\0" + bytes(key_set) + b"\0" + bytes(present),
        ).derive(b"".join(parts))
    return keys


def _confirm(mesh: Mesh, keys: dict[KeySet, bytes], session: bytes, present: list[int]) -> None:
    def code(key_set: KeySet, sender: int) -> bytes:
        text = _LABEL + b"confirm\0" + session + bytes(key_set) + bytes([sender])
        return hmac.digest(keys[key_set], text, "sha256")

    shared = {n: [a for a in keys if n in a] for n in present if n != mesh.me}
    received = mesh.exchange(
        {n: b"".join(code(a, mesh.me) for a in sets) for n, sets in shared.items()}, own=b""
    )
    for number, sets in shared.items():
        expected = b"".join(code(a, number) for a in sets)
        if number in received and not hmac.compare_digest(received[number], expected):
            raise PartyError("did not confirm the keys of this session", where=f"party {number}")
