"""The rooms and the arrows between them: who may import whom, and who imports lazily."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_COMMON = {"redactory.errors", "redactory.canonical", "redactory.durable"}
_STAGES = {"pii_rules", "sealed_shards", "audit_ledger", "mpc_jobs", "zk_proofs"}
_OURS = {"redactory", "operators", "dags", "plugins", *_STAGES}
_MAY_IMPORT = {
    "dags": {"operators"},
    "operators": {"redactory", *_STAGES},
    "plugins": {"operators"},
    "redactory": _STAGES,
    "pii_rules": _COMMON,
    "sealed_shards": _COMMON,
    "audit_ledger": _COMMON,
    "mpc_jobs": {*_COMMON, "sealed_shards", "zk_proofs.pedersen"},
    "zk_proofs": {*_COMMON, "sealed_shards"},
}
_AIRFLOW_ROOMS = {"dags", "operators", "plugins"}
_LEAVES = ("redactory/errors.py", "redactory/canonical.py", "redactory/durable.py")


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _covered(name: str, allowed: set[str]) -> bool:
    return any(name == entry or name.startswith(f"{entry}.") for entry in allowed)


@pytest.mark.parametrize("room", sorted(_MAY_IMPORT))
def test_only_the_arrows_of_the_table(repository, room):
    wrong = []
    for file in sorted((repository / room).rglob("*.py")):
        for name in _imports(file):
            root = name.partition(".")[0]
            allowed = {*_MAY_IMPORT[room], room}
            if root in _OURS and not _covered(name, allowed):
                wrong.append(f"{file.relative_to(repository)} imports {name}")
            if root == "airflow" and room not in _AIRFLOW_ROOMS:
                wrong.append(f"{file.relative_to(repository)} imports airflow")
    assert not wrong


def test_the_common_modules_import_only_each_other(repository):
    for name in _LEAVES:
        ours = {i for i in _imports(repository / name) if i.partition(".")[0] in _OURS}
        assert all(_covered(i, _COMMON) for i in ours), name


def test_the_package_itself_holds_only_its_version(repository):
    tree = ast.parse((repository / "redactory/__init__.py").read_bytes())
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]


def test_an_auditor_needs_the_core_only(tmp_path):
    """Verifying loads nothing of the detect or train extras, and no Airflow."""
    program = (
        "import sys\n"
        "from redactory.cli import main\n"
        f"sys.argv = ['redactory', 'ledger', 'verify', {str(tmp_path)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'spacy', 'presidio_analyzer', 'presidio_anonymizer', 'onnxruntime', 'numba',\n"
        "         'airflow', 'torch'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"REDACTORY_HOME": str(tmp_path / "home"), "PATH": ""},
    )
    assert "HEAVY []" in done.stdout


def test_no_pickle_crosses_a_trust_boundary(repository):
    for room in _STAGES:
        for file in (repository / room).rglob("*.py"):
            assert "pickle" not in set(_imports(file)), file


def test_modules_say_what_they_are_for(repository):
    silent = [
        str(file.relative_to(repository))
        for room in _MAY_IMPORT
        for file in (repository / room).rglob("*.py")
        if not ast.get_docstring(ast.parse(file.read_bytes()))
    ]
    assert not silent
