"""What every identity must do, whatever holds its key: run for each kind that there is."""

import base64
import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem, padding, rsa

from redactory.errors import IntegrityError, KeyringError
from sealed_shards import RsaIdentity, RsaRecipient, open_dataset
from sealed_shards.delegated import DelegatedIdentity
from sealed_shards.hybrid import HybridIdentity
from sealed_shards.key_files import parse_recipient

pytestmark = pytest.mark.xdist_group("opencryptoki")  # one process at a time has the token

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
PAYLOAD = bytes(range(64))
TABLE = pa.table({"text": ["one", "two"]})


class TransitHandler(BaseHTTPRequestHandler):
    """The decrypt call of Vault's transit engine (and OpenBao's), as its API page has it."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        authorised = self.headers.get("X-Vault-Token") == "tests"
        status, answer = 400, {"errors": ["cipher: message authentication failed"]}
        if not authorised:
            status, answer = 403, {"errors": ["permission denied"]}
        elif request["ciphertext"].startswith("vault:v1:"):
            try:
                wrapped = base64.b64decode(request["ciphertext"].removeprefix("vault:v1:"))
                opened = self.server.key.decrypt(wrapped, OAEP)
                status, answer = 200, {"data": {"plaintext": base64.b64encode(opened).decode()}}
            except ValueError:
                pass
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def transit(alice):
    server = ThreadingHTTPServer(("127.0.0.1", 0), TransitHandler)
    server.key = alice._private_key
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def transit_identity(address: str, recipient: RsaRecipient, token: str) -> DelegatedIdentity:
    """The recipe of docs/protocols/keyrings.md."""

    def decrypt(wrapped: bytes) -> bytes:
        body = {"ciphertext": "vault:v1:" + base64.b64encode(wrapped).decode()}
        request = urllib.request.Request(
            f"{address}/v1/transit/decrypt/reader",
            data=json.dumps(body).encode(),
            headers={"X-Vault-Token": token},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return base64.b64decode(json.load(answer)["data"]["plaintext"])
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 400:
                    raise ValueError("does not open") from None
            raise

    return DelegatedIdentity(recipient, decrypt, service="vault")


@pytest.fixture(params=["rsa-3072", "rsa-4096", "hybrid", "hybrid-4096", "vault", "pkcs11"])
def identity(request, alice):
    kind = request.param
    if kind == "pkcs11":
        hsm = request.getfixturevalue("hsm")
        yield hsm.keyring.identity(hsm.name)
        return
    if kind == "vault":
        yield transit_identity(request.getfixturevalue("transit"), alice.recipient, "tests")
        return
    key = alice
    if kind.endswith("4096"):
        key = RsaIdentity(request.getfixturevalue("large_key"))
    yield HybridIdentity.of(key, mlkem.MLKEM768PrivateKey.generate()) if "hybrid" in kind else key


@pytest.fixture(scope="module")
def large_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=4096)


def test_opens_what_was_wrapped_for_it_and_nothing_else(identity, bob):
    recipient = identity.recipient
    assert identity.kid == recipient.kid
    assert len(bytes.fromhex(identity.kid)) == 32
    wrapped = recipient.wrap(PAYLOAD)
    assert identity.unwrap(wrapped, where="w") == PAYLOAD
    assert wrapped != recipient.wrap(PAYLOAD)
    with pytest.raises(KeyringError):
        bob.unwrap(wrapped, where="w")


def test_answers_several_threads_at_once(identity):
    payloads = [bytes([number]) * 64 for number in range(24)]
    with ThreadPoolExecutor(6) as pool:
        wraps = list(pool.map(identity.recipient.wrap, payloads))
        opened = list(pool.map(lambda wrapped: identity.unwrap(wrapped, where="w"), wraps))
    assert opened == payloads


def test_one_error_whatever_is_wrong(identity, bob):
    wrapped = identity.recipient.wrap(PAYLOAD)
    wrong = [b"", b"\0", wrapped[:-1], wrapped + b"\0", bytes(len(wrapped)), b"\xff" * len(wrapped)]
    wrong += [bytes([*wrapped[:i], wrapped[i] ^ 1, *wrapped[i + 1 :]]) for i in (0, 100, 383)]
    wrong += [bob.recipient.wrap(PAYLOAD)]
    seen = set()
    for each in wrong:
        with pytest.raises(KeyringError) as caught:
            identity.unwrap(each, where="w")
        seen.add((str(caught.value), caught.value.__suppress_context__))
    assert seen == {("w: the wrapped key does not open with this key", True)}


def test_shows_nothing_of_the_key(identity):
    assert "PRIVATE" not in repr(identity)
    assert "object at" in repr(identity)


def test_its_public_half_goes_through_a_file(identity):
    again = parse_recipient(identity.recipient.to_pem(), where="k")
    assert again.kid == identity.kid
    assert identity.unwrap(again.wrap(PAYLOAD), where="w") == PAYLOAD


def test_opens_a_dataset(identity, maker, bob):
    maker.readers = [identity, bob]
    shard = maker.shard(TABLE)
    maker.publish("run", shard)
    for reader in (identity, bob):
        opened = open_dataset(maker.folder.url, reader, log=maker.log())
        assert pa.Table.from_batches(opened.batches()).equals(TABLE)
    other = maker.shard(TABLE, 2)
    maker.rewrap(shard, maker.wraps(other))
    with pytest.raises(IntegrityError, match="belongs to another shard"):
        open_dataset(maker.folder.url, identity, log=maker.log())


def test_a_service_that_refuses_or_is_away(transit, alice):
    wrapped = alice.recipient.wrap(PAYLOAD)
    with pytest.raises(KeyringError, match=r"vault did not unwrap \(HTTPError\)"):
        transit_identity(transit, alice.recipient, "other").unwrap(wrapped, where="w")
    nobody = transit_identity("http://127.0.0.1:9", alice.recipient, "tests")
    with pytest.raises(KeyringError, match="vault did not unwrap"):
        nobody.unwrap(wrapped, where="w")
