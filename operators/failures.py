"""What Airflow gets to see of a failure, and whether it tries again.

Airflow stores exception messages and tracebacks in clear. So a failure leaves a step as its
class and, if it is one of ours, its sentence and hint: ``where`` can be a path, and the
message of anybody else's exception can be a record.

A second try cannot mend a policy, a key, an input or a digest; it may well mend a log that
another run was writing to, a lost worker, or storage that was away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from redactory.errors import (
    InputError,
    IntegrityError,
    KeyringError,
    LeakError,
    PolicyError,
    ProofError,
    RedactoryError,
)

_FINAL = (InputError, IntegrityError, KeyringError, LeakError, PolicyError, ProofError)

Result = TypeVar("Result")


def guarded(step: Callable[[], Result]) -> Result:
    """Run ``step``; what it raises becomes an Airflow exception with a safe message.

    Raises:
        AirflowSkipException: the step says that there is nothing to do.
        AirflowFailException: trying again cannot help.
        AirflowException: it may.
    """
    try:
        return step()
    except AirflowSkipException:
        raise  # a decision, not a failure
    except RedactoryError as error:
        hint = f" ({error.hint})" if error.hint else ""
        kind = AirflowFailException if isinstance(error, _FINAL) else AirflowException
        failure = kind(f"{type(error).__name__}: {error.what}{hint}")
    except Exception as error:  # noqa: BLE001 - any message might hold a record
        failure = AirflowException(f"{type(error).__name__} in {_place(error)}, message withheld")
    # Raised out here, the failure carries neither cause nor context into Airflow's log.
    raise failure


def _place(error: Exception) -> str:
    """File and line where ``error`` arose: code, no values."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
