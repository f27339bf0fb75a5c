"""What a build is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from audit_ledger.place import is_database
from mpc_jobs.features import FeatureSpec
from redactory.durable import LocalFolder, open_folder
from redactory.errors import InputError
from redactory.reading import Trust
from sealed_shards.layout import LEDGER_FOLDER

DEFAULT_SCOPE = "default"


@dataclass(frozen=True)
class FeatureBuild:
    """A feature dataset to make, or to bring up to date.

    Attributes:
        dataset: folder of the text dataset.
        output: folder of the feature dataset.
        spec: how a text becomes a row.
        model: where an encoder's files are.
        trust: which log of the text dataset to believe.
        key_file: private key that opens the texts; the user's own by default.
        recipients: files with public keys of those who may read the rows; by default the user.
        held_out_share: of the records (or persons) to keep from training.
        scope: pseudonym scope whose key makes ids and chooses what is held out.
        ledger: the log of the feature dataset, if not inside it.
        progress: told how many shards of how many are done.
    """

    dataset: str
    output: str
    spec: FeatureSpec
    model: str | None = None
    trust: Trust = field(default_factory=Trust)
    key_file: str | None = None
    recipients: tuple[Path, ...] = ()
    held_out_share: float = 0.2
    scope: str = DEFAULT_SCOPE
    ledger: str | None = None
    progress: Callable[[int, int], None] = lambda _done, _all: None

    @property
    def ledger_place(self) -> Path | str:
        """The log's folder, or the URL of its database.

        Raises:
            InputError: the output is remote and no log was named.
        """
        if self.ledger is not None:
            return self.ledger if is_database(self.ledger) else Path(self.ledger).absolute()
        folder = open_folder(self.output)
        if isinstance(folder, LocalFolder):
            return folder.root / LEDGER_FOLDER
        raise InputError(
            "a dataset on remote storage needs a local folder for its log",
            hint="name one with --feature-ledger",
        )
