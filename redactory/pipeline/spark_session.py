"""A Spark session that says nothing, leaves nothing readable on disk, and ends.

What Spark and its Python workers print can quote a record (a traceback does), so nothing of it
reaches the terminal: the Java process is started with its output closed, unless
``REDACTORY_DEBUG`` is set.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from redactory.errors import InputError
from redactory.extras import require

_DEBUG_VARIABLE: Final = "REDACTORY_DEBUG"
_GATEWAY_VARIABLE: Final = "PYSPARK_GATEWAY_PORT"  # set where spark-submit started this program
_ALWAYS: Final = {
    # Native thread pools in every worker would fight over the same cores.
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    # Two tasks that seal one shard at a time would write over each other's files.
    "spark.speculation": "false",
    # What Spark writes to disk may hold the pseudonym key's subkeys.
    "spark.io.encryption.enabled": "true",
    "spark.log.level": "OFF",
    "spark.ui.showConsoleProgress": "false",
}
_ON_THIS_MACHINE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Here Java only hands out tasks: its second compiler would take more time than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


@contextmanager
def spark_session(master: str | None) -> Iterator[Any]:
    """A session, stopped at the end.

    Args:
        master: Spark's master URL; None as Spark is configured, and all cores of this machine
            where it is not.

    Raises:
        InputError: Spark or Java is not installed, or Spark does not start with this master.
    """
    require("spark")
    _require_java()
    # Workers need the driver's Python version and packages; the same program has them.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession  # noqa: PLC0415 - takes a second

    builder = SparkSession.builder.appName("redactory")
    settings = dict(_ALWAYS)
    if master is not None:
        builder = builder.master(master)
        settings |= _ON_THIS_MACHINE if master.startswith("local") else {}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        with nullcontext() if os.environ.get(_DEBUG_VARIABLE) else _silenced():
            session = builder.getOrCreate()
    except Exception:  # noqa: BLE001 - py4j's and Spark's own, with Java's stack traces
        raise InputError(
            "Apache Spark does not start with this master",
            where=master or "spark",
            hint=f"is it running? {_DEBUG_VARIABLE}=1 shows Spark's log, which can quote input",
        ) from None
    try:
        yield session
    finally:
        with suppress(Exception):  # a cluster that is gone has nothing to stop
            session.stop()


def _require_java() -> None:
    at_home = Path(os.environ.get("JAVA_HOME", "")) / "bin" / "java"
    if _GATEWAY_VARIABLE in os.environ or shutil.which("java") or at_home.is_file():
        return
    raise InputError("Apache Spark needs Java 17", hint="install it, or set JAVA_HOME")


@contextmanager
def _silenced() -> Iterator[None]:
    """Processes started here inherit closed outputs; this process gets its own back."""
    kept = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(nowhere)
