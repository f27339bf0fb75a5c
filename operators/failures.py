"""What Airflow gets to see of a failure.

Airflow stores exception messages and tracebacks in clear. So a failure leaves a step as its
class and, if it is one of ours, its sentence and hint: ``where`` can be a path, and the
message of anybody else's exception can be a record. Whether Airflow tries again goes by the
class: see :mod:`operators.retries`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

from airflow.sdk.exceptions import AirflowException

from redactory.errors import RedactoryError

Result = TypeVar("Result")


class WithheldError(AirflowException):
    """An exception that is none of ours: its class and place are told, its message is not."""


class StorageError(WithheldError):
    """The same for one of input, output or network, which may well be gone the next time."""


def guarded(step: Callable[[], Result]) -> Result:
    """Run ``step``; what it raises leaves with a safe message.

    Airflow's own exceptions are decisions (skip, fail, reschedule) and pass as they are; its
    signals to defer or to wait for a person are no ``Exception`` at all.

    Raises:
        RedactoryError: of the class that the step raised, without the place.
        StorageError: any ``OSError``.
        WithheldError: anything else.
    """
    failure: Exception
    try:
        return step()
    except AirflowException:
        raise
    except RedactoryError as error:
        failure = type(error)(error.what, hint=error.hint)
    except OSError as error:
        failure = StorageError(_told(error))
    except Exception as error:  # noqa: BLE001 - any message might hold a record
        failure = WithheldError(_told(error))
    # Raised out here, the failure carries neither cause nor context into Airflow's log.
    raise failure


def _told(error: Exception) -> str:
    """Class, and file and line where ``error`` arose: code, no values."""
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"{type(error).__name__} in {place}, message withheld"
