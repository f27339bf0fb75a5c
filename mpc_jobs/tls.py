"""Mutual TLS 1.3 between parties, each bound to the one certificate that the job names.

There is no authority: the signed job description holds every party's self-signed certificate,
and a connection is good only if the certificate it shows is, byte for byte, that of the party
it claims to be. The client also checks the certificate's name (RFC 6125) against that party.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from mpc_jobs.faults import MalformedError
from redactory.errors import KeyringError, PartyError

_YEARS = 5


@dataclass(frozen=True)
class Endpoint:
    """Where a party listens and the certificate it must show.

    Attributes:
        number: its place among the parties, from 1.
        name: its name, also the certificate's.
        host: a host name or address.
        port: a TCP port.
        certificate: PEM.
    """

    number: int
    name: str
    host: str
    port: int
    certificate: str

    def der(self) -> bytes:
        """The certificate's bytes.

        Raises:
            PartyError: the job holds no certificate here.
        """
        try:
            return ssl.PEM_cert_to_DER_cert(self.certificate)
        except ValueError:
            raise PartyError("has no readable certificate in the job", where=self.name) from None


def self_signed(name: str, key: Ed25519PrivateKey, *, now: dt.datetime) -> bytes:
    """A certificate (PEM) for ``name`` under its own key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def client_context(own: Path, key: Path, passphrase: bytes, peer: Endpoint) -> ssl.SSLContext:
    """For connecting to ``peer`` and to nobody else."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, own, key, passphrase, [peer])
    context.check_hostname = True
    return context


def server_context(
    own: Path, key: Path, passphrase: bytes, peers: Iterable[Endpoint]
) -> ssl.SSLContext:
    """For being connected to by any of ``peers``, who must show their certificates."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, own, key, passphrase, peers)
    context.num_tickets = 0  # no session is ever resumed: every connection shows its certificate
    return context


def _context(
    protocol: int, own: Path, key: Path, passphrase: bytes, peers: Iterable[Endpoint]
) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(own, key, password=passphrase)
        for peer in peers:
            context.load_verify_locations(cadata=peer.der())
    except (ssl.SSLError, OSError):
        raise KeyringError(
            "the party's TLS key or a certificate cannot be used",
            where=str(own.parent),
            hint="is the passphrase right?",
        ) from None
    return context


def peer_of(connection: ssl.SSLSocket, peers: Iterable[Endpoint]) -> Endpoint:
    """The party whose certificate the connection showed.

    Raises:
        MalformedError: none of ``peers``.
    """
    shown = connection.getpeercert(binary_form=True) or b""
    for peer in peers:
        if hmac.compare_digest(peer.der(), shown):
            return peer
    raise MalformedError("a connection showed a certificate that the job does not name")
