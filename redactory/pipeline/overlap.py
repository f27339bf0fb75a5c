"""A dataset must not lie in its own input: the next run would read sealed files as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from redactory.durable import Folder, LocalFolder, open_folder
from redactory.errors import InputError
from redactory.sources import Source


def refuse_overlap(inputs: Iterable[str], sources: Iterable[Source], output: Folder) -> None:
    """Make sure that input and output are apart.

    Args:
        inputs: as the operator named them.
        sources: the files found there.
        output: the dataset's folder.

    Raises:
        InputError: the output is inside an input folder, or an input file inside the output.
    """
    if not isinstance(output, LocalFolder):
        return
    root = output.root.resolve()
    for given in inputs:
        place = open_folder(given)
        if isinstance(place, LocalFolder) and place.root.resolve() in root.parents:
            raise InputError(
                "the output is inside the input", where=output.url, hint="choose another --output"
            )
    for source in sources:
        if Path(source.uri).is_relative_to(root):
            raise InputError(
                "an input file is inside the output folder",
                where=source.uri,
                hint="choose another --output",
            )
