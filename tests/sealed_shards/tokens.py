"""PKCS #11 tokens in software: SoftHSM2 (OAEP with SHA-1 only) and openCryptoki (SHA-256 too)."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PIN, SO_PIN = "12345678", "76543210"
_SOFTHSM = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
_OPENCRYPTOKI = "/usr/lib/*/pkcs11/libopencryptoki.so"
_LABEL = "redactory-tests"
_SOFT_SLOT = "3"  # of the package's configuration
_FACTORY_SO_PIN = "87654321"


@dataclass(frozen=True)
class Token:
    """Where a token is."""

    module: str
    label: str
    pin: str = PIN


def softhsm(folder: Path, unavailable: Callable[[str, str], None]) -> Token:
    """A fresh SoftHSM2 token whose files lie in ``folder``."""
    module = next((path for path in _SOFTHSM if Path(path).exists()), None)
    tool = shutil.which("softhsm2-util")
    if module is None or tool is None:
        unavailable("softhsm2", "SoftHSM2 is not installed")
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    command = [tool, "--init-token", "--free", "--label", "tests", "--so-pin", SO_PIN]
    subprocess.run([*command, "--pin", PIN], check=True, capture_output=True)
    return Token(str(module), "tests")


@contextmanager
def opencryptoki(unavailable: Callable[[str, str], None]) -> Iterator[Token]:
    """openCryptoki's software token, its daemon is started and ended if need be."""
    module = next(iter(Path("/").glob(_OPENCRYPTOKI.lstrip("/"))), None)
    daemon = shutil.which("pkcsslotd", path="/usr/sbin:/usr/local/sbin")
    if module is None or daemon is None or os.geteuid() != 0:
        unavailable("opencryptoki", "openCryptoki is not installed, or we are not root")
    started = None
    if not _answers():
        started = subprocess.Popen([daemon, "-f"], stdout=subprocess.DEVNULL)
        for _ in range(50):
            if _answers():
                break
            time.sleep(0.1)
        else:
            _end(started)
            unavailable("opencryptoki", "its daemon does not start here")
    try:
        # A token of an earlier session serves again; a new one comes with a PIN to be changed.
        if _LABEL not in _answers():
            assert _configured("-I", _FACTORY_SO_PIN, _LABEL)
            assert _configured("-P", _FACTORY_SO_PIN, SO_PIN, SO_PIN)
            assert _configured("-u", SO_PIN, PIN, PIN)
        yield Token(str(module), _LABEL)
    finally:
        if started is not None:
            _end(started)


def _end(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=5)
    except subprocess.TimeoutExpired:  # it may wait for this process, which has its library loaded
        daemon.kill()
        daemon.wait()


def _answers() -> str:
    """What the daemon tells of its tokens; empty if it does not run."""
    command = ["/usr/sbin/pkcsconf", "-t"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode else done.stdout


def _configured(action: str, *answers: str) -> bool:
    done = subprocess.run(
        ["/usr/sbin/pkcsconf", action, "-c", _SOFT_SLOT],
        input="".join(f"{answer}\n" for answer in answers),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0
