# SPDX-License-Identifier: Apache-2.0
"""Who is compared: each party has a name, its files' `bytes`, `measure(iterations)`, the least and the median
milliseconds per image after a warm-up, and `logits(pixels)` of images [n, 3, H, W]."""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

WARMUP = 2


class _InThisProcess:
    """A network whose `_run(pixels)` takes exactly `_shape`."""

    def logits(self, pixels):
        batch = self._shape[0]
        return np.concatenate([self._run(pixels[at:at + batch]).copy() for at in range(0, len(pixels), batch)])

    def measure(self, iterations):
        pixels = np.random.default_rng(0).standard_normal(self._shape, dtype=np.float32)
        for _ in range(WARMUP):
            self._run(pixels)
        times = []
        for _ in range(iterations):
            start = time.perf_counter()
            self._run(pixels)
            times.append(1e3 * (time.perf_counter() - start) / len(pixels))
        return min(times), float(np.median(times))


class OnnxRuntime(_InThisProcess):
    def __init__(self, kind, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.name = f"ONNX Runtime {kind} {onnxruntime.__version__}"
        self.bytes = path.stat().st_size
        self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self._shape = tuple(self._session.get_inputs()[0].shape)

    def _run(self, pixels):
        return self._session.run(None, {"pixels": pixels})[0]


class OpenVino(_InThisProcess):
    """`precision` of what is not quantized; None leaves it to OpenVINO, as a user would."""

    def __init__(self, kind, path, threads, precision="f32"):
        import openvino
        self.name = f"OpenVINO {kind} {openvino.__version__.split('-')[0]}"
        weights = path.with_suffix(".bin")  # of the project's own format; ONNX has but one file
        self.bytes = path.stat().st_size + (weights.stat().st_size if path.suffix == ".xml" else 0)
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
        if precision:
            options["INFERENCE_PRECISION_HINT"] = precision
        model = openvino.Core().compile_model(path, "CPU", options)
        self._request = model.create_infer_request()
        self._shape = tuple(model.input(0).shape)

    def _run(self, pixels):
        self._request.infer([pixels])
        return self._request.get_output_tensor(0).data


class Ours:
    """Our program, started anew for every round."""

    def __init__(self, kind, programs, model, threads, batch=1, size=None):
        self.name = f"vitq {kind}"
        self.bytes = model.stat().st_size
        self._programs = programs
        self._model = model
        self._options = ["-t", threads, "--batch", batch]
        self._size = ["--image-size", f"{size[0]},{size[1]}"] if size else []
        self._batch = batch

    def measure(self, iterations):
        report = json.loads(output_of([self._programs / "vit_bench", self._model, "--format", "json", "--warmup",
                                       WARMUP, "--iters", iterations, *self._options, *self._size]))
        return report["latency_ms"]["min"] / self._batch, report["latency_ms"]["p50"] / self._batch

    def logits(self, pixels):
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "pixels.npy", self._input(pixels))
            output_of([self._programs / "vit_infer", "-m", self._model, "--tensor", Path(folder) / "pixels.npy",
                       "--dump", folder, *self._options])
            return np.load(Path(folder) / "logits.npy")

    def _input(self, pixels):
        """The pixels, back to bytes if the model's first layer reads these."""
        model = json.loads(output_of([self._programs / "vit_inspect", self._model, "--format", "json"]))
        if not any(tensor["name"].endswith(".proj.0.channel_offset") for tensor in model["tensors"]):
            return pixels
        mean, std = (np.reshape(model["preprocess"][key], (1, 3, 1, 1)) for key in ("mean", "std"))
        return np.rint((pixels * std + mean) * 255.0).astype(np.uint8)


def output_of(command):
    """What a program prints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}\nended with {done.returncode}:\n{done.stderr}")
    return done.stdout
