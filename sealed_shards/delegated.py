"""An identity whose private key is somewhere else: a cloud KMS, Vault transit, an unseal service.

All of those can do one thing that is needed here: decrypt RSA-OAEP with SHA-256 (and MGF1 with
SHA-256, no label) under a key that never leaves them. :class:`DelegatedIdentity` takes that as
a function; ``docs/protocols/keyrings.md`` has the function for each service.
"""

from __future__ import annotations

from collections.abc import Callable

from redactory.errors import KeyringError
from sealed_shards.recipients import RsaRecipient

Decrypt = Callable[[bytes], bytes]
"""RSA-OAEP-SHA256 decryption of one ciphertext, asked from several threads at once. Raises
``ValueError`` if it does not open, any other exception if the service is away or refuses."""


class DelegatedIdentity:
    """Unwraps through a function that somebody else carries out.

    Args:
        recipient: the public key, as the service shows it.
        decrypt: asks the service.
        service: what to call it in errors, such as ``aws-kms``.
    """

    def __init__(self, recipient: RsaRecipient, decrypt: Decrypt, *, service: str) -> None:
        self.recipient = recipient
        self.kid = recipient.kid
        self._decrypt = decrypt
        self._service = service

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        """The payload inside ``wrapped``.

        Raises:
            KeyringError: not wrapped for this key, or the service refuses or is away.
        """
        try:
            return bytes(self._decrypt(wrapped))
        except ValueError:
            raise KeyringError("the wrapped key does not open with this key", where=where) from None
        except Exception as error:  # noqa: BLE001 - every client has errors of its own
            raise KeyringError(
                f"{self._service} did not unwrap ({type(error).__name__})",
                where=where,
                hint="see whether it can be reached and whether you may use the key",
            ) from None
