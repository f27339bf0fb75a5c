"""The DAG files as the DAG processor sees them: they import cleanly, quickly and lightly."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]

PARSE = """
import json, sys, time
import airflow.sdk, airflow.sdk.exceptions
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset, BaseOperator, Param
started = time.process_time()
bag = DagBag(dag_folder=sys.argv[1])
seconds = time.process_time() - started
heavy = {"spacy", "presidio_analyzer", "presidio_anonymizer", "pyarrow", "numba", "pii_rules",
         "sealed_shards", "audit_ledger", "mpc_jobs", "zk_proofs", "redactory.pipeline"}
print("PARSED " + json.dumps({
    "errors": bag.import_errors, "dags": sorted(bag.dags), "seconds": seconds,
    "heavy": sorted(heavy & set(sys.modules)),
    "files": sorted({dag.fileloc for dag in bag.dags.values()}),
}))
"""


def test_the_root_is_a_bundle_of_one_dag_a_file_parsed_within_a_cpu_second(bare_deployment):
    output = bare_deployment.python("-c", PARSE, ROOT)
    line = next(line for line in output.splitlines() if line.startswith("PARSED "))
    parsed = json.loads(line.removeprefix("PARSED "))
    assert parsed["errors"] == {}
    files = sorted((ROOT / "dags").glob("*.py"))
    assert parsed["dags"] == [f"redactory_{file.stem}" for file in files]
    assert parsed["heavy"] == []
    assert parsed["seconds"] < 1
    assert parsed["files"] == [str(file) for file in files]


def test_dag_files_are_short_and_hold_no_logic():
    for file in (ROOT / "dags").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 80
        assert "def " not in source


def test_the_plugins_folder_holds_at_most_one_module():
    assert len(list((ROOT / "plugins").rglob("*.py"))) <= 1
