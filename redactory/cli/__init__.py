"""The command line. ``main`` turns every expected error into one line and its exit code."""

from __future__ import annotations

import os
import sys
import traceback

import typer

from redactory.errors import InputError, RedactoryError

_DEBUG_VARIABLE = "REDACTORY_DEBUG"


def main() -> None:
    """Run the command line and exit."""
    from redactory.cli.app import app  # noqa: PLC0415 - so that an import error is one line too

    try:
        app()
    except RedactoryError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(
            f"{error.filename or 'a file'}: cannot be used: "
            f"{error.strerror or type(error).__name__}",
            InputError.exit_code,
        )
    except Exception as error:  # noqa: BLE001 - a bug; its text could quote a record
        if os.environ.get(_DEBUG_VARIABLE):
            traceback.print_exc()
        _fail(
            f"internal error ({type(error).__name__}); this is a bug "
            f"(set {_DEBUG_VARIABLE}=1 for a traceback, which can quote input)",
            RedactoryError.exit_code,
        )


def _fail(message: str, code: int) -> None:
    typer.echo(f"error: {message}", err=True)
    sys.exit(code)
