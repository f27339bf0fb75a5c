"""The proofs benchmark's own parts: what it compares, what it prints, what it gives to peers."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    """benchmarks/proofs.py as a module, with its helpers importable."""
    pytest.importorskip("numba")
    folder = str(repository / "benchmarks")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(
            "proofs_benchmark", repository / "benchmarks" / "proofs.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)
        sys.modules.pop("proofs_benchmark", None)


@pytest.fixture
def results(benchmark):
    from proving.ours import Measured

    one = Measured("redactory", "one row", 0.02, 0.004, 1216, memory_mb=200.0, commit_s=0.001)
    shard = replace(one, prove_s=0.288, rows=960, commit_s=0.096, memory_mb=250.0)
    found = {
        "single": one,
        "shard": shard,
        "mlp": replace(one, prove_s=0.08, memory_mb=None),
        "argmax": replace(one, prove_s=0.04),
        "ezkl": replace(one, system="EZKL 23", prove_s=10.0, setup_s=5.0, setup_mb=300.0),
    }
    sums = {"redactory, new points": 0.005, "libsodium": 0.05}
    made = benchmark.Results(found, sums, (0.15, 15_360))
    made.by_d = made.by_classes = made.by_rows = [(16, one), (64, shard)]
    return made


def test_ratios_are_peers_over_us_and_who_did_not_run_is_absent(results):
    ratios = results.ratios()
    assert ratios["prove_vs_ezkl"] == 500
    assert ratios["verify_ms"] == 4
    assert ratios["shard_prove_ms_per_row"] == 0.3
    assert ratios["shard_with_commitment_ms_per_row"] == 0.4
    assert ratios["memory_mb"] == 250
    assert ratios["sum_vs_libsodium"] == 10
    assert not {"argmax_prove_vs_ezkl", "sum_vs_arkworks"} & set(ratios)


def test_page_and_picture_hold_every_case(results, benchmark, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "TARGET", tmp_path / "proofs.md")
    results.write()
    page = (tmp_path / "proofs.md").read_text(encoding="utf-8")
    assert page.count("| redactory |") == 4
    assert "| EZKL 23 |" in page
    picture = (tmp_path / "proofs.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert picture.count("<circle") == 3 * 3 * 2


def test_a_shard_of_the_ratios_is_one_block_of_32_bit_scores(benchmark):
    from proving.worlds import World

    from zk_proofs.statements import block_rows

    world = World.draw(benchmark.SHARD)
    assert world.model.policy.score_digits == 4
    assert block_rows(world.model.policy, revealed=False) == benchmark.SHARD_ROWS
    biases = np.asarray(world.opening.layers[0].biases)
    assert (biases % 2**12 == 0).all()  # so that a peer's rounding changes none
