"""Passphrase-encrypted PKCS#8 with scrypt (RFC 5958, RFC 8018 PBES2, RFC 7914 section 7).

``cryptography`` reads such files but writes PKCS#8 with 2,048 rounds of PBKDF2 only, which
a graphics card walks through; the dozen lines of DER here put scrypt in its place. Any
OpenSSL ≥ 1.1 reads the result.
"""

from __future__ import annotations

import base64
import os
import textwrap
from collections.abc import Callable

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

# OWASP's parameters that stay within OpenSSL's default limit of 32 MiB.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 5

_OID_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_OID_AES_256_CBC = bytes.fromhex("060960864801650304012a")

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | mlkem.MLKEM768PrivateKey


def encrypt_private_key(
    key: PrivateKey, passphrase: bytes, *, random_bytes: Callable[[int], bytes] = os.urandom
) -> bytes:
    """The ``ENCRYPTED PRIVATE KEY`` PEM of ``key``."""
    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    salt, iv = random_bytes(16), random_bytes(16)
    secret = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase)
    pad = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(pad.update(plain) + pad.finalize()) + encryptor.finalize()

    kdf = _sequence(
        _OID_SCRYPT,
        _sequence(
            _octets(salt),
            _integer(_SCRYPT_N),
            _integer(_SCRYPT_R),
            _integer(_SCRYPT_P),
            _integer(32),
        ),
    )
    cipher = _sequence(_OID_AES_256_CBC, _octets(iv))
    algorithm = _sequence(_OID_PBES2, _sequence(kdf, cipher))
    der = _sequence(algorithm, _octets(ciphertext))
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return (
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n"
    ).encode("ascii")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
