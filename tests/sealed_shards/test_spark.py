"""The documented export to Spark, for real: rows arrive, and none lies on disk in the clear."""

import os
import shutil

import pyarrow as pa
import pytest

from sealed_shards import open_dataset

pytestmark = [
    pytest.mark.large,  # a Java machine takes its time
    pytest.mark.filterwarnings("default"),  # Spark's are its own
]

CANARY = "Zanzibar-canary"
TABLE = pa.table(
    {"n": list(range(200)), "text": [f"{CANARY} {n % 50}" for n in range(200)]},
)


@pytest.fixture
def spark(tmp_path, needs_program, unavailable):
    """A local session with encrypted local files, which shows what it would leave on disk."""
    if "JAVA_HOME" not in os.environ:
        needs_program("java")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        unavailable("spark", "PySpark is not installed")
    settings = {
        "spark.ui.enabled": "false",
        "spark.io.encryption.enabled": "true",
        "spark.local.dir": str(tmp_path / "local"),
        "spark.shuffle.compress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    shutil.rmtree(tmp_path / "local", ignore_errors=True)


def test_spark_takes_the_table(spark, maker, alice, tmp_path):
    shards = [maker.shard(TABLE.slice(start, 100), start + 1) for start in (0, 100)]
    maker.publish("run", *shards)
    opened = open_dataset(maker.folder.url, alice, log=maker.log())

    frame = spark.createDataFrame(opened.to_table(["text", "n"]))
    assert sorted(row["n"] for row in frame.collect()) == list(range(200))
    counts = {row["text"]: row["count"] for row in frame.groupBy("text").count().collect()}
    assert counts == {f"{CANARY} {n}": 4 for n in range(50)}

    left = [path for path in (tmp_path / "local").rglob("*") if path.is_file()]
    assert any("shuffle" in path.name for path in left), "the rows went through files"
    assert not any(CANARY.encode() in path.read_bytes() for path in left)
