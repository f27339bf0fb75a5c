"""EZKL on one model and row, in its own environment: set up, prove, verify.

    python run_ezkl.py TASK.json FOLDER

TASK.json holds integer ``weights``, ``biases``, ``row``, ``scale_bits``, the ``visibility`` of
inputs and parameters, and how often to ``repeat``. The model is the graph that EZKL's users
export: a matrix product, an addition, and a comparison with 0 or the index of the greatest. The
settings are those that its own calibration finds; the reference string, which EZKL would
download, is made here by its own ``gen_srs``. One core; prints one line of JSON.
"""

import asyncio
import inspect
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["RAYON_NUM_THREADS"] = "1"
import ezkl
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def graph(task: dict) -> onnx.ModelProto:
    """The model as ONNX, with numbers that are the integers at their scales."""
    unit = 2.0 ** task["scale_bits"]
    weights = np.array(task["weights"], np.float64).T / unit
    biases = np.array(task["biases"], np.float64)[None] / unit**2
    constants = {"w": weights, "b": biases}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["score"]),
    ]
    if len(task["weights"]) == 1:
        constants["zero"] = np.zeros((1, 1))
        nodes.append(helper.make_node("GreaterOrEqual", ["score", "zero"], ["label"]))
        label = helper.make_tensor_value_info("label", TensorProto.BOOL, [1, 1])
    else:
        nodes.append(helper.make_node("ArgMax", ["score"], ["label"], axis=1, keepdims=0))
        label = helper.make_tensor_value_info("label", TensorProto.INT64, [1])
    row = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, len(task["row"])])
    held = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()]
    made = helper.make_graph(nodes, "model", [row], [label], held)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def timed(action: Callable[[], Any], times: int = 1) -> float:
    """Median CPU seconds; some of EZKL's calls are coroutines."""
    seen = []
    for _ in range(times):
        began = time.process_time()
        asyncio.run(_finished(action))
        seen.append(time.process_time() - began)
    return statistics.median(seen)


async def _finished(action: Callable[[], Any]) -> None:
    result = action()
    done = await result if inspect.isawaitable(result) else result
    assert done is not False, "EZKL refused"


def run_args(task: dict) -> ezkl.PyRunArgs:
    """The same quantisation as ours; labels are public, the rest is as the task says."""
    made = ezkl.PyRunArgs()
    made.input_scale = made.param_scale = task["scale_bits"]
    made.input_visibility = made.param_visibility = task["visibility"]
    made.output_visibility = "public"
    made.decomp_legs = 3  # scores of more than 28 bits
    return made


def main() -> None:
    """Everything, in the folder."""
    task = json.loads(Path(sys.argv[1]).read_text())
    os.chdir(sys.argv[2])
    onnx.save(graph(task), "model.onnx")
    row = (np.array(task["row"], np.float64) / 2.0 ** task["scale_bits"]).tolist()
    Path("input.json").write_text(json.dumps({"input_data": [row]}))
    ezkl.gen_settings("model.onnx", "settings.json", run_args(task))
    scales = [task["scale_bits"]]
    timed(
        lambda: ezkl.calibrate_settings(
            "input.json", "model.onnx", "settings.json", "resources", scales=scales
        )
    )
    rows_log = json.loads(Path("settings.json").read_text())["run_args"]["logrows"]
    ezkl.compile_circuit("model.onnx", "model.ezkl", "settings.json")
    timed(lambda: ezkl.gen_srs("srs", rows_log))
    setup = timed(lambda: ezkl.setup("model.ezkl", "vk", "pk", "srs"))
    witness = timed(lambda: ezkl.gen_witness("input.json", "model.ezkl", "w.json", "vk", "srs"))
    prove = timed(
        lambda: ezkl.prove("w.json", "model.ezkl", "pk", "proof.json", "srs"), task["repeat"]
    )
    verify = timed(lambda: ezkl.verify("proof.json", "settings.json", "vk", "srs"), 5)
    proof = json.loads(Path("proof.json").read_text())
    status = Path("/proc/self/status").read_text()
    found = {
        "rows_log": rows_log,
        "setup_s": setup,
        "setup_mb": sum(Path(name).stat().st_size for name in ("pk", "vk", "srs")) / 1e6,
        "prove_s": prove + witness,
        "verify_s": verify,
        "proof_bytes": len(bytes.fromhex(proof["hex_proof"].removeprefix("0x"))),
        "label": proof["pretty_public_inputs"]["rescaled_outputs"][0][0],
        "memory_mb": int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6,
    }
    print(json.dumps(found), flush=True)


main()
