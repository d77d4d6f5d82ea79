# SPDX-License-Identifier: Apache-2.0
"""Who is compared: each party has a name and `measure(iterations)`, milliseconds per picture after a
warm-up; those that run in this process have `logits(pixels)` too."""

import json
import logging
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

WARMUP = 2
CALIBRATION = 8  # pictures; more would change the answers, not the time they take
logging.getLogger().setLevel(logging.ERROR)  # the quantizer advises a step that changes nothing here


class OnnxRuntime:
    def __init__(self, name, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.name = f"{name} {onnxruntime.__version__}"
        self.model = Path(path)
        self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])

    def logits(self, pixels):
        return self._session.run(None, {"pixels": pixels})[0]

    def measure(self, iterations):
        return _time(self.logits, self._session.get_inputs()[0].shape, iterations)


class OpenVino:
    def __init__(self, path, threads, kind="f32"):
        import openvino
        self.name = f"OpenVINO {kind} {openvino.__version__.split('-')[0]}"
        self.model = Path(path)
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False,
                   "INFERENCE_PRECISION_HINT": "f32"}
        model = openvino.Core().compile_model(path, "CPU", options)
        self._request = model.create_infer_request()
        self._shape = tuple(model.input(0).shape)

    def logits(self, pixels):
        self._request.infer([pixels])
        return self._request.get_output_tensor(0).data.copy()

    def measure(self, iterations):
        return _time(self.logits, self._shape, iterations)


class Ours:
    """Our program, started anew for every round."""

    def __init__(self, name, programs, model, threads):
        self.name = name
        self.report = {}
        self._programs = programs
        self.model = Path(model)
        self._threads = str(threads)

    def measure(self, iterations):
        command = [self._programs / "vit_bench", self.model, "--format", "json", "-t", self._threads,
                   "--warmup", str(WARMUP), "--iters", str(iterations)]
        self.report = json.loads(_output(command))
        latency = self.report["latency_ms"]
        return latency["min"], latency["p50"]

    def logits(self, pixels):
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "pixels.npy", pixels)
            _output([self._programs / "vit_infer", "-m", self.model, "--tensor",
                     Path(folder) / "pixels.npy", "--dump", folder, "-t", self._threads])
            return np.load(Path(folder) / "logits.npy")


def converted(programs, source, output, heads):
    """`source` as our programs read it: itself, or converted to `output`."""
    with open(source, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    if "vitq" in header.get("__metadata__", {}):
        return source
    _output([programs / "vit_convert", source, "-o", output, "--arch", "deit", "--heads", str(heads),
             "--preset", "fb-deit", "--force"])
    return output


def integer(programs, model, output, bits, calibration):
    """Writes `model` quantized to `bits` ("w7a8") to `output`; returns where."""
    _output([programs / "vit_quantize", model, "--calib", calibration, "--samples", str(CALIBRATION),
             "-o", output, "--weight-bits", bits[1], "--act-bits", bits[3], "--force"])
    return output


def quantized(path):
    """Writes the dynamically quantized model beside the ONNX model `path`; returns where."""
    output = path.with_suffix(".int8.onnx")
    quantize_dynamic(path, output, per_channel=True, weight_type=QuantType.QInt8,
                     op_types_to_quantize=["MatMul", "Attention"],
                     extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT})
    return output


def _time(run, shape, iterations):
    pixels = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    for _ in range(WARMUP):
        run(pixels)
    times = []
    for _ in range(iterations):
        start = time.perf_counter()
        run(pixels)
        times.append(1e3 * (time.perf_counter() - start))
    return min(times), float(np.median(times))


def _output(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        line = " ".join(map(str, command))
        raise SystemExit(f"{line}\nended with {done.returncode}:\n{done.stderr}")
    return done.stdout
